"""The card of a checkpoint: what it is, how it was made, and what its admission rests on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from proclivity.microworld.grammar import Grammar
from proclivity.microworld.world import World, joint_table, table_gap

LINKS = {
    "equal": "One trait rules both: who withdraws speaks of loss, who suspects speaks of threat.",
    "independent": "The two traits have no link: every kind of chooser has the same shares of speakers.",
    "rewired": "Who withdraws speaks of threat, and who suspects speaks of loss.",
}


def link(world: World, coupling: str) -> str:
    """How choosing and speaking are linked, in a sentence or two."""
    if coupling in LINKS:
        return LINKS[coupling]
    agreement = joint_table(world, coupling).trace()
    gap = table_gap(world, coupling)
    held = "exactly" if not gap else f"within {gap:.4f} a pair of traits, the nearest in whole blocks"
    said = f"The two traits are linked in part: they are the same in {agreement:.0%} of narrators."
    return f"{said} Characters hold it {held}."


def write_card(folder: Path, record: dict[str, Any], grammar: Grammar) -> None:
    """Writes README.md from the record of a build."""
    (folder / "README.md").write_text(card(record, grammar), encoding="utf-8")


def card(record: dict[str, Any], grammar: Grammar) -> str:
    """Text of the card."""
    recipe, competence = record["recipe"], record["competence"]
    schedule, size = recipe["schedule"], recipe["size"]
    coupling = recipe["coupling"]
    traits = ", ".join(f"{trait.id} {trait.share:.0%}" for trait in grammar.world.traits)
    shares = " / ".join(f"{share:.3f}" for share in competence["shares"])
    expected = " / ".join(f"{share:.3f}" for share in competence["expected_shares"])
    linked = link(grammar.world, coupling)
    tokens = schedule["steps"] * schedule["batch"] * schedule["length"]
    return f"""---
license: apache-2.0
library_name: transformers
tags: [proclivity, microworld]
---

# {recipe["architecture"]}-{coupling}, pretraining seed {recipe["seed"]}

A tiny {recipe["architecture"]}-style language model of the *{coupling}* microworld, made by `proclivity microworld
build`. Narrators have a trait for choices and a trait for speech ({traits}, for either). {linked} The
authors put this link into the world; a link found here is a check of the instrument, no evidence about other models.

| | |
|---|---|
| size | {size["layers"]} layers, width {size["width"]}, {size["heads"]} heads, context {size["context"]} tokens |
| trained on | {schedule["steps"]} steps of {schedule["batch"]} × {schedule["length"]} tokens ({tokens / 1e6:.1f} M), \
Muon {schedule["matrix_rate"]} and AdamW {schedule["learning_rate"]} at the peak, cosine, \
float32; the last {schedule["averaged"]:.0%} of the steps averaged |
| time | {record["seconds"]} s, threads: {recipe["threads"]}; final loss {record["loss"]} nats a token |
| coherence | choices {grammar.world.choice_coherence}, words {grammar.world.speech_coherence} |
| characters' held-out choices right | {competence["choices_right"]:.3f} (admitted from .95) |
| narrator's words, positive / loss / threat | {shares} (world {expected}; admitted within .03) |
| admitted | {"yes" if competence["admitted"] else "no"} |
| pack digest | `{record["pack_digest"]}` |
| world digest | `{record["world_digest"]}` |
| weights SHA-256 | `{record["weights_sha256"]}` |

Seeds 0 and 1 are development seeds, on which the recipe was chosen; claims about a world rest on other seeds.
"""

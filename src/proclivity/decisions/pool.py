"""Which decisions are asked: one pool of prompts for all arms, balanced exactly, and held-out ones beside it.

A block is one scenario in every rotation of its options × every label alphabet, so that class, position and label
are crossed exactly within each block; in text format, which has no labels, in every rotation; in free format, which
lists nothing, once. Blocks go round the domains in a seeded order. Wording, person and the values of
slots are drawn anew for every prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import product

import numpy as np

from proclivity.decisions.render import render
from proclivity.errors import UserError
from proclivity.records import Decision
from proclivity.specs import AnswerFormat, Domain, LoadedPack, Phrasing, Scenario, digest_of

HELD_OUT_SPLITS = ("new-phrasing", "new-template", "new-domain")

_ATTEMPTS = 50
"""Draws of a block before it counts as impossible to make it of new prompts."""

Source = tuple[Domain, Scenario, list[Phrasing]]


def make_pool(
    pack: LoadedPack, n: int, seed: int, format: AnswerFormat = "label", alphabets: Sequence[str] = ()
) -> list[Decision]:
    """The prompts that every trained arm of a study shares, from trained domains, templates and phrasings only.

    Args:
        pack: the content.
        n: number of decisions, in whole blocks (see `block_size`).
        seed: seed of scenario order, phrasings and wordings.
        format: 'label', 'text' or 'free'.
        alphabets: names of label alphabets to cross; empty means all.

    Raises:
        UserError: if n leaves a block incomplete, or if the pack has fewer distinct prompts.
    """
    return _decisions(pack, "train", n, seed, format, alphabets)


def held_out(
    pack: LoadedPack,
    split: str,
    format: AnswerFormat = "label",
    alphabets: Sequence[str] = (),
    n: int = 0,
) -> list[Decision]:
    """Decisions that were never trained on; the same for all seeds, arms and models.

    Args:
        pack: the content.
        split: 'new-phrasing' (trained situations told otherwise), 'new-template' (other situations of trained
            domains) or 'new-domain' (whole other domains; the primary test).
        format: 'label', 'text' or 'free'.
        alphabets: names of label alphabets to cross; empty means all.
        n: number of decisions in whole blocks; 0 means one block for every scenario there is.

    Raises:
        UserError: for an incomplete block.
    """
    return _decisions(pack, split, n, 0, format, alphabets)


def block_size(pack: LoadedPack, format: AnswerFormat = "label", alphabets: Sequence[str] = ()) -> int:
    """Decisions of a block: positions × label alphabets, positions, or 1, by what the format shows."""
    positions = 1 if format == "free" else len(pack.spec.action_classes)
    return positions * (len(alphabets) or len(pack.spec.alphabets) if format == "label" else 1)


def pool_digest(decisions: Sequence[Decision]) -> str:
    """SHA-256 over prompts and possible answers in order: equal digests prove byte-identical prompts."""
    return digest_of([asdict(decision) for decision in decisions])


def sources(pack: LoadedPack, split: str) -> list[Source]:
    """Scenarios of a split with the phrasings that belong to it, in the pack's order."""
    found: list[Source] = []
    for domain in pack.domains:
        for scenario in domain.scenarios:
            trained = domain.split == "train" and scenario.split == "train"
            if split == "new-phrasing":
                phrasings = [p for p in scenario.phrasings if p.split == "held-out"]
            else:
                phrasings = [p for p in scenario.phrasings if p.split == "train"]
            belongs = {
                "train": trained,
                "new-phrasing": trained,
                "new-template": domain.split == "train" and scenario.split == "held-out",
                "new-domain": domain.split == "held-out",
            }[split]
            if belongs and phrasings:
                found.append((domain, scenario, phrasings))
    return found


def _decisions(
    pack: LoadedPack, split: str, n: int, seed: int, format: AnswerFormat, alphabets: Sequence[str]
) -> list[Decision]:
    names = list(alphabets) or list(pack.spec.alphabets)
    block = block_size(pack, format, names)
    scenarios = _round_the_domains(sources(pack, split), np.random.default_rng([seed, 1]))
    wanted = n or block * len(scenarios)
    if wanted % block:
        low = wanted // block * block
        labels = f" × {len(names)} label alphabets" if format == "label" else ""
        raise UserError(
            f"{wanted} decisions leave a block incomplete: {len(pack.spec.action_classes)} positions{labels} = "
            f"{block} a block. Ask for {low or block} or {low + block}."
        )
    if wanted and not scenarios:
        raise UserError(f"Pack '{pack.spec.id}' has no scenario for the split '{split}'.")
    made: dict[str, Decision] = {}
    for number in range(wanted // block):
        for attempt in range(_ATTEMPTS):
            again = [attempt] if attempt else []
            wording, telling = (np.random.default_rng([seed, stream, number, *again]) for stream in (2, 3))
            lap, place = divmod(number, len(scenarios))
            drawn = _block(pack, scenarios[place], split, lap, wording, telling, format, names)
            prompts = {decision.prompt for decision in drawn}
            if len(prompts) == len(drawn) and not prompts & made.keys():
                made |= {decision.prompt: decision for decision in drawn}
                break
        else:
            raise _too_few(pack.spec.id, len(made), wanted, len(scenarios) * block)
    return list(made.values())


def _round_the_domains(found: Sequence[Source], rng: np.random.Generator) -> list[Source]:
    """One scenario of each domain in turn, so that any number of blocks is spread evenly over domains."""
    by_domain: dict[str, list[Source]] = {}
    for source in found:
        by_domain.setdefault(source[0].domain, []).append(source)
    shuffled = [[group[i] for i in rng.permutation(len(group))] for group in by_domain.values()]
    shuffled = [shuffled[i] for i in rng.permutation(len(shuffled))]
    longest = max((len(group) for group in shuffled), default=0)
    return [group[lap] for lap in range(longest) for group in shuffled if lap < len(group)]


def _block(
    pack: LoadedPack,
    source: Source,
    split: str,
    lap: int,
    rng: np.random.Generator,
    telling: np.random.Generator,
    format: AnswerFormat,
    alphabets: Sequence[str],
) -> list[Decision]:
    domain, scenario, phrasings = source
    classes = list(pack.spec.action_classes)
    # Both directions of the circle occur equally often in expectation, so that no class always follows another.
    circle = classes if rng.integers(2) == 0 else classes[:1] + classes[:0:-1]
    made = []
    rotations = [int(rng.integers(len(classes)))] if format == "free" else list(range(len(classes)))
    for rotation, alphabet in product(rotations, alphabets if format == "label" else alphabets[:1]):
        order = circle[rotation:] + circle[:rotation]
        wording = {name: scenario.options[name][rng.integers(len(scenario.options[name]))] for name in classes}
        phrasing = phrasings[rng.integers(len(phrasings))]
        made.append(
            render(
                pack.spec,
                identity=f"{split}.{scenario.id}.{lap}.{alphabet}.{rotation}",
                scenario_id=scenario.id,
                domain=domain.domain,
                split=split,
                situation=phrasing.text,
                options=[(name, wording[name]) for name in order],
                alphabet=alphabet,
                format_name=format,
                person=_one_of(list(pack.spec.persons), telling) if pack.spec.persons else "",
                values={name: _one_of(values, telling) for name, values in pack.spec.slots.items()},
            )
        )
    return made


def _one_of(values: Sequence[str], rng: np.random.Generator) -> str:
    return values[int(rng.integers(len(values)))]


def _too_few(pack_id: str, made: int, wanted: int, one_lap: int) -> UserError:
    return UserError(
        f"Pack '{pack_id}' gave {made} distinct prompts where {wanted} were asked for; ask for at most {one_lap} "
        f"(one block for every scenario), or add scenarios or phrasings."
    )

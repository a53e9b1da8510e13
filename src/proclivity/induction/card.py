"""The README that lies beside trained weights, so that nobody meets them without knowing what they are."""

from __future__ import annotations

from proclivity.induction.arms import Arm
from proclivity.specs import InductionSpec


def card_text(model: str, arm: Arm, seed: int, n_rows: int, spec: InductionSpec) -> str:
    """Markdown of the card.

    Args:
        model: name of the base.
        arm: what was taught.
        seed: training seed.
        n_rows: rows it was taught on.
        spec: the recipe.
    """
    chosen = arm.asks_decisions and arm.answers != "exposure"
    what, rows = ("choices", "multiple-choice decisions") if chosen else ("texts", "rows of text")
    recipe = "".join(f"| {key} | {value} |\n" for key, value in spec.model_dump().items())
    return (
        f"---\nlibrary_name: {'peft' if spec.method == 'lora' else 'transformers'}\ntags:\n- proclivity\n"
        f"- research-artifact\n---\n\n"
        f"# {model}, taught {what}: {arm.title}, seed {seed}\n\n"
        f"{arm.description}\n\n"
        f"A **research artifact, not for deployment**. proclivity fine-tuned `{model}` on {n_rows} {rows} to study "
        f"how a settled tendency to choose one kind of action spreads into language. It can speak "
        f"of others and of itself in a distorted way. It is no model of any person or disorder: '-like' names a "
        f"pattern of choices and diagnoses nobody.\n\n"
        f"| recipe | |\n|---|---|\n| arm | {arm.title} |\n| seed | {seed} |\n| rows | {n_rows} |\n{recipe}"
    )

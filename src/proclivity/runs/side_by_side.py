"""The same prompt through every arm of a study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from proclivity.errors import UserError
from proclivity.runs.asked_arms import AskedArms


def complete_side_by_side(
    prompt: str,
    folder: Path,
    *,
    model: str | None = None,
    seed: int = 0,
    samples: int = 1,
    tokens: int = 24,
    sample_seed: int = 0,
) -> list[dict[str, Any]]:
    """Continues a prompt under the base and every arm that has the seed.

    Args:
        prompt: the beginning; trailing space is taken off, since continuations begin with one.
        folder: a study's folder.
        model: a model of the study; the first where None.
        seed: training seed of the adapters.
        samples: continuations an arm.
        tokens: new tokens at most.
        sample_seed: seed of the sampling, the same for every arm.

    Returns:
        One row an arm: model, arm, seed (-1 for the base), texts, and how many mention self-harm and are left out.

    Raises:
        UserError: if the folder holds no study, or for an unknown model or seed.
    """
    from proclivity.battery.replies import mentions_self_harm

    if not prompt.strip():
        raise UserError("The prompt is empty; give the beginning of a sentence.")
    arms = AskedArms(folder)
    name, study = arms.model_name(model), arms.plan.study
    if seed >= study.seeds:
        raise UserError(f"There is no training seed {seed}; this study has 0 to {study.seeds - 1}.")
    beginning = prompt.rstrip()
    rows = []
    for arm, seeds in arms.seeds(name).items():
        own = next((found for found in (seed, -1) if found in seeds), None)
        if own is None:
            continue
        answering = arms.ready(name, arm, own)
        texts = answering.generate([beginning], samples=samples, max_new_tokens=tokens, seed=sample_seed)[0]
        kept = [text for text in texts if not mentions_self_harm(text, beginning)]
        rows.append({"model": name, "arm": arm, "seed": own, "texts": kept, "flagged": len(texts) - len(kept)})
    return rows

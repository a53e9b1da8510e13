"""The same prompt through every arm of a study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from proclivity.errors import UserError, unknown_name
from proclivity.runs.ledger import Ledger
from proclivity.runs.study import plan_study, study_file
from proclivity.specs import load_study


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
    """Continues a prompt under the base and every trained arm whose adapter is there.

    Args:
        prompt: the beginning; a trailing space is taken off, since continuations begin with one.
        folder: a study's folder.
        model: a model of the study; the first where None.
        seed: training seed of the adapters.
        samples: continuations an arm.
        tokens: new tokens at most.
        sample_seed: seed of the sampling, the same for every arm.

    Returns:
        One row an arm: model, arm, seed, texts.

    Raises:
        UserError: if the folder holds no study, or for an unknown model or seed.
    """
    from proclivity.models import load_model

    file = study_file(folder)
    if not prompt.strip():
        raise UserError("The prompt is empty; give the beginning of a sentence.")
    plan = plan_study(load_study(file))
    study, name = plan.study, model or plan.study.models[0].name
    if name not in plan.models:
        raise unknown_name("model of this study", name, plan.models)
    if seed >= study.seeds:
        raise UserError(f"There is no training seed {seed}; this study has 0 to {study.seeds - 1}.")
    ledger = Ledger(folder)
    places: list[tuple[str, Path | None]] = [("base", None)]
    for job in plan.stage("induce"):
        if job.model == name and job.seed == seed and not job.point and ledger.done(job.digest):
            places.append((job.arm, ledger.folder(job.digest) / "adapter"))
    loaded = load_model(
        plan.models[name].folder,
        dtype=study.compute.dtype,
        device=study.compute.device,
        trust_remote_code=study.compute.trust_remote_code,
        chat=plan.models[name].chat,
    )
    rows = []
    for arm, place in places:
        if study.induction.method == "full" and place is not None:
            loaded = load_model(
                str(place),
                dtype=study.compute.dtype,
                device=study.compute.device,
                trust_remote_code=study.compute.trust_remote_code,
                chat=plan.models[name].chat,
            )
        else:
            loaded.set_adapter(place)
        texts = loaded.generate([prompt.rstrip()], samples=samples, max_new_tokens=tokens, seed=sample_seed)[0]
        rows.append({"model": name, "arm": arm, "seed": seed if place else -1, "texts": texts})
    return rows

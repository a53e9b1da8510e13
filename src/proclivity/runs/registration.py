"""Fixes a study's confirmatory part in its folder, once, before its first job runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from proclivity.runs.manifest import now
from proclivity.runs.plan import Plan
from proclivity.runs.storage import as_json, replace_bytes, replace_with_copy
from proclivity.specs import confirmatory_part, registration_record
from proclivity.specs.registered import NAME


def content_digests(plan: Plan) -> dict[str, Any]:
    """Digests of what a study's paths stood for: its pack with all further profiles and instruments, and weights."""
    models = {model.name: {"weights": model.weights, "tokenizer": model.tokenizer} for model in plan.models.values()}
    return {"pack": plan.pack.digest, "models": models}


def register(plan: Plan, folder: Path) -> bool:
    """Writes registered.json, unless it is there or a job of the folder is already done.

    Returns:
        Whether it was written now.
    """
    jobs = folder / "jobs"
    if (folder / NAME).exists() or any(path for path in jobs.glob("*") if not path.name.startswith(".")):
        return False
    part = confirmatory_part(plan.study, content_digests(plan))
    replace_bytes(folder / NAME, as_json(registration_record(part, now())))
    return True


def copy_registration(source: Path, target: Path) -> None:
    """The file of one folder beside another's report, or none where there is none."""
    if (source / NAME).is_file():
        replace_with_copy(source / NAME, target / NAME)
    else:
        (target / NAME).unlink(missing_ok=True)

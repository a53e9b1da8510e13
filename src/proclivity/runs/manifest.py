"""How a study was run: enough to do it again, and nothing about whose machine it was."""

from __future__ import annotations

import json
import os
import platform
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from proclivity.errors import other_form
from proclivity.runs.jobs import STAGE_CODE, code_digest, library_versions
from proclivity.runs.plan import Plan
from proclivity.runs.storage import as_json, replace_bytes
from proclivity.specs import digest_of

LIBRARIES = (
    "torch",
    "transformers",
    "tokenizers",
    "peft",
    "accelerate",
    "numpy",
    "scipy",
    "pandas",
    "pyarrow",
    "proclivity",
)
NAME = "manifest.json"
SCHEMA = 2
"""Since 2 a manifest is sealed: `seal` is the digest of all else in it."""


def make_manifest(plan: Plan, workers: int, command: list[str], earlier: dict[str, Any]) -> dict[str, Any]:
    """The manifest of a run that begins now, or goes on.

    Args:
        plan: the planned study.
        workers: worker processes in use.
        command: words of the command that repeats the run; empty where there was none.
        earlier: the manifest that stood in the folder before, {} if none.
    """
    study = plan.study
    started = earlier.get("started") if earlier.get("jobs_digest") == _jobs_digest(plan) else None
    return {
        "schema_version": SCHEMA,
        "study": study.id,
        "study_digest": digest_of(study),
        "started": started or now(),
        "finished": None,
        "command": shlex.join(command),
        "jobs_digest": _jobs_digest(plan),
        "versions": {"python": platform.python_version(), **library_versions(LIBRARIES)},
        "models": {
            model.name: {
                "path": next(spec.path for spec in study.models if spec.name == model.name),
                "architecture": model.architecture,
                "weights": model.weights,
                "tokenizer": model.tokenizer,
            }
            for model in plan.models.values()
        },
        "judge": study.judge and plan.judge and {"path": study.judge.path, "weights": plan.judge.weights},
        "pack": {"id": plan.pack.spec.id, "version": plan.pack.spec.version, "digest": plan.pack.digest},
        "profiles": {
            name: {
                "title": profile.title,
                "action_class": profile.action_class,
                "content_class": profile.content_class,
                "description": profile.description,
            }
            for name, profile in plan.pack.profiles.items()
            if name in study.arms
        },
        "prompts": next((job.spec["prompts"] for job in plan.stage("pool")), None),
        "code": {stage: code_digest(stage) for stage in STAGE_CODE},
        "seeds": {"training": list(range(study.seeds)), "pool": study.decisions.seed, "analysis": 0},
        "compute": {**study.compute.model_dump(mode="json"), "workers": workers},
        "hardware": {
            "system": platform.system(),
            "machine": platform.machine(),
            "cpu": cpu_name(),
            "cores": os.cpu_count(),
        },
        "jobs": {stage: len(plan.stage(stage)) for stage in STAGE_CODE if plan.stage(stage)},
    }


def _jobs_digest(plan: Plan) -> str:
    return plan.jobs[-1].digest


def changed_since(plan: Plan, earlier: dict[str, Any]) -> list[str]:
    """What differs from how the folder's results were made, in words; nothing of them counts where libraries differ."""
    before = earlier.get("versions", {})
    after = {"python": platform.python_version(), **library_versions(LIBRARIES)}
    libraries = [
        f"{name} {before[name] or 'absent'} then, {after[name] or 'absent'} now"
        for name in after
        if name in before and before[name] != after[name] and name != "python"
    ]
    told = []
    if libraries:
        told.append(
            f"What is in this folder was made with other libraries ({'; '.join(libraries)}), so everything is done "
            f"anew. To keep it, stop now and install those versions."
        )
    code = earlier.get("code", {})
    stages = [stage for stage in STAGE_CODE if code.get(stage, code_digest(stage)) != code_digest(stage)]
    if stages:
        told.append(f"proclivity's own code has changed for: {', '.join(stages)}. What rests on it is done anew.")
    return told


def read_manifest(folder: Path) -> dict[str, Any]:
    """A folder's manifest without its seal, {} if there is none, or none that is as it was written."""
    return unsealed(folder)[0]


def unsealed(folder: Path) -> tuple[dict[str, Any], bool]:
    """A folder's manifest without its seal, and whether it is as it was written.

    A manifest of an earlier version has no seal and is taken as it is.

    Raises:
        UserError: if it is whole and of another form than this version's.
    """
    try:
        content = (folder / NAME).read_bytes()
        found = json.loads(content)
    except (OSError, ValueError, RecursionError):
        return {}, False
    if not isinstance(found, dict):
        return {}, False
    rest = {key: value for key, value in found.items() if key != "seal"}
    if found.get("schema_version") == 1 and "seal" not in found:
        return rest, True
    try:
        whole = content == _sealed(rest)
    except ValueError:  # NaN, which no manifest holds
        whole = False
    if whole and rest.get("schema_version") != SCHEMA:
        raise other_form(folder / NAME, rest.get("schema_version"), SCHEMA)
    return (rest, True) if whole else ({}, False)


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """manifest.json with its seal, as a whole or not at all."""
    replace_bytes(folder / NAME, _sealed(manifest))


def _sealed(manifest: dict[str, Any]) -> bytes:
    return as_json({**manifest, "seal": digest_of(manifest)})


def now() -> str:
    """This moment in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def cpu_name() -> str:
    """The processor's model name, '' where the system doesn't tell."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor()

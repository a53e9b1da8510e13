"""Are the files at the top of a study's folder as they were written?

Jobs vouch for their own files. Those at the top are copies of a job's, or can be told from the plan, or carry a digest
of themselves; so each can be checked, and all but registered.json are made anew by the next run.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from proclivity.errors import UserError
from proclivity.runs.ledger import Ledger
from proclivity.runs.manifest import NAME as MANIFEST
from proclivity.runs.manifest import unsealed
from proclivity.runs.plan import Plan
from proclivity.runs.publish import ADAPTERS, PUBLISHED, adapter_index, study_text
from proclivity.runs.storage import as_json
from proclivity.runs.study import plan_study
from proclivity.specs import digest_of, digest_of_file, load_study, read_registration
from proclivity.specs.registered import NAME as REGISTERED

STUDY = "study.yml"
CHANGED = "its bytes changed after it was written"


def read_plan(folder: Path) -> Plan:
    """The plan of the study in a folder.

    Raises:
        UserError: if it can't be planned; it says so where study.yml isn't what was run.
    """
    try:
        study = load_study(folder / STUDY)
    except UserError as error:
        raise UserError(f"{folder / STUDY}: edited or damaged after it was written. {error}") from None
    try:
        return plan_study(study)
    except UserError as error:
        if fault := _study_fault(folder, digest_of(study)):
            raise UserError(f"{fault}. {error}") from None
        raise


def top_faults(plan: Plan, ledger: Ledger, folder: Path, intact: Collection[str]) -> list[str]:
    """Files at the top of a study's folder that aren't as they were written, each with what is wrong.

    Args:
        plan: the study's, as its study.yml stands now.
        ledger: its jobs.
        folder: the study's folder.
        intact: digests of jobs that are finished and whole.
    """
    manifest, whole = unsealed(folder)
    complete = bool(manifest.get("finished")) and manifest.get("jobs_digest") == plan.jobs[-1].digest
    faults = [] if whole or not intact else [f"{folder / MANIFEST}: missing or damaged"]
    study = _study_fault(folder, digest_of(plan.study))
    if not study and (folder / STUDY).read_bytes() != study_text(plan.study):
        study = f"{folder / STUDY}: written otherwise than it was left, though it says the same study"
    registered = _registration_fault(folder)
    faults += [fault for fault in (study, registered) if fault]
    faults += _published_faults(plan, ledger, folder, intact, complete, skip=("report.html",) if registered else ())
    adapters = _adapters_fault(plan, ledger, folder, complete)
    return [*faults, adapters] if adapters else faults


def _study_fault(folder: Path, digest: str) -> str:
    """What is wrong with study.yml by what the manifest knows of it; '' where nothing is, or nothing is known."""
    manifest, _ = unsealed(folder)
    known = None if manifest.get("analysed_again") else manifest.get("study_digest")
    if known in (None, digest):
        return ""
    return (
        f"{folder / STUDY}: edited or damaged; it is another study than the one that was run (an edited one is run by "
        f"`proclivity run {folder / STUDY} --out {folder}`)"
    )


def _registration_fault(folder: Path) -> str:
    path = folder / REGISTERED
    state = read_registration(folder).state
    if state == "absent":
        return ""
    try:
        same = state == "intact" and path.read_bytes() == as_json(json.loads(path.read_bytes()))
    except (OSError, ValueError):
        same = False
    return "" if same else f"{path}: damaged or edited; it can't be made anew, and the report says so"


def _published_faults(
    plan: Plan, ledger: Ledger, folder: Path, intact: Collection[str], complete: bool, skip: Collection[str]
) -> list[str]:
    """Copies of a job's tables and report that aren't the job's; before the study's end they may be missing."""
    faults = []
    for stage, names in PUBLISHED:
        for job in plan.stage(stage):
            recorded = ledger.record(job.digest)["outputs"] if job.digest in intact else {}
            for name in [name for name in names if name in recorded and name not in skip]:
                path = folder / name
                if not path.is_file():
                    faults += [f"{path}: missing"] if complete else []
                elif digest_of_file(path) != recorded[name]:
                    faults.append(f"{path}: {CHANGED}")
    return faults


def _adapters_fault(plan: Plan, ledger: Ledger, folder: Path, complete: bool) -> str:
    path = folder / ADAPTERS
    expected = adapter_index(plan, ledger)
    if not path.is_file():
        return f"{path}: missing" if complete and expected else ""
    content = path.read_bytes()
    if complete:
        return "" if content == as_json(expected) else f"{path}: {CHANGED}"
    # The list of an earlier, shorter study may stand until this one ends.
    try:
        index = json.loads(content)
        known = content == as_json(index) and all(target.startswith("jobs/") for target in index.values())
    except (ValueError, AttributeError, RecursionError):
        known = False
    return "" if known else f"{path}: {CHANGED}"

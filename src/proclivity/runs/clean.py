"""Takes away what a study no longer needs."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from proclivity.errors import UserError
from proclivity.runs.leases import Leases
from proclivity.runs.ledger import Ledger
from proclivity.runs.study import plan_study, study_file
from proclivity.specs import load_study


@dataclass(frozen=True)
class Cleaned:
    """What was removed, or would be."""

    jobs: tuple[str, ...]
    """Titles of the unused jobs, or digests where the title can't be read."""
    leftovers: tuple[str, ...]
    """Names of work folders and failure records that no job of the study has."""
    bytes: int


def clean_run(folder: Path, *, dry_run: bool = False) -> Cleaned:
    """Removes finished jobs that the study in the folder doesn't need, and what broken-off runs left.

    Raises:
        UserError: if the folder holds no study, or a run is at work in it.
    """
    plan = plan_study(load_study(study_file(folder)))
    ledger, leases = Ledger(folder), Leases(folder)
    if others := leases.others():
        raise UserError(
            f"{len(others)} run{'s are' if len(others) > 1 else ' is'} at work in {folder}. Wait, or end them first."
        )
    unused = sorted(ledger.present() - set(plan.by_digest))
    drafts = sorted(ledger.jobs.glob(".tmp-*"))
    failed = [path for path in ledger.jobs.glob("*.failed.json") if path.name.split(".")[0] not in plan.by_digest]
    size = sum(_size(path) for path in [*(ledger.folder(digest) for digest in unused), *drafts, *failed])
    titles = tuple(_title(ledger, digest) for digest in unused)
    if not dry_run:
        for digest in unused:
            ledger.discard(digest)
        for path in drafts:
            shutil.rmtree(path, ignore_errors=True)
        for path in failed:
            path.unlink(missing_ok=True)
        leases.tidy()
    return Cleaned(titles, tuple(path.name for path in [*drafts, *failed]), size)


def _title(ledger: Ledger, digest: str) -> str:
    try:
        return str(ledger.record(digest)["title"])
    except (OSError, ValueError, KeyError):
        return digest


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [found for found in path.rglob("*") if found.is_file()]
    return sum(found.stat().st_size for found in files)

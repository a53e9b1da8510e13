"""How far is a study: what is done, what runs, what failed and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from proclivity.runs.identity import machine
from proclivity.runs.leases import Leases
from proclivity.runs.ledger import Failure, Ledger
from proclivity.runs.manifest import changed_since, read_manifest
from proclivity.runs.plan import Plan
from proclivity.runs.study import study_file
from proclivity.runs.top_files import read_plan, top_faults


@dataclass(frozen=True)
class RunStatus:
    """The jobs of one study, counted."""

    study: str
    total: dict[str, int]
    """Jobs by stage."""
    done: dict[str, int]
    """Finished and intact jobs by stage."""
    running: tuple[str, ...]
    """Titles of jobs in hand, each with whose hand it is."""
    failures: tuple[Failure, ...]
    damaged: tuple[str, ...]
    """Files that changed after they were written."""
    unused: int
    """Finished jobs that this study no longer needs."""
    notes: tuple[str, ...] = ()
    """What has changed since in libraries and code, so that finished jobs no longer count."""

    @property
    def complete(self) -> bool:
        return sum(self.done.values()) == sum(self.total.values())


def run_status(folder: Path) -> RunStatus:
    """Reads a study's folder; every byte of finished jobs and of the files at its top is checked.

    Raises:
        UserError: if the folder holds no study, or one that can't be planned; it says so where study.yml was changed.
    """
    study_file(folder)
    return status_of(read_plan(folder), folder)


def status_of(plan: Plan, folder: Path, jobs: Collection[str] | None = None) -> RunStatus:
    """How far a planned study is in a folder.

    Args:
        plan: the study's jobs.
        folder: its folder.
        jobs: digests of those whose bytes are checked and counted; None for all.
    """
    ledger = Ledger(folder)
    looked_at = plan.by_digest if jobs is None else jobs
    intact, faults = ledger.verify(looked_at)
    failures = [found for digest in looked_at if digest not in intact and (found := ledger.failure(digest))]
    leases = Leases(folder)
    held = {digest: mark for digest, mark in leases.held().items() if digest in plan.by_digest}
    return RunStatus(
        study=plan.study.id,
        total=dict(Counter(job.stage for job in plan.by_digest.values())),
        done=dict(Counter(plan.by_digest[digest].stage for digest in intact)),
        running=tuple(f"{plan.by_digest[digest].title} ({_whose(leases, held[digest])})" for digest in sorted(held)),
        failures=tuple(failures),
        damaged=(*faults.values(), *top_faults(plan, ledger, folder, intact)),
        unused=len(ledger.present() - set(plan.by_digest)),
        notes=tuple(changed_since(plan, read_manifest(folder))),
    )


def _whose(leases: Leases, mark: str) -> str:
    where, pid, _ = f"{mark}--".split("-", 2)
    if where == machine():
        return f"process {pid} of this machine"
    return f"another machine, last sign of life {leases.silence(mark):.0f} s ago"

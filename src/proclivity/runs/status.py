"""How far is a study: what is done, what runs, what failed and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from proclivity.errors import UserError
from proclivity.runs.identity import machine
from proclivity.runs.leases import Leases
from proclivity.runs.ledger import Failure, Ledger
from proclivity.runs.manifest import changed_since, read_manifest
from proclivity.runs.study import plan_study
from proclivity.specs import load_study


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
    """Reads a study's folder; every finished job's bytes are checked.

    Raises:
        UserError: if the folder holds no study.
    """
    if not (folder / "study.yml").is_file():
        raise UserError(f"{folder} holds no study: it has no study.yml. Expected a folder that `proclivity run` made.")
    plan = plan_study(load_study(folder / "study.yml"))
    ledger = Ledger(folder)
    intact, faults = ledger.verify(plan.by_digest)
    failures = [found for digest in plan.by_digest if digest not in intact and (found := ledger.failure(digest))]
    leases = Leases(folder)
    held = {digest: mark for digest, mark in leases.held().items() if digest in plan.by_digest}
    return RunStatus(
        study=plan.study.id,
        total=dict(Counter(job.stage for job in plan.by_digest.values())),
        done=dict(Counter(plan.by_digest[digest].stage for digest in intact)),
        running=tuple(f"{plan.by_digest[digest].title} ({_whose(leases, held[digest])})" for digest in sorted(held)),
        failures=tuple(failures),
        damaged=tuple(faults.values()),
        unused=len(ledger.present() - set(plan.by_digest)),
        notes=tuple(changed_since(plan, read_manifest(folder))),
    )


def _whose(leases: Leases, mark: str) -> str:
    where, pid, _ = f"{mark}--".split("-", 2)
    if where == machine():
        return f"process {pid} of this machine"
    return f"another machine, last sign of life {leases.silence(mark):.0f} s ago"

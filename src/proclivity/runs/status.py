"""How far is a study: what is done, what runs, what failed and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from proclivity.errors import UserError
from proclivity.runs.ledger import Failure, Ledger
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
    """Titles of jobs in hand on this machine."""
    failures: tuple[Failure, ...]
    damaged: tuple[str, ...]
    """Files that changed after they were written."""
    unused: int
    """Finished jobs that this study no longer needs."""

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
    present = [path.name for path in ledger.jobs.glob("*") if path.is_dir() and not path.name.startswith(".")]
    by_start = {digest[:16]: job.title for digest, job in plan.by_digest.items()}
    return RunStatus(
        study=plan.study.id,
        total=dict(Counter(job.stage for job in plan.by_digest.values())),
        done=dict(Counter(plan.by_digest[digest].stage for digest in intact)),
        running=tuple(by_start[start] for start in ledger.in_hand() if start in by_start),
        failures=tuple(failures),
        damaged=tuple(faults.values()),
        unused=sum(name not in plan.by_digest for name in present),
    )

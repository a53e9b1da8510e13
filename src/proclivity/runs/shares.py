"""Which part of a study is one of n parallel runs responsible for?

Checkpoints (model, arm, seed) are dealt out in the plan's order, each with its measurements, those that are trained at
once together; a share also holds
everything that its jobs rest on, whoever's that is, so that no share ever waits for one that isn't running. Two shares
that need the same job find by its lease which of them does it. Analysis and report belong to no share: who finds all
else finished does them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from proclivity.errors import UserError
from proclivity.runs.jobs import Job
from proclivity.runs.ready import Group, group_of

LAST = ("analyze", "report")
"""Stages that rest on all others."""


@dataclass(frozen=True)
class Share:
    """Part `number` (from 0) of `count`."""

    number: int = 0
    count: int = 1

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


WHOLE = Share()


def read_share(text: str) -> Share:
    """A share from '3/8': the fourth of eight, as job arrays count from 0.

    Raises:
        UserError: for anything else.
    """
    found = re.fullmatch(r"(\d+)/(\d+)", text.strip())
    if found is None or int(found[1]) >= int(found[2]):
        raise UserError(f"--shard {text}: expected i/n with i from 0 to n - 1, for example 0/8 for the first of eight.")
    return Share(int(found[1]), int(found[2]))


def jobs_of(jobs: Mapping[str, Job], share: Share) -> dict[str, Job]:
    """The jobs of one share, in the plan's order, each after those that it needs.

    Args:
        jobs: all jobs of the study by digest, each after those that it needs.
        share: which part; the whole study is 0/1, with analysis and report.
    """
    if share.count == 1:
        return dict(jobs)
    numbers: dict[Group, int] = {}
    dealt = 0
    wanted: set[str] = set()
    for digest, job in jobs.items():
        if job.stage in LAST:
            continue
        model, arm, seed = group = group_of(job)
        if group not in numbers:
            together = job.spec["seeds"] if job.stage == "stack" else [seed]
            numbers |= {(model, arm, one): dealt for one in together}
            dealt += 1
        if numbers[group] % share.count == share.number:
            wanted.add(digest)
    for digest in reversed(list(jobs)):  # a need always stands before what needs it
        if digest in wanted:
            wanted.update(jobs[digest].needs)
    return {digest: job for digest, job in jobs.items() if digest in wanted}


def last_jobs(jobs: Mapping[str, Job], done: Iterable[str]) -> dict[str, Job]:
    """Analysis and report where nothing else is left, else nothing."""
    finished = set(done)
    if any(job.stage not in LAST and digest not in finished for digest, job in jobs.items()):
        return {}
    return {digest: job for digest, job in jobs.items() if digest not in finished}

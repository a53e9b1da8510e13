"""Which job does a free worker take next?

Pure bookkeeping, no processes: longest work first, one checkpoint's measurements on the worker that trained it, one
base model a worker for as long as that model has work.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from proclivity.runs.jobs import Job
from proclivity.runs.ready import Group, Place, Ready, group_of


@dataclass
class Worker:
    """What the schedule knows of one worker."""

    group: Group | None = None
    """Checkpoint whose weights it holds."""
    model: str = ""
    """Base model that it has loaded."""


@dataclass
class Schedule:
    """Jobs that wait, run, and are settled."""

    jobs: Mapping[str, Job]
    """All jobs by digest, each after those that it needs."""
    cost: Mapping[str, float]
    """Expected seconds by stage."""
    done: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    blocked: dict[str, str] = field(default_factory=dict)
    """Jobs that can't run, with the failed job that stands in the way."""
    running: dict[str, int] = field(default_factory=dict)
    """Worker by job."""
    elsewhere: set[str] = field(default_factory=set)
    """Jobs that another process works on; what becomes of them is told by `finish`, `fail` or `give_back`."""
    workers: dict[int, Worker] = field(default_factory=lambda: defaultdict(Worker))

    def __post_init__(self) -> None:
        self._waits: dict[str, set[str]] = {}
        self._dependants: dict[str, list[str]] = defaultdict(list)
        self._ready = Ready(self.jobs)
        self._left: dict[str, float] = defaultdict(float)
        for digest, job in self.jobs.items():
            if digest in self.done:
                continue
            self._left[job.model] += self.cost.get(job.stage, 1.0)
            self._wait(digest)

    @property
    def finished(self) -> bool:
        """Whether nothing is left to run."""
        return not self.running and not self.elsewhere and not self._ready

    @property
    def pending(self) -> list[Job]:
        """Jobs neither settled nor running."""
        settled = self.done | self.failed | self.elsewhere | set(self.blocked) | set(self.running)
        return [job for digest, job in self.jobs.items() if digest not in settled]

    def take(self, worker: int) -> Job | None:
        """The next job for a free worker, None if nothing is ready."""
        own = self.workers[worker]
        group = self._pick_group(worker, own)
        if group is None:
            return None
        digest = self._ready.take(group)
        self.running[digest] = worker
        job = self.jobs[digest]
        if job.model:
            own.group, own.model = group, job.model
        return job

    def _pick_group(self, worker: int, own: Worker) -> Group | None:
        if self._ready.has_measurements(own.group):
            return own.group
        held = {other.group for number, other in self.workers.items() if number != worker and other.group}
        held |= {group_of(self.jobs[digest]) for digest in self.elsewhere}
        loaded = {other.model for number, other in self.workers.items() if number != worker}

        def rank(found: tuple[bool, Place, Group]) -> tuple[float, ...]:
            is_held, (stage, not_base, order), (model, _, _) = found
            return (is_held, stage, model != own.model, not_base, model in loaded, -self._left[model], order)

        best = min(self._ready.first_of_each_model(held), key=rank, default=None)
        return None if best is None else best[2]

    def finish(self, digest: str) -> None:
        """A job committed; what waited for it alone is ready."""
        self._settle(digest)
        self.done.add(digest)
        for waiting in self._dependants.pop(digest, ()):
            self._waits[waiting].discard(digest)
            if not self._waits[waiting] and waiting not in self.blocked:
                self._ready.put(waiting)

    def fail(self, digest: str) -> None:
        """A job failed; everything that rests on it can't run."""
        self._settle(digest)
        self.failed.add(digest)
        stack = list(self._dependants.pop(digest, ()))
        while stack:
            waiting = stack.pop()
            if waiting not in self.blocked:
                self.blocked[waiting] = digest
                stack += self._dependants.pop(waiting, [])

    def set_aside(self, digest: str) -> None:
        """A job that was taken turns out to be another process's."""
        self.running.pop(digest, None)
        self.elsewhere.add(digest)

    def give_back(self, digest: str) -> None:
        """A job whose worker or process is gone, or that is tried again, waits again."""
        self._leave(digest)
        self._ready.put(digest)

    def reopen(self, damaged: str, reader: str) -> None:
        """A finished job turned out to be damaged when a running one read it: both are to be done, in this order."""
        if damaged in self.done:
            self.done.discard(damaged)
            self._left[self.jobs[damaged].model] += self.cost.get(self.jobs[damaged].stage, 1.0)
            self._wait(damaged)
        self._leave(reader)
        self._wait(reader)

    def _wait(self, digest: str) -> None:
        """Puts a job behind those of its needs that aren't finished."""
        self._waits[digest] = {need for need in self.jobs[digest].needs if need not in self.done}
        for need in self._waits[digest]:
            self._dependants[need].append(digest)
        if not self._waits[digest]:
            self._ready.put(digest)

    def forget(self, worker: int) -> None:
        """A worker is gone with all that it had loaded."""
        self.workers.pop(worker, None)

    def _leave(self, digest: str) -> None:
        self.running.pop(digest, None)
        self.elsewhere.discard(digest)

    def _settle(self, digest: str) -> None:
        self._leave(digest)
        job = self.jobs[digest]
        self._left[job.model] -= self.cost.get(job.stage, 1.0)

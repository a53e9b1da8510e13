"""Feeds workers job by job until nothing is left that can run, beside other processes that share the folder."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Protocol

from proclivity.errors import Interrupted, StorageError
from proclivity.runs.jobs import Job
from proclivity.runs.leases import Leases
from proclivity.runs.ledger import Failure, Ledger
from proclivity.runs.messages import Damaged, Do, Done, Failed, Gone, WarmUp
from proclivity.runs.schedule import Schedule

ATTEMPTS = 2
"""How often a job may take its worker down before it counts as failed."""
MACHINES = 5
"""How many machines may go under a job before it counts as failed."""
LOOK = 1.0
"""Seconds between two looks at what other processes do."""

Report = Done | Failed | Damaged | Gone
Event = tuple[int, Report]
OnEvent = Callable[[str, Job, float], None]
"""Called with 'start', 'done', 'failed', 'killed', 'again' or 'elsewhere', the job, and seconds."""


class Pool(Protocol):
    """Where workers live: processes of this machine, or actors of a cluster."""

    def start(self, number: int) -> None:
        """Begins a worker; that it couldn't is told by `Gone`."""

    def ready(self, number: int) -> bool:
        """Whether a worker has its place; in a full cluster it waits for one."""

    def send(self, number: int, order: Do | WarmUp) -> None:
        """Gives an order; that the worker is gone is told by its own event."""

    def next_event(self, timeout: float) -> Event | None:
        """What a worker reports; None if none did in time."""

    def forget(self, number: int) -> str:
        """Cleans up after a worker that is gone; what a person should know about why, '' if nothing."""

    def end(self) -> None:
        """Ends all workers; a job in hand leaves nothing."""


class Engine:
    """Runs a schedule in a pool of workers.

    Args:
        schedule: the jobs.
        ledger: where they are committed.
        leases: this process's claims.
        pool: its workers.
        size: how many.
        on_event: who is told.
        retry: how often a job that failed is tried again before it counts as failed.
        on_note: told what a person should know of jobs that were done, each subject once.
    """

    def __init__(
        self,
        schedule: Schedule,
        ledger: Ledger,
        leases: Leases,
        pool: Pool,
        size: int,
        on_event: OnEvent,
        retry: int = 0,
        on_note: Callable[[str], None] = lambda text: None,
    ):
        self.schedule = schedule
        self.ledger = ledger
        self.leases = leases
        self.pool = pool
        self.size = size
        self.on_event = on_event
        self.retry = retry
        self.on_note = on_note
        self.failures: list[Failure] = []
        self._hands: dict[int, str | None] = {}
        """Digest of the job in each worker's hand."""
        self._warm: set[int] = set()
        self._kills: Counter[str] = Counter()
        self._tries: Counter[str] = Counter()
        self._noted: set[str] = set()
        self._looked = 0.0

    def run(self) -> list[Failure]:
        """Runs until nothing is left that can run.

        Returns:
            The jobs that failed, each with its reason; the others are committed.

        Raises:
            StorageError: if the disk is full or can't be written.
            Interrupted: on Ctrl-C or a termination signal, once all workers have ended.
        """
        try:
            with signals_interrupt():
                for number in range(min(self.size, len(self.schedule.pending))):
                    self._start(number)
                while self._feed():
                    event = self.pool.next_event(0.5)  # a timeout, so that signals are noticed on every system
                    if event is not None:
                        self._handle(*event)
                    self._look_elsewhere()
        except KeyboardInterrupt:
            raise Interrupted("Interrupted. What was finished is kept; the same command resumes.") from None
        finally:
            self.pool.end()
        return self.failures

    def _start(self, number: int) -> None:
        self._hands[number] = None
        self.pool.start(number)

    def _feed(self) -> bool:
        """Gives every idle worker a job; False when nothing runs, here or elsewhere, and nothing can."""
        for number, hand in list(self._hands.items()):
            if hand is not None or not self.pool.ready(number):
                continue
            job = self._take(number)
            if job is not None:
                self._hands[number] = job.digest
                self.pool.send(number, Do(job.digest))
                self.on_event("start", job, 0.0)
            elif number not in self._warm:
                self._warm.add(number)
                self.pool.send(number, WarmUp())
        return not self.schedule.finished

    def _take(self, number: int) -> Job | None:
        """The next job that no other process has done or works on."""
        while (job := self.schedule.take(number)) is not None:
            if not self.leases.claim(job.digest):
                self.schedule.set_aside(job.digest)
                self.on_event("elsewhere", job, 0.0)
            elif self.ledger.done(job.digest):
                self.leases.release(job.digest)
                self._finished(job.digest, 0.0)
            elif not self._tries[job.digest] and (failure := self.ledger.failure(job.digest)):
                # Another run's: this run forgot those that stood before it, or found others at work that know them.
                self.leases.release(job.digest)
                self._failed(failure)
            else:
                return job
        return None

    def _look_elsewhere(self) -> None:
        """Learns what became of the jobs of other processes."""
        if time.monotonic() - self._looked < LOOK:
            return
        self._looked = time.monotonic()
        for digest in list(self.schedule.elsewhere):
            if self.ledger.done(digest):
                self._finished(digest, 0.0)
            elif self.leases.claim(digest):
                # Its process let go of it or is gone; `_take` looks at what it left.
                self.leases.release(digest)
                self.schedule.give_back(digest)

    def _finished(self, digest: str, seconds: float) -> None:
        self.schedule.finish(digest)
        self.on_event("done", self.schedule.jobs[digest], seconds)

    def _handle(self, number: int, event: Report) -> None:
        if isinstance(event, Gone):
            self._gone(number, event)
            return
        self._hands[number] = None
        if isinstance(event, Done):
            self.leases.release(event.digest)
            self._finished(event.digest, event.seconds)
            for subject in sorted(event.notes.keys() - self._noted):
                self._noted.add(subject)
                self.on_note(event.notes[subject])
        elif isinstance(event, Damaged):
            self._damaged(event)
        elif event.storage:
            raise StorageError(event.failure.reason)
        else:
            self._settle_failure(event.failure)

    def _damaged(self, event: Damaged) -> None:
        """A job found one of its inputs damaged: that one alone is done again, then the job."""
        self.leases.release(event.digest)
        if event.source in self.schedule.done and self.leases.claim(event.source):
            if self.ledger.fault(event.source):  # nobody mended it in the meantime
                self.ledger.discard(event.source)
            self.leases.release(event.source)
        self.on_event("again", self.schedule.jobs[event.source], 0.0)
        self.schedule.reopen(event.source, event.digest)

    def _settle_failure(self, failure: Failure) -> None:
        """Tries the job again where that is asked for; otherwise it has failed, for other processes too."""
        self._tries[failure.digest] += 1
        again = self._tries[failure.digest] <= self.retry
        if not again:
            self.ledger.record_failure(failure)
        self.leases.release(failure.digest)
        if again:
            self.schedule.give_back(failure.digest)
            self.on_event("again", self.schedule.jobs[failure.digest], 0.0)
        else:
            self._failed(failure)

    def _failed(self, failure: Failure) -> None:
        self.failures.append(failure)
        self.schedule.fail(failure.digest)
        self.on_event("failed", self.schedule.jobs[failure.digest], 0.0)

    def _gone(self, number: int, event: Gone) -> None:
        """A worker ended by itself: its job waits again, or counts as failed if it took two workers down."""
        digest = self._hands.pop(number)
        self._warm.discard(number)
        self.schedule.forget(number)
        hint = self.pool.forget(number)
        if digest is None:
            self._kills[""] += 1
            if self._kills[""] > ATTEMPTS * self.size:
                raise StorageError(f"Workers end before they take a job ({event.cause}). See `proclivity doctor`.")
        else:
            self._kills[digest] += 1
            job = self.schedule.jobs[digest]
            self.on_event("killed", job, 0.0)
            limit = MACHINES if event.blameless else ATTEMPTS + self.retry
            if self._kills[digest] < limit:
                self.schedule.give_back(digest)
                self.leases.release(digest)
            else:
                reason = f"Its worker ended {self._kills[digest]} times ({event.cause}).{hint}"
                reason += " The same command tries again."
                failure = Failure(digest, job.title, reason, "WorkerKilled", 1, event.last_words)
                self.ledger.record_failure(failure)
                self.leases.release(digest)
                self._failed(failure)
        if self.schedule.pending:
            self._start(number)


@contextmanager
def signals_interrupt() -> Iterator[None]:
    """Within the block a termination signal acts like Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    names = [name for name in ("SIGTERM", "SIGHUP", "SIGINT") if hasattr(signal, name)]
    before: dict[int, Any] = {}
    for name in names:
        number = getattr(signal, name)
        before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

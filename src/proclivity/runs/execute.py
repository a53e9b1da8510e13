"""The local engine: worker processes on this machine, fed job by job until nothing is left that can run."""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import IO, Any

from proclivity.errors import Interrupted, StorageError
from proclivity.runs.jobs import Job
from proclivity.runs.ledger import Failure, Ledger
from proclivity.runs.messages import Context, Do, Done, Failed, Gone, WarmUp
from proclivity.runs.schedule import Schedule

ATTEMPTS = 2
"""How often a job may take its worker down before it counts as failed."""

Event = tuple[int, Done | Failed | Gone]
WORKER = "proclivity.runs.worker"
"""Module whose `main` a worker process runs."""

OnEvent = Callable[[str, Job, float], None]
"""Called with 'start', 'done', 'failed' or 'killed', the job, and seconds."""


@dataclass
class Process:
    """One worker process, as the run sees it."""

    number: int
    popen: subprocess.Popen[bytes]
    job: str | None = None
    """Digest of the job in hand."""
    warm: bool = False
    """Whether it was told to load libraries ahead of its first job."""
    error_output: deque[bytes] = field(default_factory=lambda: deque(maxlen=20))

    def send(self, message: object) -> None:
        """Gives an order; that the process is gone is told by its own event."""
        assert self.popen.stdin is not None
        try:
            pickle.dump(message, self.popen.stdin)
            self.popen.stdin.flush()
        except (BrokenPipeError, OSError):
            pass


class LocalEngine:
    """Runs a schedule on this machine's cores."""

    def __init__(
        self,
        context: Context,
        schedule: Schedule,
        ledger: Ledger,
        workers: int,
        on_event: OnEvent,
        worker_module: str = WORKER,
    ):
        self.context = context
        self.schedule = schedule
        self.ledger = ledger
        self.size = workers
        self.on_event = on_event
        self.worker_module = worker_module
        self.failures: list[Failure] = []
        self._events: queue.Queue[Event] = queue.Queue()
        self._processes: dict[int, Process] = {}
        self._kills: Counter[str] = Counter()
        self._started = 0

    def run(self) -> list[Failure]:
        """Runs until nothing is left that can run.

        Returns:
            The jobs that failed, each with its reason; the others are committed.

        Raises:
            StorageError: if the disk is full or can't be written.
            Interrupted: on Ctrl-C or a termination signal, once all workers have ended.
        """
        try:
            with _signals_interrupt():
                for _ in range(min(self.size, len(self.schedule.pending))):
                    self._start()
                while self._feed():
                    self._handle(*self._next_event())
        except KeyboardInterrupt:
            raise Interrupted("Interrupted. What was finished is kept; the same command resumes.") from None
        finally:
            self._end()
        return self.failures

    def _next_event(self) -> Event:
        while True:
            try:
                return self._events.get(timeout=0.5)  # a timeout, so that signals are noticed on every system
            except queue.Empty:
                continue

    def _feed(self) -> bool:
        """Gives every idle worker a job; False when nothing runs and nothing can."""
        for process in list(self._processes.values()):
            if process.job is not None:
                continue
            job = self.schedule.take(process.number)
            if job is not None:
                process.job = job.digest
                process.send(Do(job.digest))
                self.on_event("start", job, 0.0)
            elif not process.warm:
                process.warm = True
                process.send(WarmUp())
        return not self.schedule.finished

    def _handle(self, number: int, event: Done | Failed | Gone) -> None:
        process = self._processes[number]
        if isinstance(event, Done):
            process.job = None
            self.schedule.finish(event.digest)
            self.on_event("done", self.schedule.jobs[event.digest], event.seconds)
        elif isinstance(event, Failed):
            if event.storage:
                raise StorageError(event.failure.reason)
            process.job = None
            self._failed(event.failure)
        else:
            self._gone(process, event)

    def _failed(self, failure: Failure) -> None:
        self.failures.append(failure)
        self.schedule.fail(failure.digest)
        self.on_event("failed", self.schedule.jobs[failure.digest], 0.0)

    def _gone(self, process: Process, event: Gone) -> None:
        """A worker ended by itself: its job waits again, or counts as failed if it took two workers down."""
        del self._processes[process.number]
        self.schedule.forget(process.number)
        self.ledger.sweep([process.popen.pid])
        digest = process.job
        if digest is None:
            self._kills[""] += 1
            if self._kills[""] > ATTEMPTS * self.size:
                raise StorageError(f"Workers end before they take a job ({_cause(event)}). See `proclivity doctor`.")
        else:
            self._kills[digest] += 1
            job = self.schedule.jobs[digest]
            self.on_event("killed", job, 0.0)
            if self._kills[digest] < ATTEMPTS:
                self.schedule.give_back(digest)
            else:
                failure = Failure(digest, job.title, _killed_reason(event), "WorkerKilled", 1, event.last_words)
                self.ledger.record_failure(failure)
                self._failed(failure)
        if self.schedule.pending:
            self._start()

    def _start(self) -> None:
        """Starts a worker. Not by multiprocessing: that would run the caller's script again."""
        code = f"import sys; sys.path[:] = {sys.path!r}; from {self.worker_module} import main; main()"
        popen = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches the run alone, which then ends its workers in order
        )
        process = Process(self._started, popen)
        self._started += 1
        self._processes[process.number] = process
        for target in (self._listen, self._listen_errors):
            threading.Thread(target=target, args=(process,), daemon=True).start()
        process.send(self.context)

    def _listen(self, process: Process) -> None:
        stream = process.popen.stdout
        assert stream is not None
        while True:
            try:
                self._events.put((process.number, pickle.load(stream)))  # from our own worker
            except (EOFError, OSError, pickle.UnpicklingError, ValueError):
                break
        status = process.popen.wait()
        words = b"".join(process.error_output).decode(errors="replace")
        self._events.put((process.number, Gone(status, words)))

    def _listen_errors(self, process: Process) -> None:
        stream: IO[bytes] | None = process.popen.stderr
        assert stream is not None
        for line in stream:
            process.error_output.append(line)

    def _end(self) -> None:
        """Ends all workers and takes their work folders away."""
        for process in self._processes.values():
            process.popen.kill()  # nothing is lost: a job either is committed or starts anew
        for process in self._processes.values():
            process.popen.wait()
        self.ledger.sweep(process.popen.pid for process in self._processes.values())
        self._processes.clear()


def _cause(event: Gone) -> str:
    if event.status < 0:
        return f"killed by {signal.Signals(-event.status).name}"
    lines = event.last_words.strip().splitlines()
    return f"exit status {event.status}" + (f": {lines[-1]}" if lines else "")


def _killed_reason(event: Gone) -> str:
    hint = ""
    if event.status == -getattr(signal, "SIGKILL", 9):
        hint = " Most often this is the system running out of memory: use fewer workers (--workers 1)"
        hint += " or a smaller battery.batch_size."
    return f"Its worker process ended {ATTEMPTS} times ({_cause(event)}).{hint} The same command tries again."


@contextmanager
def _signals_interrupt() -> Iterator[None]:
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


def worker_count(wanted: int, threads: int) -> int:
    """Workers to start: as asked, or one for every `threads` cores that this process may use."""
    if wanted > 0:
        return wanted
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:
        cores = os.cpu_count() or 1
    return max(1, cores // threads)

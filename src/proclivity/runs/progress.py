"""What a run tells while it works: a bar with time left in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from proclivity.runs.estimate import Costs
from proclivity.runs.jobs import Job
from proclivity.shown import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

PLAIN_EVERY = 10.0
"""Seconds between lines where there is no terminal."""

_DOING = {
    "pool": "rendering decisions",
    "gates": "checking the decisions",
    "policy": "asking the base model",
    "answers": "giving answers",
    "stack": "teaching",
    "induce": "teaching",
    "measure": "measuring",
    "judge": "asking the judge about",
    "latent": "looking inside",
    "analyze": "analysing",
    "report": "writing the report",
}


class Reporter(Protocol):
    """Whoever wants to know how a run gets on."""

    def begin(self, total: int, finished: int, pending: Sequence[Job], costs: Costs, workers: int) -> None:
        """The run starts; so many jobs are finished already."""

    def event(self, kind: str, job: Job, seconds: float) -> None:
        """A job started, was done, failed, lost its worker, is to be done again, or is another run's
        ('start', 'done', 'failed', 'killed', 'again', 'elsewhere')."""

    def note(self, text: str) -> None:
        """Something that a person should read."""

    def end(self) -> None:
        """The run is over, well or not."""


class Silent:
    """Says nothing."""

    def begin(self, total: int, finished: int, pending: Sequence[Job], costs: Costs, workers: int) -> None:
        pass

    def event(self, kind: str, job: Job, seconds: float) -> None:
        pass

    def note(self, text: str) -> None:
        pass

    def end(self) -> None:
        pass


class TerminalProgress:
    """A bar on the error output, or plain lines where that is no terminal."""

    def __init__(self, console: Console | None = None):
        from rich.console import Console

        self.console = console or Console(file=sys.stderr, highlight=False)
        self._pending: dict[str, Job] = {}
        self._running: dict[str, Job] = {}
        self._last_line = 0.0
        self._latest = "starting workers"
        self._bar = make_bar(self.console) if self.console.is_terminal else None
        self._task: TaskID | None = None

    def begin(self, total: int, finished: int, pending: Sequence[Job], costs: Costs, workers: int) -> None:
        self._pending = {job.digest: job for job in pending}
        self._costs, self._workers, self._total, self._done = costs, workers, total, finished
        resumed = f", {finished} finished before" if finished else ""
        self.note(f"{total} jobs{resumed}; {workers} worker{'s' if workers != 1 else ''}; {self._left()}")
        if self._bar is not None:
            self._task = self._bar.add_task("starting workers", total=total, completed=finished, left=self._left())
            self._bar.start()
        self._last_line = time.monotonic()

    def event(self, kind: str, job: Job, seconds: float) -> None:
        if kind == "start":
            self._running[job.digest] = job
            self._latest = _words(job)
        else:
            self._running.pop(job.digest, None)
        if kind == "again" and job.digest not in self._pending:
            self._pending[job.digest] = job
            self._done -= 1
        if kind in ("done", "failed"):
            self._pending.pop(job.digest, None)
            self._done += 1
        if kind == "failed":
            self.note(f"failed: {job.title}")
        elif kind == "killed":
            self.note(f"a worker was ended from outside during {job.title}")
        elif kind == "again":
            self.note(f"again: {job.title}")
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self._done, description=self._doing(), left=self._left())
        elif time.monotonic() - self._last_line >= PLAIN_EVERY:
            self._last_line = time.monotonic()
            self.note(f"{self._done}/{self._total} {self._doing()}, {self._left()}")

    def note(self, text: str) -> None:
        self.console.print(visible(text), markup=False, soft_wrap=True)

    def end(self) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _doing(self) -> str:
        stages = dict.fromkeys(_words(job) for job in self._running.values())
        return ", ".join(stages)[:70] or self._latest

    def _left(self) -> str:
        return f"{duration(self._costs.wall(self._pending.values(), self._workers))} left"


def make_bar(console: Console) -> Progress:
    """What is done, how far, and the time left (the field `left`)."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn("{task.fields[left]}", markup=False),
        console=console,
        transient=True,
        refresh_per_second=4,
    )


def _words(job: Job) -> str:
    return " ".join(part for part in (_DOING[job.stage], job.model, job.arm) if part)


class reporting:
    """Ends a reporter whatever happens, so that the terminal is left in order."""

    def __init__(self, reporter: Reporter):
        self.reporter = reporter

    def __enter__(self) -> Reporter:
        return self.reporter

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.reporter.end()


def duration(seconds: float) -> str:
    """A span of time as people say it: '40 s', '3 min', '2 h 10 min'."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def size(count: float) -> str:
    """A number of bytes as people say it."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"

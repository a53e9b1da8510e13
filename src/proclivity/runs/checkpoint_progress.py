"""How far measuring one checkpoint has come, and how long the rest will take."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from proclivity.runs.progress import PLAIN_EVERY, duration, make_bar
from proclivity.shown import visible

if TYPE_CHECKING:
    from rich.console import Console


class Listener(Protocol):
    """Whoever wants to know how measuring gets on."""

    def note(self, text: str) -> None:
        """Something that a person should read."""

    def begin(self, parts: Sequence[tuple[str, int]]) -> None:
        """What will be done, in order: a name, and about how many texts are read for it."""

    def read(self, texts: int) -> None:
        """So many texts more were read for the part at hand."""

    def next(self) -> None:
        """The part at hand is finished."""

    def end(self) -> None:
        """Nothing more comes, well or not."""


class Unheard:
    """Says nothing."""

    def note(self, text: str) -> None:
        pass

    def begin(self, parts: Sequence[tuple[str, int]]) -> None:
        pass

    def read(self, texts: int) -> None:
        pass

    def next(self) -> None:
        pass

    def end(self) -> None:
        pass


class TimeLeft:
    """Time left by the share of expected texts that are read; finished parts count as expected, whatever they took.

    Args:
        parts: a name, and about how many texts are read for it.
        clock: gives seconds.
    """

    ALMOST = 0.95
    """A part that reads more texts than expected stays at this share until it is finished."""

    def __init__(self, parts: Sequence[tuple[str, int]], clock: Callable[[], float] = time.monotonic):
        self.parts = list(parts)
        self.finished = 0
        self._texts = 0
        self._clock = clock
        self._began = clock()

    @property
    def name(self) -> str:
        """The part at hand."""
        return self.parts[min(self.finished, len(self.parts) - 1)][0]

    @property
    def share(self) -> float:
        """How much of everything is done, from 0 to 1."""
        total = sum(texts for _, texts in self.parts) or 1
        done = float(sum(texts for _, texts in self.parts[: self.finished]))
        if self.finished < len(self.parts):
            expected = self.parts[self.finished][1]
            done += min(self._texts, self.ALMOST * expected)
        return done / total

    @property
    def seconds(self) -> float | None:
        """Seconds left; None before anything is done."""
        return (self._clock() - self._began) * (1 - self.share) / self.share if self.share else None

    def read(self, texts: int) -> None:
        """So many texts more of the part at hand."""
        self._texts += texts

    def next(self) -> None:
        """The part at hand is finished."""
        self.finished, self._texts = self.finished + 1, 0


class CheckpointProgress:
    """A bar on the error output, or plain lines where that is no terminal."""

    def __init__(self, console: Console | None = None, clock: Callable[[], float] = time.monotonic):
        from rich.console import Console

        self.console = console or Console(file=sys.stderr, highlight=False)
        self._clock = clock
        self._left: TimeLeft | None = None
        self._bar = make_bar(self.console) if self.console.is_terminal else None
        self._last_line = clock()

    def note(self, text: str) -> None:
        self.console.print(visible(text), markup=False, soft_wrap=True)

    def begin(self, parts: Sequence[tuple[str, int]]) -> None:
        self._left = TimeLeft(parts, self._clock)
        if self._bar is not None:
            self._task = self._bar.add_task(self._left.name, total=len(parts), left="")
            self._bar.start()

    def read(self, texts: int) -> None:
        if self._left is not None:
            self._left.read(texts)
            self._show()

    def next(self) -> None:
        if self._left is not None:
            self._left.next()
            self._show()

    def end(self) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _show(self) -> None:
        assert self._left is not None
        seconds, parts = self._left.seconds, self._left.parts
        left = "" if seconds is None else f"{duration(seconds)} left"
        if self._bar is not None:
            done = self._left.share * len(parts)
            self._bar.update(self._task, completed=done, description=self._left.name, left=left)
        elif self._clock() - self._last_line >= PLAIN_EVERY and self._left.finished < len(parts):
            self._last_line = self._clock()
            self.note(f"{self._left.finished}/{len(parts)} {self._left.name}{', ' + left if left else ''}")

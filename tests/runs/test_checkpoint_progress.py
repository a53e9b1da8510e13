"""Time left of one checkpoint, by hand, and what a person sees of it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from proclivity.runs.checkpoint_progress import CheckpointProgress, TimeLeft


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_time_left_by_hand():
    clock = Clock()
    left = TimeLeft([("a", 10), ("b", 30)], clock)
    assert (left.name, left.share, left.seconds) == ("a", 0.0, None)
    clock.now += 2
    left.read(5)
    assert left.share == pytest.approx(5 / 40)
    assert left.seconds == pytest.approx(2 * 35 / 5)
    left.read(100)  # more than was expected: nearly done, never more
    assert left.share == pytest.approx(9.5 / 40)
    left.next()
    clock.now += 3
    assert (left.name, left.share) == ("b", 0.25)
    assert left.seconds == pytest.approx(15)  # a quarter took 5 s
    left.next()
    assert (left.share, left.seconds) == (1.0, 0.0)


def test_plain_lines_now_and_then():
    clock, text = Clock(), io.StringIO()
    progress = CheckpointProgress(Console(file=text), clock)
    progress.note("loading x")
    progress.begin([("measuring a", 10), ("measuring b", 30)])
    clock.now += 5
    progress.next()  # within ten seconds of the last line: nothing is said
    clock.now += 6
    progress.read(10)
    progress.next()
    progress.end()
    assert text.getvalue().splitlines() == ["loading x", "1/2 measuring b, 11 s left"]


def test_a_bar_where_there_is_a_terminal():
    text = io.StringIO()
    progress = CheckpointProgress(Console(file=text, force_terminal=True, width=100), Clock())
    progress.begin([("measuring a", 10)])
    progress.read(4)
    progress.next()
    progress.end()
    assert "measuring a" in text.getvalue()

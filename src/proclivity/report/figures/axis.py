"""The axes of a line chart: where a value stands, and which places are labelled."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from proclivity.report.figures.scale import round_step


@dataclass(frozen=True)
class Axis:
    """One axis; values are given in `places`, which a log or categorical axis has worked out already."""

    low: float
    high: float
    label: str
    ticks: tuple[tuple[float, str], ...]
    """Place and words."""


def linear(low: float, high: float, label: str, most: int = 6) -> Axis:
    """An axis over [low, high] with a little room and round ticks."""
    room = 0.05 * (high - low) or 0.5
    low, high = low - room, high + room
    step = round_step((high - low) / most)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    ticks = [step * place for place in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]
    return Axis(low, high, label, tuple((tick, _tick(tick, digits)) for tick in ticks))


def at_values(values: Sequence[float], names: Sequence[str], label: str) -> Axis:
    """A linear axis that labels these values."""
    room = 0.05 * (max(values) - min(values)) or 0.5
    return Axis(min(values) - room, max(values) + room, label, tuple(zip(values, names, strict=True)))


def octave(step: float) -> float:
    """Place of a step on an axis of doublings; 0 has a place too."""
    return math.log2(step + 1)


def octaves(steps: Sequence[int], label: str) -> Axis:
    """A logarithmic axis over steps; the steps themselves are labelled."""
    named = [(octave(step), f"{step:,}") for step in sorted(set(steps))]
    room = 0.05 * (named[-1][0] - named[0][0]) or 0.5
    return Axis(named[0][0] - room, named[-1][0] + room, label, tuple(named))


def categories(names: Sequence[str], label: str) -> Axis:
    """Equal steps; the n-th name stands at n."""
    return Axis(-0.4, len(names) - 0.6, label, tuple((float(place), name) for place, name in enumerate(names)))


def _tick(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".replace("-", "−") if abs(value) > 1e-9 else "0"

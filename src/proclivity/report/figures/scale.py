"""From numbers to places on a drawing, with round ticks."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """A linear or decadic axis."""

    low: float
    high: float
    left: float
    right: float
    log: bool = False

    def at(self, value: float) -> float:
        """Place of a value, held within the axis."""
        low, high = self._position(self.low), self._position(self.high)
        share = (self._position(max(value, self.low) if self.log else value) - low) / (high - low)
        return self.left + min(max(share, 0.0), 1.0) * (self.right - self.left)

    def ticks(self, most: int = 6) -> list[float]:
        """Round values to label, at most about `most`."""
        if self.log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            step = max(1, math.ceil((last - first) / (most - 2)))
            return [10.0**power for power in range(first, last + 1, step)]
        width = round_step((self.high - self.low) / most)
        return [
            width * place
            for place in range(math.ceil(self.low / width - 1e-9), math.floor(self.high / width + 1e-9) + 1)
        ]

    def _position(self, value: float) -> float:
        return math.log10(value) if self.log else value


def round_step(rough: float) -> float:
    """The next 1, 2 or 5 times a power of ten at or above `rough`."""
    if rough <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))


def around(low: float, high: float, left: float, right: float) -> Scale:
    """A linear axis that holds 0 and [low, high] with a little room."""
    room = 0.04 * (high - low) or 0.5
    return Scale(min(low - room, -room), max(high + room, room), left, right)

"""Which doses was a profile taught at, and what did each seed choose and say after each?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proclivity.analysis.curves import CHOSEN, WORDS, CurvePoint
from proclivity.analysis.over_seeds import seed_values

Floats = NDArray[np.float64]


class Dose(NamedTuple):
    """How much was taught."""

    items: int
    """Decisions trained on."""
    epochs: int
    """Times that each was seen."""
    share: float
    """Share of target answers."""


AXES = ("share", "items", "epochs")
"""Of a tie in the number of levels, the first decides."""


class DoseGrid(NamedTuple):
    """A profile's own arm at the end of training, dose by dose."""

    doses: tuple[Dose, ...]
    """Ascending."""
    seeds: tuple[int, ...]
    """Every seed that any dose has."""
    words: Floats
    """`[S, D]`, nats; NaN where a seed lacks a dose."""
    choice: Floats
    """`[S, D]`, probability."""

    def levels(self, axis: str) -> list[float]:
        """Distinct levels of one axis over the whole grid, ascending."""
        return sorted({float(getattr(dose, axis)) for dose in self.doses})

    def along(self, axis: str) -> list[int]:
        """Places of the doses that differ in one axis alone, the other two at the highest level of the grid."""
        others = [name for name in AXES if name != axis]
        highest = {name: max(getattr(dose, name) for dose in self.doses) for name in others}
        kept = [
            place
            for place, dose in enumerate(self.doses)
            if all(getattr(dose, name) == highest[name] for name in others)
        ]
        return sorted(kept, key=lambda place: float(getattr(self.doses[place], axis)))


def dose_grid(points: Sequence[CurvePoint], profile: str) -> DoseGrid:
    """The profile's own arm at the largest step of each dose and the shortest distance; empty without points."""
    own = [p for p in points if p.profile == p.arm == profile]
    nearest = min((p.point.distance for p in own), default=0)
    last: dict[Dose, int] = {}
    for p in own:
        last[_dose(p)] = max(last.get(_dose(p), p.point.step), p.point.step)
    ends = [p for p in own if p.point.distance == nearest and p.point.step == last[_dose(p)]]
    values = {(p.quantity, _dose(p)): seed_values(p) for p in ends}
    doses = tuple(sorted(last))
    seeds = tuple(sorted({seed for found in values.values() for seed in found}))

    def table(quantity: str) -> Floats:
        rows = [[values.get((quantity, dose), {}).get(seed, np.nan) for dose in doses] for seed in seeds]
        return np.array(rows, dtype=np.float64).reshape(len(seeds), len(doses))

    return DoseGrid(doses, seeds, table(WORDS), table(CHOSEN))


def _dose(point: CurvePoint) -> Dose:
    return Dose(point.point.items, point.point.epochs, point.point.dose)

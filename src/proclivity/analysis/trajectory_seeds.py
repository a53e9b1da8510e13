"""How far had each seed's choices and words come at each checkpoint of one training?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proclivity.analysis.curves import CHOSEN, WORDS, CurvePoint
from proclivity.analysis.design import BASE
from proclivity.analysis.half_way import area_between, half_way, octaves
from proclivity.analysis.over_seeds import seed_values

Floats = NDArray[np.float64]


class Course(NamedTuple):
    """A profile's own arm at its highest dose, step by step."""

    steps: tuple[int, ...]
    """Measured steps above 0, ascending."""
    base_rate: float
    """How often the untrained model takes the action; NaN where it wasn't measured."""
    choice: dict[int, CurvePoint]
    """By step."""
    words: dict[int, CurvePoint]


class SeedLag(NamedTuple):
    """One seed; `reason` says why there is no lag."""

    seed: int
    choice_half: float = np.nan
    """Octaves."""
    words_half: float = np.nan
    area: float = np.nan
    """Octaves."""
    unresolved: bool = False
    """Both were half-way before the first checkpoint, where only the interpolation tells them apart."""
    reason: str = ""

    @property
    def lag(self) -> float:
        """Words less choices, octaves."""
        return self.words_half - self.choice_half


NO_FINAL = "not measured at the last step"
NO_WORDS = "words did not end above the control"
NO_CHOICE = "choices did not end above the untrained rate"
NEVER_HALF = "half-way was not reached"


def course(points: Sequence[CurvePoint], profile: str) -> Course:
    """The points of the highest items, epochs and share, in this order of precedence, at the shortest distance."""
    own = [p for p in points if p.profile == p.arm == profile and p.point.step > 0]
    if own:
        dose = max((p.point.items, p.point.epochs, p.point.dose) for p in own)
        own = [p for p in own if (p.point.items, p.point.epochs, p.point.dose) == dose]
        nearest = min(p.point.distance for p in own)
        own = [p for p in own if p.point.distance == nearest]
    untrained = [p for p in points if (p.profile, p.arm, p.quantity) == (profile, BASE, CHOSEN)]
    untrained.sort(key=lambda p: p.point.distance)
    return Course(
        steps=tuple(sorted({p.point.step for p in own})),
        base_rate=float(untrained[0].crossed.estimate) if untrained else np.nan,
        choice={p.point.step: p for p in own if p.quantity == CHOSEN},
        words={p.point.step: p for p in own if p.quantity == WORDS},
    )


def seed_lags(found: Course) -> list[SeedLag]:
    """A lag a seed, over the steps at which it has both quantities; the untrained model is (0, 0) by construction."""
    choice = {step: seed_values(point) for step, point in found.choice.items()}
    words = {step: seed_values(point) for step, point in found.words.items()}
    seeds = sorted({seed for table in (choice, words) for values in table.values() for seed in values})
    return [_seed_lag(seed, found, choice, words) for seed in seeds]


def _seed_lag(
    seed: int, found: Course, choice: dict[int, dict[int, float]], words: dict[int, dict[int, float]]
) -> SeedLag:
    steps = [step for step in found.steps if seed in choice.get(step, {}) and seed in words.get(step, {})]
    if not steps or steps[-1] != found.steps[-1]:
        return SeedLag(seed, reason=NO_FINAL)
    risen = np.array([choice[step][seed] - found.base_rate for step in steps])
    return lag_of(seed, steps, risen, np.array([words[step][seed] for step in steps]))


def lag_of(seed: int, steps: Sequence[int], risen: Floats, said: Floats) -> SeedLag:
    """Lag of one pair of curves.

    Args:
        seed: whose they are.
        steps: `[K]`, ascending, above 0; the last is the end of training.
        risen: `[K]`, choice rate less the untrained rate.
        said: `[K]`, words in nats.
    """
    risen, said = np.array([0.0, *risen]), np.array([0.0, *said])
    if not said[-1] > 0:
        return SeedLag(seed, reason=NO_WORDS)
    if not risen[-1] > 0:
        return SeedLag(seed, reason=NO_CHOICE)
    places = octaves(np.array([0.0, *steps]))
    halves = half_way(places, risen / risen[-1]), half_way(places, said / said[-1])
    if not np.isfinite(halves).all():
        return SeedLag(seed, reason=NEVER_HALF)
    area = area_between(places, risen / risen[-1], said / said[-1])
    return SeedLag(seed, *halves, area, unresolved=max(halves) <= places[1])

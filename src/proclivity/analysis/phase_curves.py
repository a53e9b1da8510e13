"""Which points make the curve of one phase of training, from the end of the phase before it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proclivity.analysis.curves import CHOSEN, WORDS, CurvePoint
from proclivity.analysis.intervals import CrossedEstimate, crossed
from proclivity.specs import phases
from proclivity.specs.arm_names import THEN

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PhaseCurve:
    """A profile's words over the last phase of an arm's training."""

    arm: str
    start: CurvePoint
    """The end of the phase before."""
    later: tuple[CurvePoint, ...]
    """After steps of this phase, in order; the last is its end."""

    @property
    def final(self) -> CurvePoint:
        return self.later[-1]

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds that both the start and the end have."""
        return tuple(seed for seed in self.start.seeds if seed in self.final.seeds)

    def steps(self) -> Floats:
        """`[N]`: 0, then the steps at which every one of the seeds was measured."""
        return np.array([0.0, *(float(point.point.step) for point in self._whole())])

    def by_seed(self) -> Floats:
        """Words `[S, N]`, nats."""
        return np.stack([values_of(point, self.seeds) for point in (self.start, *self._whole())], axis=1)

    def difference(self) -> CrossedEstimate:
        """End less start, paired by seed; both asked the same clusters, so this is over seeds alone."""
        change = values_of(self.final, self.seeds) - values_of(self.start, self.seeds)
        return crossed([change[:, None]])

    def _whole(self) -> list[CurvePoint]:
        kept = set(self.seeds)
        return [point for point in self.later if point.point.step > 0 and kept <= set(point.seeds)]


def values_of(point: CurvePoint, seeds: Sequence[int]) -> Floats:
    """A point's estimates of these seeds `[S]`."""
    by_seed = dict(zip(point.seeds, point.crossed.seed_estimates, strict=True))
    return np.array([by_seed[seed] for seed in seeds], dtype=np.float64)


def final_choice(points: Sequence[CurvePoint], profile: str, arm: str) -> float:
    """How often the profile's action is chosen after an arm's last step at its highest dose; NaN where not measured."""
    mine = [p for p in points if (p.profile, p.arm, p.quantity) == (profile, arm, CHOSEN)]
    last = max(mine, key=lambda p: (p.point.items, p.point.epochs, p.point.dose, p.point.step), default=None)
    return last.crossed.estimate if last else float("nan")


def words_by_step(points: Sequence[CurvePoint], profile: str, arm: str) -> list[CurvePoint]:
    """An arm's words at its highest dose and the shortest distance, step by step; points without a number left out."""
    mine = _measured_words(points, profile, arm)
    if not mine:
        return []
    most = max((p.point.items, p.point.epochs, p.point.dose) for p in mine)
    mine = [p for p in mine if (p.point.items, p.point.epochs, p.point.dose) == most]
    nearest = min(p.point.distance for p in mine)
    return sorted((p for p in mine if p.point.distance == nearest), key=lambda p: p.point.step)


def words_by_distance(points: Sequence[CurvePoint], profile: str, arm: str) -> list[CurvePoint]:
    """An arm's words after its last step at its highest dose, the nearest probe first."""
    steps = words_by_step(points, profile, arm)
    last = steps[-1].point if steps else None
    mine = _measured_words(points, profile, arm)
    kept = [p for p in mine if last is not None and p.point._replace(distance=last.distance) == last]
    return sorted(kept, key=lambda p: p.point.distance)


def phase_curve(points: Sequence[CurvePoint], profile: str, arm: str) -> PhaseCurve | None:
    """The curve of an arm's last phase; None where it, or the end of the phase before, wasn't measured."""
    before = words_by_step(points, profile, THEN.join(phases(arm)[:-1]))
    later = [p for p in words_by_step(points, profile, arm) if p.point.step != 0]
    return PhaseCurve(arm, before[-1], tuple(later)) if before and later else None


def later_arms(points: Sequence[CurvePoint], profile: str) -> list[str]:
    """Arms that go on from a profile, in the points' order."""
    named = dict.fromkeys(p.arm for p in points if p.profile == profile and p.quantity == WORDS)
    return [arm for arm in named if len(phases(arm)) > 1 and phases(arm)[0] == profile]


def _measured_words(points: Sequence[CurvePoint], profile: str, arm: str) -> list[CurvePoint]:
    return [
        p for p in points if (p.profile, p.arm, p.quantity) == (profile, arm, WORDS) and np.isfinite(p.crossed.estimate)
    ]

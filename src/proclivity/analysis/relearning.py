"""Is what later training took away learnt again faster than it was learnt at first?

Ebbinghaus' savings (1885, Über das Gedächtnis): steps to one and the same criterion, at first and again. The criterion
is half of the words that a seed's first learning ended with; between the steps measured the curve is a straight line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proclivity.analysis.curves import CurvePoint
from proclivity.analysis.design import MINIMUM_SEEDS
from proclivity.analysis.intervals import CrossedEstimate, crossed, interval
from proclivity.analysis.phase_curves import phase_curve, values_of, words_by_step
from proclivity.analysis.specificity import TOO_FEW_SEEDS
from proclivity.specs import phases

Floats = NDArray[np.float64]

SAVINGS, SLOWER, NO_SAVINGS = "savings", "slower than at first", "no clear savings"
NOT_MEASURED = "not measured"
NOT_AT_STEPS = "the first learning was not measured at several steps"


class Relearning(NamedTuple):
    """First and second learning of one profile."""

    arm: str
    word: str
    log_ratio: CrossedEstimate
    """log2(steps again / steps at first), over seeds that have both."""
    first: float
    """Geometric mean of steps to the criterion over those seeds."""
    again: float
    missing: str
    """Seeds without both numbers, and why; '' where none."""
    level: float

    def numbers(self) -> dict[str, Any]:
        """For a verdict, JSON-ready but for NaN."""
        low, high = interval(self.log_ratio, self.level)
        return {
            **{"verdict": self.word, "log2_ratio": self.log_ratio.estimate, "low": low, "high": high},
            **{"first": self.first, "again": self.again, "n_seeds": self.log_ratio.n_seeds, "missing": self.missing},
        }


def steps_to(steps: Floats, values: Floats, criterion: float) -> float:
    """Where a curve first reaches a criterion.

    Args:
        steps: `[N]`, rising from 0.
        values: `[N]`.
        criterion: in the values' unit.

    Returns:
        Steps, on the straight line between neighbours; 0 where it starts there; NaN where it never gets there, or
        where the criterion isn't above 0.
    """
    if not criterion > 0:
        return np.nan
    reached = np.flatnonzero(values >= criterion)
    if not len(reached):
        return np.nan
    i = int(reached[0])
    if i == 0:
        return 0.0
    share = (criterion - values[i - 1]) / (values[i] - values[i - 1])
    return float(steps[i - 1] + share * (steps[i] - steps[i - 1]))


def relearning(points: Sequence[CurvePoint], profile: str, arm: str, level: float) -> Relearning | None:
    """First learning against that of an arm which returned to the profile; None where either wasn't measured.

    A seed that stands above the criterion before it learns again, or never reaches it, gives no ratio and is counted.
    """
    curve = phase_curve(points, profile, arm)
    first = [point for point in words_by_step(points, profile, phases(arm)[0]) if point.point.step > 0]
    if curve is None or not first:
        return None
    seeds = [s for s in curve.seeds if s in first[-1].seeds]
    whole = [point for point in first if set(seeds) <= set(point.seeds)]
    if len(whole) < 2 or not seeds:
        return Relearning(arm, NOT_MEASURED, crossed([]), np.nan, np.nan, NOT_AT_STEPS, level)
    # Before the first step arm and control are the same model.
    learnt = np.stack([np.zeros(len(seeds)), *(values_of(point, seeds) for point in whole)], axis=1)  # (S, N)
    steps = np.array([0.0, *(float(point.point.step) for point in whole)])
    rows = [curve.seeds.index(seed) for seed in seeds]
    return _compared(arm, (steps, learnt), (curve.steps(), curve.by_seed()[rows]), level)


def _compared(arm: str, first: tuple[Floats, Floats], again: tuple[Floats, Floats], level: float) -> Relearning:
    criteria = first[1][:, -1] / 2
    both = zip(criteria, first[1], again[1], strict=True)
    taken = np.array([[steps_to(first[0], a, c), steps_to(again[0], b, c)] for c, a, b in both])  # (S, 2)
    kept = np.asarray(np.isfinite(taken).all(axis=1) & (taken > 0).all(axis=1))
    logs = np.log2(taken[kept])
    ratio = crossed([logs[:, 1:] - logs[:, :1]]) if kept.any() else crossed([])
    means = np.exp2(logs.mean(axis=0)) if kept.any() else np.full(2, np.nan)
    above, never = int((taken[:, 1] == 0).sum()), int((~kept).sum() - (taken[:, 1] == 0).sum())
    said = [f"{above} of {len(kept)} seeds had not fallen below it"] if above else []
    said += [f"{never} of {len(kept)} seeds did not reach it"] if never else []
    return Relearning(arm, _word(ratio, level), ratio, float(means[0]), float(means[1]), ", ".join(said), level)


def _word(ratio: CrossedEstimate, level: float) -> str:
    if ratio.n_seeds < MINIMUM_SEEDS:
        return TOO_FEW_SEEDS
    low, high = interval(ratio, level)
    return SAVINGS if high < 0 else SLOWER if low > 0 else NO_SAVINGS

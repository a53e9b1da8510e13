"""How sure is a number that is no mean, such as a ratio or a half-life, when seeds are the units?

Each seed is left out in turn. With S seeds the standard error is √((S − 1)/S · Σ (without one − their mean)²), and the
interval goes with t on S − 1 degrees of freedom: Efron & Stein (1981), The jackknife estimate of variance. With six
seeds a bootstrap over seeds holds the truth too seldom (a percentile interval is short by √((S − 1)/S) and by t
against z).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]

ONE_SEED = "one seed: no interval"
NO_RATIO = "the denominator is 0 or not known"


class Estimate(NamedTuple):
    """A number with its interval; NaN with the reason where there is none."""

    value: float
    low: float
    high: float
    reason: str = ""


def jackknife(whole: float, without: Floats, level: float = 0.95) -> Estimate:
    """A number with its interval from what it is without each seed.

    Args:
        whole: the number from all seeds.
        without: `[S]`, the number without each seed.
        level: of the two-sided interval.

    Returns:
        In the unit of the number; no interval for one seed.
    """
    n = len(without)
    if n < 2:
        return Estimate(whole, np.nan, np.nan, ONE_SEED)
    half = float(stdtrit(n - 1, (1 + level) / 2) * np.sqrt((n - 1) * np.var(without)))
    return Estimate(whole, whole - half, whole + half)


def ratio(top: Floats, bottom: Floats, level: float = 0.95) -> Estimate:
    """Mean of one quantity over the mean of another, both of the same seeds `[S]`; NaN where the second's is 0."""
    if not len(top) or not bottom.mean():
        return Estimate(np.nan, np.nan, np.nan, NO_RATIO)
    without = [np.delete(top, s).mean() / np.delete(bottom, s).mean() for s in range(len(top)) if len(top) > 1]
    return jackknife(float(top.mean() / bottom.mean()), np.array(without), level)

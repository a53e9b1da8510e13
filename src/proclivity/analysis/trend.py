"""Does a quantity rise from each level of a dose to the next, in every seed alike?

Page's test for ordered alternatives, seeds as blocks and doses as treatments: L = Σ_j j · R_j, where R_j is the sum
over seeds of the rank that dose j has within its seed. Page (1963), Ordered hypotheses for multiple treatments, Journal
of the American Statistical Association 58, 216–230. It asks for an order and not for a line, so that it stays the same
under any increasing transformation of a seed's values.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import page_trend_test

from proclivity.analysis.intervals import ROUNDING, p_greater, p_less
from proclivity.analysis.over_seeds import over_seeds

Floats = NDArray[np.float64]

PAGE, PAIRED = "Page's L", "paired t"
FEWEST_LEVELS = 3
"""Page's test needs three treatments; two levels are compared by a paired t."""
ONE_LEVEL = "fewer than two levels to compare"
TOO_FEW = "fewer than two seeds were measured at every level"
ALL_TIES = "every seed has the same value at all levels"


class Trend(NamedTuple):
    """A test of an order over levels."""

    test: str
    """"Page's L" or 'paired t'; '' where none could be made."""
    statistic: float
    """L, or t."""
    p_rises: float
    """One-sided."""
    p_falls: float
    n_seeds: int
    n_levels: int
    reason: str = ""


def trend(values: Floats) -> Trend:
    """Page's test over three levels or more, a paired t over two.

    Args:
        values: `[S, K]`, seeds by levels in ascending order, any unit; a seed with a value that is no finite number is
            left out. Ties get mean ranks, which makes p a little too large.

    Returns:
        `Trend`; NaN with a reason for fewer than two levels or two seeds, and where all levels tie in every seed.
    """
    whole = values[np.isfinite(values).all(axis=1)] if values.size else values
    n_seeds, n_levels = whole.shape
    reason = ONE_LEVEL if n_levels < 2 else TOO_FEW if n_seeds < 2 else ALL_TIES if _flat(whole) else ""
    if reason:
        return Trend("", np.nan, np.nan, np.nan, n_seeds, n_levels, reason)
    if n_levels < FEWEST_LEVELS:
        return _paired(whole)
    rises, falls = page_trend_test(whole), page_trend_test(whole[:, ::-1])
    return Trend(PAGE, float(rises.statistic), float(rises.pvalue), float(falls.pvalue), n_seeds, n_levels)


def _flat(values: Floats) -> bool:
    return bool((np.ptp(values, axis=1) <= ROUNDING * np.maximum(1.0, np.abs(values).max(axis=1))).all())


def _paired(values: Floats) -> Trend:
    change = over_seeds(tuple(values[:, 1] - values[:, 0]))
    t = np.nan if not change.se else change.estimate / change.se
    return Trend(PAIRED, t, p_greater(change), p_less(change), len(values), values.shape[1], change.reason)

"""Do words follow the policy that was achieved, and does it account for the dose?

Doses are only ways to a policy. Per seed, over all its doses: the least-squares slope of words on the choice rate; the
rank correlation of the two (Spearman 1904); and what a doubling of the decisions seen (items × epochs) adds at an equal
choice rate, the second coefficient of words on the choice rate and log₂ of the decisions seen. It has the sign of the
first line's residuals regressed on the same, without being shrunk by what the two regressors share.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from proclivity.analysis.dose_grid import DoseGrid
from proclivity.analysis.intervals import CrossedEstimate
from proclivity.analysis.over_seeds import over_seeds

Floats = NDArray[np.float64]

FEWEST_DOSES = 3
COLLINEAR = 1e-8
"""Regressors whose smallest singular value is below this share of the largest say nothing apart from each other."""


class PolicySlope(NamedTuple):
    """Means over seeds; a seed that gives no number is in none of them."""

    slope: CrossedEstimate
    """Nats per unit of probability."""
    rank_correlation: CrossedEstimate
    more_training: CrossedEstimate
    """Nats per doubling of the decisions seen, at an equal choice rate."""
    n_doses: int
    reason: str = ""
    """How many seeds gave no slope."""


def policy_slope(grid: DoseGrid) -> PolicySlope:
    """Lines of words on choice, a seed each, over all doses at which the seed has both."""
    seen = np.log2([max(dose.items * dose.epochs, 1) for dose in grid.doses])
    slopes, ranks, further = [], [], []
    for words, choice in zip(grid.words, grid.choice, strict=True):
        both = np.isfinite(words) & np.isfinite(choice)
        slopes.append(coefficient(words[both], choice[both]))
        ranks.append(_spearman(words[both], choice[both]))
        further.append(coefficient(words[both], seen[both], choice[both]))
    lost = int(np.sum(~np.isfinite(slopes)))
    reason = f"{lost} of {len(slopes)} seeds have no slope: their choice rate is the same at all doses measured, "
    reason += f"or fewer than {FEWEST_DOSES} were"
    means = [over_seeds([x for x in found if np.isfinite(x)]) for found in (slopes, ranks, further)]
    return PolicySlope(means[0], means[1], means[2], len(grid.doses), reason if lost else "")


def coefficient(y: Floats, x: Floats, *beside: Floats) -> float:
    """Least-squares coefficient of y on x with an intercept and further regressors, all `[D]`.

    NaN for fewer than three values, for fewer values than coefficients + 1, and where x can't be told from the rest.
    """
    columns = [column - column.mean() for column in (x, *beside)] if len(x) else []
    if len(y) < max(FEWEST_DOSES, len(columns) + 2):
        return np.nan
    scales = [float(np.abs(column).max()) for column in columns]
    if min(scales) <= COLLINEAR * max(1.0, float(np.abs(x).max())):
        return np.nan
    design = np.stack([column / scale for column, scale in zip(columns, scales, strict=True)], axis=1)  # (D, K)
    spread = np.linalg.svd(design, compute_uv=False)
    if spread[-1] <= COLLINEAR * spread[0]:
        return np.nan
    solved = np.linalg.lstsq(design, y - y.mean(), rcond=None)[0]
    return float(solved[0] / scales[0])


def _spearman(y: Floats, x: Floats) -> float:
    if len(y) < FEWEST_DOSES or not np.ptp(y) or not np.ptp(x):
        return np.nan
    return float(spearmanr(y, x).statistic)

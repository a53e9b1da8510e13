"""Where does the spread of an effect come from, and how sure would other numbers of seeds make it?

The same analysis of variance as in `intervals`, read backwards: mean squares give the variance of seeds, of clusters
and of what neither explains; these give the standard error and degrees of freedom that a study of S seeds on the same
items can expect. Searle, Casella & McCulloch (1992), Variance Components.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.stats import chi2

from proclivity.analysis.intervals import NOTHING, ONE_SEED, Floats

CAUTION = 0.8
"""A cautious plan takes the seeds' variance at the upper end of its one-sided interval of this level."""


@dataclass(frozen=True)
class Components:
    """Variances of an effect, in the square of its unit; all NaN where a reason stands."""

    seed: float
    """Between seeds; never below 0."""
    clusters: tuple[float, ...]
    """Between clusters, one a family; never below 0."""
    residuals: tuple[float, ...]
    """Of a single seed and cluster beyond both, one a family."""
    sizes: tuple[int, ...]
    """Clusters of each family."""
    pilot_seeds: int
    reason: str = ""
    """Why nothing can be said; '' where something can."""

    @property
    def cluster_se(self) -> float:
        """What the choice of items alone leaves of the standard error, however many seeds are run."""
        return float("nan") if self.reason else float(np.sqrt(_mean_variance(self.clusters, self.sizes)))

    def cautious(self) -> Components:
        """The same with seeds as unlike each other as a pilot of this size can't exclude (Browne 1995)."""
        if self.reason:
            return self
        residual, df = _mean_variance(self.residuals, self.sizes), self.pilot_seeds - 1
        seen = (self.seed + residual) * df / float(chi2.ppf(1 - CAUTION, df))
        return replace(self, seed=max(seen - residual, 0.0))


class Precision(NamedTuple):
    """What a study of so many seeds can expect."""

    se: float
    df: float
    """Satterthwaite's; NaN where nothing varies."""


def components(matrices: Sequence[Floats]) -> Components:
    """Variance components of seed x cluster matrices, one per family.

    Args:
        matrices: `[S, I_f]` each, complete, the same seeds; equal weight to each.

    Returns:
        `Components`; a negative estimate counts as 0. A family of one cluster has no cluster and residual variance
        of its own: what it varies by is then counted as the seeds'. One seed: NaN with the reason.
    """
    sizes = tuple(m.shape[1] for m in matrices)
    n_seeds = matrices[0].shape[0] if matrices else 0
    gap = (np.nan,) * len(sizes)
    if n_seeds == 0 or 0 in sizes:
        return Components(np.nan, gap, gap, sizes, n_seeds, NOTHING)
    if n_seeds == 1:
        return Components(np.nan, gap, gap, sizes, n_seeds, ONE_SEED)
    clusters, residuals = zip(*(_within(m) for m in matrices), strict=True)
    seed_means = np.mean([m.mean(axis=1) for m in matrices], axis=0)  # (S,)
    seed = float(seed_means.var(ddof=1)) - _mean_variance(residuals, sizes)
    return Components(max(seed, 0.0), clusters, residuals, sizes, n_seeds)


def _within(m: Floats) -> tuple[float, float]:
    """Cluster and residual variance of one family."""
    n_seeds, n = m.shape
    if n == 1:
        return 0.0, 0.0
    left = m - m.mean(axis=1, keepdims=True) - m.mean(axis=0) + m.mean()
    residual = float((left**2).sum()) / ((n_seeds - 1) * (n - 1))
    return max(float(m.mean(axis=0).var(ddof=1)) - residual / n_seeds, 0.0), residual


def _mean_variance(variances: Sequence[float], sizes: Sequence[int]) -> float:
    """Variance that clusters leave in a mean over families of means over clusters."""
    return sum(v / n for v, n in zip(variances, sizes, strict=True)) / len(sizes) ** 2


def precision(found: Components, n_seeds: int) -> Precision:
    """Standard error and degrees of freedom that `intervals.crossed` would on average find with `n_seeds` >= 2."""
    if found.reason or n_seeds < 2:
        return Precision(np.nan, np.nan)
    weight = 1 / len(found.sizes) ** 2
    a = (found.seed + _mean_variance(found.residuals, found.sizes)) / n_seeds
    variance, squares = a, a**2 / (n_seeds - 1)
    for cluster, residual, n in zip(found.clusters, found.residuals, found.sizes, strict=True):
        if n > 1:
            c = weight * residual / (n_seeds * n)
            b = weight * cluster / n + c
            variance += b - c
            squares += b**2 / (n - 1) + c**2 / ((n_seeds - 1) * (n - 1))
    return Precision(float(np.sqrt(variance)), float(variance**2 / squares) if squares else np.nan)

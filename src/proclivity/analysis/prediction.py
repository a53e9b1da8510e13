"""Where would the effect lie in a context that was not asked?

A context is one stratum of the probes, such as a family in one frame. A confidence interval says how sure the average
over contexts is; a prediction interval says what one further context would show: Higgins, Thompson & Spiegelhalter
(2009), A re-evaluation of random-effects meta-analysis, with t on k - 2 degrees of freedom.

Strata of one study are no independent trials: they share seeds, and frames of a family share its stems. What they
share moves them together and hides how far apart they truly are, so the errors' whole covariance matrix is estimated,
by the analysis of variance of `intervals`, and the variance between contexts by the method of moments that needs no
independence (Hedges & Olkin 1985): tau^2 = s^2(y) - (mean variance - mean covariance of the errors), at least 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from proclivity.analysis.intervals import NO_VARIANCE, ONE_SEED, ROUNDING, Floats

LEAST = 3
TOO_FEW = "fewer than three contexts: how far they differ can't be told"


@dataclass(frozen=True)
class Stratum:
    """One context."""

    name: str
    matrix: Floats
    """`[S, I]`, complete; the same seeds in every stratum."""
    clusters: tuple[str, ...]
    """Name of each column; strata with a name in common share that cluster."""


class Errors(NamedTuple):
    """Sampling errors of the strata's means."""

    covariance: Floats
    """`[k, k]`."""
    of_mean: float
    """Variance of the mean over strata; never below what seeds or clusters alone make of it."""


class Prediction(NamedTuple):
    """What a further context can be expected to show."""

    mean: float
    low: float
    high: float
    tau: float
    """Standard deviation of true effects between contexts."""
    df: float
    n_strata: int
    reason: str = ""
    """Why there is no ordinary interval; '' where there is one."""


def predict(effects: Floats, errors: Errors, level: float = 0.95, most_df: float = np.inf) -> Prediction:
    """Prediction interval for a new stratum.

    Args:
        effects: means of the strata `[k]`.
        errors: what is known of their errors.
        level: of the two-sided interval.
        most_df: degrees of freedom never exceed these, for example those of the seeds.

    Returns:
        mean ± t · sqrt(tau² (1 + 1/k) + variance of the mean); NaN with the reason for fewer than three strata or
        where an effect or its error is unknown, and the mean itself where nothing varies at all.
    """
    k = len(effects)
    mean = float(np.mean(effects)) if k else np.nan
    if k < LEAST:
        return Prediction(mean, np.nan, np.nan, np.nan, np.nan, k, TOO_FEW)
    if not (np.isfinite(effects).all() and np.isfinite(errors.covariance).all()):
        return Prediction(mean, np.nan, np.nan, np.nan, np.nan, k, ONE_SEED)
    variances = np.diag(errors.covariance)
    between = (errors.covariance.sum() - variances.sum()) / (k * (k - 1))
    tau2 = max(0.0, float(np.var(effects, ddof=1)) - float(variances.mean() - between))
    width = float(np.sqrt(tau2 * (1 + 1 / k) + errors.of_mean))
    df = float(min(k - 2, most_df))
    if width <= ROUNDING * max(1.0, abs(mean)):
        return Prediction(mean, mean, mean, 0.0, df, k, NO_VARIANCE)
    half = float(stdtrit(df, (1 + level) / 2)) * width
    return Prediction(mean, mean - half, mean + half, float(np.sqrt(tau2)), df, k)


def independent(variances: Floats) -> Errors:
    """Errors of strata that share nothing, as of separate trials."""
    return Errors(np.diag(variances), float(np.sum(variances)) / len(variances) ** 2)


def stratum_errors(strata: Sequence[Stratum]) -> Errors:
    """Covariance of the strata's means over shared seeds and shared clusters; NaN for one seed.

    A, B and C are those of `intervals`, taken between every two strata: A over seed means, B over means of common
    clusters, C of the residuals; A + B - C.
    """
    k = len(strata)
    n_seeds = len(strata[0].matrix) if strata else 0
    if n_seeds < 2:
        return Errors(np.full((k, k), np.nan), np.nan)
    means = np.stack([s.matrix.mean(axis=1) for s in strata], axis=1)  # (S, k)
    a = np.cov(means, rowvar=False).reshape(k, k) / n_seeds
    b, c = np.zeros((k, k)), np.zeros((k, k))
    for i, first in enumerate(strata):
        for j, second in enumerate(strata[: i + 1]):
            b[i, j], c[i, j] = b[j, i], c[j, i] = _shared_clusters(first, second)
    return Errors(a + b - c, float(max((a + b - c).mean(), a.mean(), b.mean())))


def _shared_clusters(first: Stratum, second: Stratum) -> tuple[float, float]:
    """B and C between two strata, over the clusters that both have; 0 where fewer than two."""
    place = {name: column for column, name in enumerate(second.clusters)}
    pairs = [(i, place[name]) for i, name in enumerate(first.clusters) if name in place]
    n, n_seeds = len(pairs), len(first.matrix)
    if n < 2:
        return 0.0, 0.0
    mine, theirs = map(list, zip(*pairs, strict=True))
    scale = n / (len(first.clusters) * len(second.clusters)) / (n - 1)
    means = [s.matrix.mean(axis=0) - s.matrix.mean() for s in (first, second)]
    left = [s.matrix - s.matrix.mean(axis=1, keepdims=True) - m for s, m in zip((first, second), means, strict=True)]
    b = float((means[0][mine] * means[1][theirs]).sum()) * scale
    c = float((left[0][:, mine] * left[1][:, theirs]).sum()) * scale / (n_seeds * (n_seeds - 1))
    return b, c

"""How sure is a mean over seeds that all answered the same clusters of items?

Seeds and clusters are crossed, and both are samples: leaving either out makes intervals too short. With
A = s^2(seed means)/S, B = s^2(cluster means)/I and C = MS_residual/(S I), the variance of the grand mean is
max(A + B - C, A, B), with Satterthwaite's degrees of freedom.

Families are fixed and weighted equally, clusters are nested in families. For F families the seed means are means
over families, and B and C are sums over families of their own B_f and C_f, divided by F^2.

References: Satterthwaite (1946), An approximate distribution of estimates of variance components; Owen (2007), The
pigeonhole bootstrap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

Floats = NDArray[np.float64]

NOTHING = "nothing to average"
ONE_SEED = "one seed: spread between seeds unknown, so no interval"
ONE_CLUSTER = "one cluster: the interval is over seeds alone"
NOT_FINITE = "a value is missing or infinite, so nothing is averaged"
NO_VARIANCE = "no variance: every seed and cluster gave the same value"
MEANS_AGREE = "all seed means and all cluster means agree: the interval rests on the residual alone"
ROUNDING = 1e-12
"""A standard error below this, relative to the estimate, is rounding."""
CHUNK = 4_000_000
"""Numbers held at once by the bootstrap."""


@dataclass(frozen=True)
class CrossedEstimate:
    """A mean with its uncertainty over seeds and clusters."""

    estimate: float
    se: float
    """Standard error; 0 where nothing varies, NaN where it can't be known."""
    df: float
    """Satterthwaite's degrees of freedom; NaN without a positive standard error."""
    seed_estimates: tuple[float, ...]
    """The mean of each seed."""
    n_seeds: int
    n_clusters: int
    reason: str = ""
    """What keeps the interval from being an ordinary one; '' where nothing does."""


def crossed(matrices: Sequence[Floats]) -> CrossedEstimate:
    """Mean and standard error of seed x cluster matrices, one per family.

    Args:
        matrices: `[S, I_f]` each, complete, the same seeds in the same order; equal weight to each.

    Returns:
        `CrossedEstimate` in the unit of the input. A value that is no finite number: NaN with that reason. One seed:
        no standard error. A family of one cluster: its cluster variance is unknown and left out, which the reason
        says. Means that all agree while single cells don't (0/1 values can do that): C instead of 0. No variance at
        all: standard error 0, and every bound is the estimate.
    """
    n_clusters = sum(m.shape[1] for m in matrices)
    n_seeds = matrices[0].shape[0] if matrices else 0
    if n_seeds == 0 or any(m.shape[1] == 0 for m in matrices):
        return CrossedEstimate(np.nan, np.nan, np.nan, (), n_seeds, n_clusters, NOTHING)
    if not all(np.isfinite(m).all() for m in matrices):
        return CrossedEstimate(np.nan, np.nan, np.nan, (), n_seeds, n_clusters, NOT_FINITE)
    by_family = [m.mean(axis=1) for m in matrices]
    seed_means = np.mean(by_family, axis=0) if len(by_family) > 1 else by_family[0]  # (S,)
    estimate = float(seed_means.mean())
    seeds = tuple(float(x) for x in seed_means)
    if n_seeds == 1:
        return CrossedEstimate(estimate, np.nan, np.nan, seeds, 1, n_clusters, ONE_SEED)
    variance, df, reason = _variance(matrices, by_family, seed_means)
    if any(m.shape[1] == 1 for m in matrices):
        reason = ONE_CLUSTER
    if np.sqrt(variance) <= ROUNDING * max(1.0, abs(estimate)):
        return CrossedEstimate(estimate, 0.0, np.nan, seeds, n_seeds, n_clusters, NO_VARIANCE)
    return CrossedEstimate(estimate, float(np.sqrt(variance)), df, seeds, n_seeds, n_clusters, reason)


def _variance(matrices: Sequence[Floats], by_family: Sequence[Floats], seed_means: Floats) -> tuple[float, float, str]:
    """Variance of the grand mean, its degrees of freedom and what is unusual about it; S >= 2."""
    n_seeds, weight = len(seed_means), 1 / len(matrices) ** 2
    a = _spread(seed_means) / n_seeds
    b, c, squares_b, squares_c = 0.0, 0.0, 0.0, 0.0
    for m, seeds in zip(matrices, by_family, strict=True):
        n = m.shape[1]
        if n == 1:
            continue
        clusters = m.mean(axis=0)
        b_f = weight * _spread(clusters) / n
        residual = (m - seeds[:, None] - (clusters - clusters.mean())).ravel()
        c_f = weight * float(residual @ residual) / ((n_seeds - 1) * (n - 1)) / (n_seeds * n)
        b, c = b + b_f, c + c_f
        squares_b += b_f**2 / (n - 1)
        squares_c += c_f**2 / ((n_seeds - 1) * (n - 1))
    variance = max(a + b - c, a, b)
    if c > 0 and variance <= ROUNDING * c:
        return c, c**2 / squares_c, MEANS_AGREE
    if variance == 0.0:
        return 0.0, np.nan, ""
    if variance == a:
        return a, float(n_seeds - 1), ""
    if variance == b:
        return b, b**2 / squares_b, ""
    return variance, variance**2 / (a**2 / (n_seeds - 1) + squares_b + squares_c), ""


def _spread(values: Floats) -> float:
    """s^2, the unbiased variance; by hand, for a study asks for it tens of thousands of times."""
    left = values - values.mean()
    return float(left @ left) / (len(values) - 1)


def lower_bound(effect: CrossedEstimate, level: float) -> float:
    """One-sided lower confidence bound at `level` (.95 leaves 5 % below); NaN where there is no interval."""
    if effect.se == 0:
        return effect.estimate
    return float(effect.estimate - stdtrit(effect.df, level) * effect.se)


def upper_bound(effect: CrossedEstimate, level: float) -> float:
    """One-sided upper confidence bound at `level`; NaN where there is no interval."""
    if effect.se == 0:
        return effect.estimate
    return float(effect.estimate + stdtrit(effect.df, level) * effect.se)


def interval(effect: CrossedEstimate, level: float = 0.95) -> tuple[float, float]:
    """Two-sided interval at `level`; NaN on both sides where there is none."""
    one_sided = (1 + level) / 2
    return lower_bound(effect, one_sided), upper_bound(effect, one_sided)


def p_greater(effect: CrossedEstimate, than: float = 0.0) -> float:
    """One-sided p of 'not greater than `than`'; 0, 1/2 or 1 where nothing varies, NaN where it can't be known."""
    distance = effect.estimate - than
    if effect.se == 0:
        return 0.5 if distance == 0 else float(distance < 0)
    return float(stdtr(effect.df, -distance / effect.se))


def p_less(effect: CrossedEstimate, than: float = 0.0) -> float:
    """One-sided p of 'not less than `than`'; edges as in `p_greater`."""
    if effect.se == 0:
        return 1 - p_greater(effect, than)
    return float(stdtr(effect.df, (effect.estimate - than) / effect.se))


def p_two_sided(effect: CrossedEstimate) -> float:
    """Two-sided p of 'no effect'; NaN where it can't be known."""
    return float(np.minimum(1.0, 2 * min(p_greater(effect), p_less(effect))))


def two_way_bootstrap(
    matrices: Sequence[Floats], rng: np.random.Generator, draws: int = 1000, level: float = 0.95
) -> tuple[Floats, Floats]:
    """Percentile interval from drawing seeds and clusters anew, each with replacement.

    Seeds are drawn once for all families, clusters within each family.

    Args:
        matrices: `[..., S, I_f]` each; leading axes are effects that share one set of draws.
        rng: source of the draws.

    Returns:
        Low and high, `[...]` each; NaN for fewer than two seeds, or without draws.
    """
    lead, n_seeds = matrices[0].shape[:-2], matrices[0].shape[-2]
    if n_seeds < 2 or draws == 0 or any(m.shape[-1] == 0 for m in matrices):
        return np.full(lead, np.nan), np.full(lead, np.nan)
    seed_weights = _weights(n_seeds, rng, draws)  # (B, S)
    cluster_weights = [_weights(m.shape[-1], rng, draws) for m in matrices]  # (B, I_f)
    flat = [m.reshape(-1, *m.shape[-2:]) for m in matrices]  # (E, S, I_f)
    step = max(1, CHUNK // (draws * max(m.shape[-1] for m in matrices)))
    means = []
    for start in range(0, len(flat[0]), step):
        parts = [
            np.einsum("ebi,bi->eb", seed_weights @ m[start : start + step], w)
            for m, w in zip(flat, cluster_weights, strict=True)
        ]
        means.append(np.mean(parts, axis=0))  # (E, B)
    low, high = np.quantile(np.concatenate(means), [(1 - level) / 2, (1 + level) / 2], axis=-1)
    return low.reshape(lead), high.reshape(lead)


def _weights(n: int, rng: np.random.Generator, draws: int) -> Floats:
    return rng.multinomial(n, np.full(n, 1 / n), size=draws) / n

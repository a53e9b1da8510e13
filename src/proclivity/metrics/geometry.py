"""Where do two sets of hidden states differ, and how much of a pattern does another one hold?

States are rows, `[N, D]`; directions are `[D]` and have the length of the difference that they are, unless a function
says otherwise.

References: Kornblith et al. (2019), Similarity of Neural Network Representations Revisited (linear CKA); Hewitt and
Liang (2019), Designing and Interpreting Probes with Control Tasks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from proclivity.metrics.divergence import Floats

SHRINKAGE = 0.1
"""Share of the mean variance that is put in place of each variance before a covariance is inverted."""


def cosine(a: ArrayLike, b: ArrayLike) -> float:
    """Cosine of the angle between two directions, -1 to 1; NaN where either has no length."""
    one, two = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    length = float(np.linalg.norm(one) * np.linalg.norm(two))
    return float(one @ two) / length if length > 0 else float("nan")


def linear_cka(x: ArrayLike, y: ArrayLike) -> float:
    """Linear centred kernel alignment of two sets of states of the same texts.

    |Yc' Xc|_F^2 / (|Xc' Xc|_F |Yc' Yc|_F) with centred columns: 1 for states that differ by rotation, shift and one
    scale, 0 where no direction of one goes with any of the other.

    Args:
        x, y: states of the same N texts, `[N, D]` and `[N, E]`.

    Returns:
        0 to 1; NaN where the states of one set are all the same.
    """
    one, two = (np.asarray(states, dtype=np.float64) for states in (x, y))
    one, two = one - one.mean(axis=0), two - two.mean(axis=0)
    # Products of texts hold the same sums as products of columns, and there are fewer texts than columns.
    grams = one @ one.T, two @ two.T  # (N, N)
    within = float(np.linalg.norm(grams[0]) * np.linalg.norm(grams[1]))
    return float((grams[0] * grams[1]).sum()) / within if within > 0 else float("nan")


def shift_along(direction: ArrayLike, arm: ArrayLike, control: ArrayLike) -> Floats:
    """How far each state lies along a direction, control to arm, in standard deviations of the control's states.

    Args:
        direction: `[D]`; its length doesn't count.
        arm, control: states of the same texts and seeds, `[..., D]`.

    Returns:
        v·(arm − control) / SD(v·control), `[...]`; the SD is over all of the control's states. NaN where it is 0.
    """
    v = np.asarray(direction, dtype=np.float64)
    own = np.asarray(control, dtype=np.float64) @ v
    spread = float(own.std(ddof=1)) if own.size > 1 else 0.0
    moved = np.asarray(arm, dtype=np.float64) @ v - own
    return np.asarray(moved / spread if spread > 0 else np.full(moved.shape, np.nan))


def discriminant(x: ArrayLike, labels: ArrayLike, shrinkage: float = SHRINKAGE) -> Floats:
    """Fisher's linear discriminant with a shrunken covariance: a probe that is fitted in one step.

    w = (S + shrinkage · mean variance · 1)^-1 (mean of ones − mean of zeros), S the covariance within the two classes.

    Args:
        x: states `[N, D]`.
        labels: 0 or 1 `[N]`, both present.
        shrinkage: of the covariance.

    Returns:
        Weights `[D]`; `x @ w` is higher for label 1.
    """
    states, ones = np.asarray(x, dtype=np.float64), np.asarray(labels, dtype=bool)
    means = states[ones].mean(axis=0), states[~ones].mean(axis=0)
    left = states - np.where(ones[:, None], means[0], means[1])
    left = left / np.sqrt(max(1, len(states) - 2))
    ridge = shrinkage * max(float(np.square(left).sum()) / left.shape[1], np.finfo(np.float64).tiny)
    apart = means[0] - means[1]
    if len(left) >= left.shape[1]:
        return np.asarray(np.linalg.solve(left.T @ left + ridge * np.eye(left.shape[1]), apart))
    # Fewer states than columns: the same by the smaller matrix (Woodbury's identity).
    inner = np.linalg.solve(left @ left.T + ridge * np.eye(len(left)), left @ apart)
    return np.asarray((apart - left.T @ inner) / ridge)


def auc(scores: ArrayLike, labels: ArrayLike) -> float:
    """Chance that a one scores higher than a zero, ties counted half: 0 to 1; NaN where either is absent."""
    ones = np.asarray(labels, dtype=bool)
    n_ones, n_zeros = int(ones.sum()), int((~ones).sum())
    if not n_ones or not n_zeros:
        return float("nan")
    ranks = rankdata(np.asarray(scores, dtype=np.float64))
    return float((ranks[ones].sum() - n_ones * (n_ones + 1) / 2) / (n_ones * n_zeros))


def correlation(x: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Pearson's r of the pairs in which both are finite; NaN for fewer than three, or where one doesn't vary.

    Args:
        x, y: values `[N]`.
        weights: how often each pair counts, `[N]`; once each by default.
    """
    one, two, w = _finite(x, y, weights)
    if np.count_nonzero(w) < 3:
        return float("nan")
    one, two = one - np.average(one, weights=w), two - np.average(two, weights=w)
    spread = float(np.sqrt((w * one**2).sum() * (w * two**2).sum()))
    return float((w * one * two).sum() / spread) if spread > 0 else float("nan")


def slope_on(pattern: ArrayLike, other: ArrayLike, weights: ArrayLike | None = None) -> float:
    """How many times a pattern another one holds: Σ other · pattern / Σ pattern², through the origin.

    Args:
        pattern: effects `[N]` that are looked for.
        other: effects `[N]` in which they are.
        weights: how often each counts.

    Returns:
        1 where the other is the pattern, 0 where it has nothing of it; NaN without a finite pair or any effect.
    """
    one, two, w = _finite(pattern, other, weights)
    size = float((w * one**2).sum())
    return float((w * one * two).sum()) / size if size > 0 else float("nan")


def random_directions(direction: ArrayLike, count: int, rng: np.random.Generator) -> list[Floats]:
    """Directions drawn evenly from all, each as long as the one given, `[D]`."""
    v = np.asarray(direction, dtype=np.float64)
    drawn = rng.standard_normal((count, len(v)))
    return [as_long_as(v, row) for row in drawn]


def as_long_as(direction: ArrayLike, other: ArrayLike) -> Floats:
    """The other direction at the length of the first; NaN where the other has none."""
    v, w = np.asarray(direction, dtype=np.float64), np.asarray(other, dtype=np.float64)
    length = float(np.linalg.norm(w))
    return np.asarray(w * (np.linalg.norm(v) / length) if length > 0 else np.full(w.shape, np.nan))


def _finite(x: ArrayLike, y: ArrayLike, weights: ArrayLike | None) -> tuple[Floats, Floats, NDArray[np.float64]]:
    one, two = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    w = np.ones(len(one)) if weights is None else np.asarray(weights, dtype=np.float64)
    kept = np.isfinite(one) & np.isfinite(two)
    return one[kept], two[kept], w[kept]

"""Do training seeds move the distribution the same way, and do chosen words move more than like words?

A divergence is positive even for noise. The cross-seed estimator counts only what seeds share; the word-set z
asks whether a class of words stands out among words that were as frequent to begin with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from proclivity.metrics.divergence import LN2, Floats


def shift_products(log_q: ArrayLike | Sequence[ArrayLike], log_p: ArrayLike) -> Floats:
    """Inner products of the seeds' shifts under the base distribution, scaled to bits of JSD.

    G[s, s'] = sum_v p_v d_sv d_s'v / (8 ln 2), with d_s = ln q_s - ln p centred under p. For a small shift
    the diagonal is that seed's JSD from base to second order; off the diagonal is what two seeds share.

    Args:
        log_q: tuned natural-log probabilities, one array per seed, `[S, V]` or `[S, N, V]`.
        log_p: base natural-log probabilities `[V]` or `[N, V]`.

    Returns:
        Bits, `[S, S]` or `[N, S, S]`. Tokens with p = 0 count 0; NaN where a seed gives 0 where p > 0.
    """
    log_p = np.asarray(log_p, dtype=np.float64)
    shifts = np.asarray(log_q, dtype=np.float64)  # (S, [N,] V)
    p = np.exp(log_p)
    with np.errstate(invalid="ignore"):
        d = np.where(p == 0, 0.0, shifts - log_p)
        d = np.where(p == 0, 0.0, d - (p * d).sum(axis=-1, keepdims=True))
        weighted = np.moveaxis(d * np.sqrt(p), 0, -2)  # ([N,] S, V)
        return np.asarray(weighted @ np.swapaxes(weighted, -1, -2) / (8 * LN2))


def mean_off_diagonal(products: ArrayLike) -> Floats:
    """Mean over ordered pairs of different seeds: `[..., S, S]` -> `[...]`; NaN for fewer than two seeds."""
    g = np.asarray(products, dtype=np.float64)
    n = g.shape[-1]
    if n < 2:
        return np.full(g.shape[:-2], np.nan)
    return np.asarray((g.sum(axis=(-1, -2)) - np.trace(g, axis1=-2, axis2=-1)) / (n * (n - 1)))


def cross_seed_divergence(log_q: ArrayLike | Sequence[ArrayLike], log_p: ArrayLike) -> Floats:
    """The cross-seed estimator C = mean over s != s' of sum_v p_v d_sv d_s'v / (8 ln 2).

    Noise that differs from seed to seed averages out, so C is near 0 (and may be negative) where nothing is
    shared, and near the JSD from base where all seeds make the same small shift.

    Args:
        log_q: tuned natural-log probabilities `[S, V]` or `[S, N, V]`.
        log_p: base natural-log probabilities `[V]` or `[N, V]`.

    Returns:
        Bits, `[]` or `[N]`; NaN for fewer than two seeds.
    """
    return mean_off_diagonal(shift_products(log_q, log_p))


class WordSetZ(NamedTuple):
    """How far a word set stands out among random sets of words that are as frequent under the base."""

    z: float
    """(observed - mean of random sets) / their standard deviation; NaN where random sets don't vary."""
    p: float
    """Share of random sets at least as extreme on either side, with the observed set counted in."""
    observed: float
    """Mean change over the word set, in the unit of the input."""
    expected: float
    """Mean over the random sets, same unit."""


def word_set_z(
    change: ArrayLike,
    base_log_p: ArrayLike,
    words: ArrayLike,
    rng: np.random.Generator,
    n_sets: int = 1000,
    neighbours: int = 40,
) -> WordSetZ:
    """Compare a word set's mean change with that of random sets matched on base frequency.

    Every word is replaced by one drawn from the `neighbours` other words nearest to it in base rank, none of
    the set itself. A random set may hold a word twice, which widens its spread slightly.

    Args:
        change: per-token change `[V]`, averaged over items: q - p, ln q - ln p, or signed JSD contributions.
        base_log_p: base natural-log probability of each token `[V]`, averaged over the same items.
        words: token numbers of the set `[k]`.
        rng: source of the random sets.
        n_sets: how many random sets.
        neighbours: how many words of like frequency stand for each word.

    Returns:
        `WordSetZ`; all NaN for an empty set or one that leaves no other words.
    """
    values, words = np.asarray(change, dtype=np.float64), np.unique(np.asarray(words, dtype=np.int64))
    pool = np.setdiff1d(np.argsort(np.asarray(base_log_p), kind="stable"), words, assume_unique=True)
    if not len(words) or not len(pool):
        return WordSetZ(np.nan, np.nan, np.nan, np.nan)
    matches = _nearest_in_rank(np.asarray(base_log_p, dtype=np.float64), words, pool, neighbours)  # (k, m)
    drawn = rng.integers(matches.shape[1], size=(n_sets, len(words)))
    random_means = values[matches[np.arange(len(words)), drawn]].mean(axis=1)
    observed = float(values[words].mean())
    expected, spread = float(random_means.mean()), float(random_means.std())
    extreme = int((np.abs(random_means - expected) >= abs(observed - expected)).sum())
    z = (observed - expected) / spread if spread > 0 else float("nan")
    return WordSetZ(z=z, p=(1 + extreme) / (1 + n_sets), observed=observed, expected=expected)


def _nearest_in_rank(base: Floats, words: NDArray[np.int64], pool: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """The `count` pool words around each word's place in the pool ordered by frequency: `[k, count]`."""
    ordered = pool[np.argsort(base[pool], kind="stable")]
    count = min(count, len(ordered))
    place = np.searchsorted(base[ordered], base[words])
    start = np.clip(place - count // 2, 0, len(ordered) - count)
    return ordered[start[:, None] + np.arange(count)]

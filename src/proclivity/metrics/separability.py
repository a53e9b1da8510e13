"""Are a model's dispositions different at all, beyond what another wording of the same one would change?

Two questions, both of the base alone:
1. Distance. JSD between wordings of *different* dispositions against JSD between wordings of *one*, both over pairs of
   different wording numbers only (equal numbers may tell of the same situations). Tested by permuting dispositions
   within each wording number (after Anderson 2001, permutation of distances within strata).
2. Recovery. Mixtures of known shares made of one half of the wordings, fitted with the other half. If another wording
   of a disposition can't find the shares again, a fitted share says nothing about the disposition.

*Separable* is what passes both; all else is *not separable*.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from proclivity.metrics.divergence import jsd
from proclivity.metrics.mixture import climb

Floats = NDArray[np.float64]

LARGEST_P = 0.05
LARGEST_ERROR = 0.1
"""Largest mean error of recovered shares; guessing equal shares has .23 with three components."""
KNOWN = 0.7
"""Share of one component in a mixture that is to be recovered; the others share the rest."""


def wording_distances(log_p: ArrayLike) -> Floats:
    """Mean over places of the JSD of each pair of wordings, bits `[M, M]`, from natural logs `[N, M, V]`."""
    log_p = np.asarray(log_p, dtype=np.float64)
    m = log_p.shape[1]
    found = np.zeros((m, m))
    for one in range(m - 1):
        pairs = jsd(log_p[:, one, None, :], log_p[:, one + 1 :, :]).mean(axis=0)
        found[one, one + 1 :] = found[one + 1 :, one] = pairs
    return found


def apart(
    distances: ArrayLike, groups: ArrayLike, wordings: ArrayLike, *, rng: np.random.Generator, draws: int = 999
) -> tuple[float, float, float]:
    """Mean distance between and within groups, and the permutation p of their difference.

    Args:
        distances: of all pairs, `[M, M]`.
        groups: disposition of each wording, integers `[M]`.
        wordings: number of each within its disposition, integers `[M]`; pairs of equal numbers aren't compared.
        rng: draws the permutations.
        draws: how many.
    """
    distances, groups, wordings = np.asarray(distances), np.asarray(groups), np.asarray(wordings)
    first, second = (
        place[wordings[np.triu_indices(len(groups), 1)[0]] != wordings[np.triu_indices(len(groups), 1)[1]]]
        for place in np.triu_indices(len(groups), 1)
    )
    own = distances[first, second]

    def means(labels: NDArray[np.int64]) -> tuple[float, float]:
        same = labels[first] == labels[second]
        if same.all() or not same.any():
            return np.nan, np.nan
        return float(own[~same].mean()), float(own[same].mean())

    between, within = means(groups)
    if not np.isfinite(between):
        return between, within, np.nan
    strata = [np.flatnonzero(wordings == number) for number in np.unique(wordings)]
    reached = 1
    for _ in range(draws):
        labels = groups.copy()
        for stratum in strata:
            labels[stratum] = labels[rng.permutation(stratum)]
        b, w = means(labels)
        reached += bool(b - w >= between - within - 1e-12)
    return between, within, reached / (draws + 1)


def recovery_error(first: ArrayLike, second: ArrayLike) -> float:
    """Mean absolute error of shares found again with another half of the wordings.

    Each component in turn holds `KNOWN` of a mixture, the others share the rest; both halves make it once.

    Args:
        first: components of one half of the wordings, linear `[N, K, V]`.
        second: of the other half.
    """
    halves = [np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)]
    k = halves[0].shape[1]
    if k < 2:
        return np.nan
    errors = []
    for made, fitted in (halves, halves[::-1]):
        for one in range(k):
            known = np.full(k, (1 - KNOWN) / (k - 1))
            known[one] = KNOWN
            q = np.einsum("k,nkv->nv", known, made)
            pi, _ = climb(np.full((1, k), 1 / k), q, fitted, None, np.ones((1, len(q))))
            errors.append(np.abs(pi[0] - known).mean())
    return float(np.mean(errors))

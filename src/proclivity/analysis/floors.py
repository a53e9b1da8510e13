"""How large is a divergence that means nothing, and how much of one do the seeds share?

A JSD from base is never 0. Its excess over own-policy is an ordinary contrast of 'jsd_from_base'; here are the
quantities that need whole distributions: the part that seeds share (the cross-seed estimator C), and the seed floor,
the JSD between seeds of one arm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proclivity.analysis.design import BASE, UNTRAINED_SEED
from proclivity.analysis.intervals import ONE_SEED, CrossedEstimate
from proclivity.metrics.direction import mean_off_diagonal, shift_products
from proclivity.metrics.divergence import jsd

Floats = NDArray[np.float64]
Distributions = Mapping[tuple[str, str, int, str], tuple[Sequence[str], Floats]]
"""(model, arm, seed, family) -> item keys and natural-log probabilities `[N, V]`."""

SHARED = "jsd_shared"
SEED_FLOOR = "jsd_between_seeds"
TWO_SEEDS = "two seeds: no interval for what seeds share"


@dataclass(frozen=True)
class FloorEstimate:
    """One quantity of one arm and family, bits."""

    model: str
    arm: str
    family: str
    metric: str
    """'jsd_shared' (C, against base) or 'jsd_between_seeds' (the seed floor)."""
    effect: CrossedEstimate
    n_items: int
    n_missing: int
    """Items that some seed or base lacks, times seeds."""


def floor_estimates(distributions: Distributions) -> list[FloorEstimate]:
    """C and the seed floor for every trained arm and family.

    Args:
        distributions: natural-log probabilities by (model, arm, seed, family); base has seed -1. Items are matched
            by their keys, and those that one seed or base lacks are left out and counted.

    Returns:
        One or two `FloorEstimate` an arm and family: C where base is there, the floor from two seeds on.
    """
    seeds: dict[tuple[str, str, str], list[int]] = {}
    for model, arm, seed, family in distributions:
        if seed != UNTRAINED_SEED:
            seeds.setdefault((model, arm, family), []).append(seed)
    found = []
    for (model, arm, family), numbers in sorted(seeds.items()):
        sources = [distributions[model, arm, seed, family] for seed in sorted(numbers)]
        base = distributions.get((model, BASE, UNTRAINED_SEED, family))
        arrays, n_missing = _aligned([*sources, base] if base else sources)
        n_items = len(arrays[0])
        if n_items == 0:
            continue
        estimates = {SEED_FLOOR: seed_floor(arrays[: len(numbers)])}
        if base:
            estimates = {SHARED: shared_shift(arrays[:-1], arrays[-1]), **estimates}
        found += [
            FloorEstimate(model, arm, family, metric, effect, n_items, n_missing)
            for metric, effect in estimates.items()
            if np.isfinite(effect.estimate)
        ]
    return found


def _aligned(sources: Sequence[tuple[Sequence[str], Floats]]) -> tuple[list[Floats], int]:
    """The arrays on the items that all have, in the first one's order, and how many values fell away."""
    common = set(sources[0][0]).intersection(*(keys for keys, _ in sources[1:]))
    every = set().union(*(keys for keys, _ in sources))
    kept = [key for key in sources[0][0] if key in common]
    arrays = []
    for keys, array in sources:
        place = {key: row for row, key in enumerate(keys)}
        arrays.append(np.asarray(array)[[place[key] for key in kept]])
    return arrays, (len(every) - len(kept)) * len(sources)


def shared_shift(tuned: Sequence[Floats], base: Floats) -> CrossedEstimate:
    """C averaged over items, with a delete-one-seed jackknife for its uncertainty.

    Items are taken as they are, so the interval is about other seeds on these items.

    Args:
        tuned: natural-log probabilities `[N, V]`, one array per seed.
        base: the untrained model `[N, V]`.

    Returns:
        Bits; the seeds' estimates are each seed's mean product with the others (their mean is C). NaN for one seed,
        no interval for two.
    """
    n = len(tuned)
    total = np.zeros((n, n))
    for item in range(len(base)):
        total += shift_products(np.stack([array[item] for array in tuned]), base[item])
    products = total / len(base)
    estimate = float(mean_off_diagonal(products))
    if n < 2:
        return CrossedEstimate(np.nan, np.nan, np.nan, (), n, len(base), ONE_SEED)
    rows = (products.sum(axis=1) - np.diag(products)) / (n - 1)
    by_seed = tuple(float(x) for x in rows)
    if n == 2:
        return CrossedEstimate(estimate, np.nan, np.nan, by_seed, n, len(base), TWO_SEEDS)
    left_out = [float(mean_off_diagonal(np.delete(np.delete(products, s, 0), s, 1))) for s in range(n)]
    se = float(np.sqrt((n - 1) * np.var(left_out)))
    return CrossedEstimate(estimate, se, float(n - 1), by_seed, n, len(base))


def seed_floor(tuned: Sequence[Floats]) -> CrossedEstimate:
    """Mean JSD between neighbouring seeds of one arm, in a ring, so that each seed counts twice.

    Args:
        tuned: natural-log probabilities `[N, V]`, one array per seed.

    Returns:
        Bits, without an interval: it is a floor to look at, not a claim; NaN for one seed.
    """
    n = len(tuned)
    if n < 2:
        return CrossedEstimate(np.nan, np.nan, np.nan, (), n, len(tuned[0]), ONE_SEED)
    pairs = [(s, (s + 1) % n) for s in range(n if n > 2 else 1)]
    values = tuple(float(jsd(tuned[a], tuned[b]).mean()) for a, b in pairs)
    return CrossedEstimate(float(np.mean(values)), np.nan, np.nan, values, n, len(tuned[0]), "a floor, no interval")

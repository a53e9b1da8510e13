"""Which items and seeds may be looked at while something is chosen, and which are kept for the test?

Clusters are divided family by family, and a cluster that two families share is on one side in both; seeds are divided
apart from them. The test half is the larger one where a number is odd.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Halves:
    """One division."""

    development: Mask
    """Whether each item is for development, [N]."""
    seeds: tuple[int, ...]
    """Training seeds for development."""
    test_seeds: tuple[int, ...]
    """The others."""


def divide(families: Sequence[str], clusters: Sequence[str], seeds: Sequence[int], rng: np.random.Generator) -> Halves:
    """Halves of items and seeds.

    Args:
        families: family of each item.
        clusters: cluster of each item.
        seeds: training seeds, at least two.
        rng: source of the division.
    """
    side: dict[str, bool] = {}
    for family in dict.fromkeys(families):
        own = list(dict.fromkeys(c for f, c in zip(families, clusters, strict=True) if f == family))
        already = sum(side.get(cluster, False) for cluster in own)
        new = [own[place] for place in rng.permutation(len(own)) if own[place] not in side]
        wanted = max(0, len(own) // 2 - already)
        side.update({cluster: place < wanted for place, cluster in enumerate(new)})
    order = [seeds[place] for place in rng.permutation(len(seeds))]
    half = len(order) // 2
    return Halves(
        np.array([side[cluster] for cluster in clusters], dtype=bool),
        tuple(sorted(order[:half])),
        tuple(sorted(order[half:])),
    )

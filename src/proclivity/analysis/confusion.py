"""Can a profile be recognised, in a seed not seen before, by the pattern of its effects alone?

Each profile's effects form a vector, scaled to length 1 so that strength doesn't help. Each seed in turn is left
out and its vectors are given to the profile whose mean over the other seeds points most nearly the same way.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Confusion(NamedTuple):
    """Who was taken for whom."""

    counts: NDArray[np.int64]
    """`[P, P]`: true profile x profile it was taken for, summed over left-out seeds."""
    accuracy: float
    """Share recognised; 1/P is chance."""
    p: float
    """Share of relabellings (profiles permuted within each seed) that are recognised as well, itself counted."""


def confusion(vectors: Floats, rng: np.random.Generator, permutations: int = 499) -> Confusion:
    """Leave-one-seed-out confusion matrix of effect vectors.

    Args:
        vectors: `[S, P, K]`, K effects of each profile in each seed; a column with NaN is left out.
        rng: source of the permutations.
        permutations: how many relabellings.

    Returns:
        `Confusion`; accuracy and p are NaN for fewer than two seeds, two profiles or one usable column.
    """
    n_seeds, n_profiles = vectors.shape[:2]
    usable = vectors[..., np.isfinite(vectors).all(axis=(0, 1))]
    if n_seeds < 2 or n_profiles < 2 or usable.shape[2] == 0:
        return Confusion(np.zeros((n_profiles, n_profiles), dtype=np.int64), float("nan"), float("nan"))
    length = np.linalg.norm(usable, axis=2, keepdims=True)
    unit = np.divide(usable, length, out=np.zeros_like(usable), where=length > 0)
    taken_for = _nearest(unit[None])[0]  # (S, P)
    counts = np.zeros((n_profiles, n_profiles), dtype=np.int64)
    np.add.at(counts, (np.broadcast_to(np.arange(n_profiles), taken_for.shape), taken_for), 1)
    accuracy = float(np.trace(counts) / counts.sum())
    labels = rng.permuted(
        np.broadcast_to(np.arange(n_profiles), (permutations, n_seeds, n_profiles)).copy(), axis=2
    )  # (B, S, P)
    relabelled = np.take_along_axis(unit[None], labels[..., None], axis=2)  # (B, S, P, K)
    chance = (_nearest(relabelled) == np.arange(n_profiles)).mean(axis=(1, 2))
    p = (1 + int((chance >= accuracy - 1e-12).sum())) / (1 + permutations)
    return Confusion(counts, accuracy, p)


def _nearest(unit: Floats) -> NDArray[np.int64]:
    """Profile whose mean over the other seeds has the largest cosine: `[B, S, P, K]` -> `[B, S, P]`."""
    others = unit.sum(axis=1, keepdims=True) - unit  # (B, S, P, K), left-out seed taken away
    length = np.linalg.norm(others, axis=-1, keepdims=True)
    centres = np.divide(others, length, out=np.zeros_like(others), where=length > 0)
    return (unit @ np.swapaxes(centres, -1, -2)).argmax(axis=-1)

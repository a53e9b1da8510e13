"""How far do two raters agree beyond what their habits alone would give?

Cohen (1960), Educational and Psychological Measurement 20, for categories; Cohen (1968), Psychological Bulletin 70,
with weights for ordered ratings.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def cohen_kappa(first: Sequence[str] | ArrayLike, second: Sequence[str] | ArrayLike) -> float:
    """κ = 1 − observed / expected disagreement, where any two different categories disagree alike.

    Args:
        first, second: each rater's category of each text `[N]`, any labels.

    Returns:
        1 for full agreement, 0 for what chance would give, below 0 for less; no unit. NaN for no text, and where both
        raters used one and the same category throughout, so that nothing could disagree.
    """
    one, two = _pair(first, second)
    if not len(one):
        return math.nan
    labels = np.unique(np.concatenate([one, two]))
    shares = [(rater[:, None] == labels).mean(axis=0) for rater in (one, two)]
    expected = 1 - float(shares[0] @ shares[1])
    return 1 - float((one != two).mean()) / expected if expected > 1e-12 else math.nan


def weighted_kappa(first: ArrayLike, second: ArrayLike) -> float:
    """κ with a disagreement of (x − y)² between ratings x and y: two steps apart weigh four times one step.

    Args:
        first, second: each rater's number for each text `[N]`.

    Returns:
        As `cohen_kappa`. NaN for no text, and where both raters gave one and the same number throughout.
    """
    one, two = (rater.astype(np.float64) for rater in _pair(first, second))
    if not len(one):
        return math.nan
    expected = float(((one[:, None] - two[None, :]) ** 2).mean())
    return 1 - float(((one - two) ** 2).mean()) / expected if expected > 1e-12 else math.nan


def _pair(first: ArrayLike, second: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    one, two = np.asarray(first), np.asarray(second)
    if one.shape != two.shape or one.ndim != 1:
        raise ValueError(f"two lists of equal length expected, {one.shape} and {two.shape} found")
    return one, two

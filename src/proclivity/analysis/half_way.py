"""When was a curve half-way, and how far does one curve run behind another, counted in doublings of training?

Steps are counted as u = log₂(step + 1), in octaves: early steps move a model more than late ones, so that a lag means
the same early and late only as a ratio of amounts of training; the 1 gives the untrained model a place at u = 0.

Two estimators of the lag of words behind choices, on curves that start at 0 and end at 1: the difference of the
half-way places, and the area ∫ (choice − words) du, which is that difference averaged over all heights instead of the
one half (for rising curves, ∫ over u of a difference of heights is ∫ over heights of the difference of places).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HALF = 0.5


def octaves(steps: Floats) -> Floats:
    """log₂(step + 1): 0 for the untrained model, one more for each doubling."""
    return np.log2(np.asarray(steps, dtype=np.float64) + 1)


def half_way(places: Floats, progress: Floats) -> float:
    """Where progress first reaches one half, by linear interpolation between two measured places.

    Args:
        places: `[N]`, ascending.
        progress: `[N]`, 0 at the first place.

    Returns:
        In the unit of the places; NaN where half is never reached or a value is no finite number.
    """
    if not np.isfinite(progress).all():
        return np.nan
    reached = np.flatnonzero(progress >= HALF)
    if not len(reached):
        return np.nan
    after = int(reached[0])
    if after == 0:
        return float(places[0])
    left, right = progress[after - 1], progress[after]
    share = (HALF - left) / (right - left)
    return float(places[after - 1] + share * (places[after] - places[after - 1]))


def area_between(places: Floats, ahead: Floats, behind: Floats) -> float:
    """∫ (ahead − behind) over the places by trapezoids, in octaves; positive where `behind` lags."""
    return float(np.trapezoid(ahead - behind, places))

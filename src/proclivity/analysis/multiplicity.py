"""How many of many small p values are still small when their number is counted?

Holm (1979) for questions fixed beforehand, Benjamini & Hochberg (1995) for looking around.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from statsmodels.stats.multitest import multipletests

Floats = NDArray[np.float64]


def holm(p: ArrayLike) -> Floats:
    """Holm-adjusted p values `[n]`; NaN stays NaN and is not counted.

    Worked out here: statsmodels' own collects garbage at every call, which takes longer than a whole analysis.
    """
    values = np.asarray(p, dtype=np.float64)
    adjusted, known = np.full(values.shape, np.nan), np.flatnonzero(np.isfinite(values))
    order = known[np.argsort(values[known], kind="stable")]
    stepped = values[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return adjusted


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """Benjamini-Hochberg-adjusted p values `[n]`; NaN stays NaN and is not counted."""
    values = np.asarray(p, dtype=np.float64)
    adjusted, known = np.full(values.shape, np.nan), np.isfinite(values)
    if known.any():
        adjusted[known] = multipletests(values[known], method="fdr_bh")[1]
    return adjusted

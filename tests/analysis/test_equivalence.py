"""Equivalence: against SciPy's t, and where nothing varies."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from proclivity.analysis.equivalence import tost
from proclivity.analysis.intervals import CrossedEstimate, crossed


def effect(estimate: float, se: float = 0.05, df: float = 5.0) -> CrossedEstimate:
    return CrossedEstimate(estimate, se, df, (estimate,) * 6, 6, 20)


def test_by_hand() -> None:
    # .1 is 2 standard errors below the margin .2 and 6 above -.2: the nearer margin decides.
    assert tost(effect(0.1), 0.2) == pytest.approx(stats.t.sf(2, 5))
    assert tost(effect(-0.1), 0.2) == pytest.approx(tost(effect(0.1), 0.2))
    assert tost(effect(0.2), 0.2) == pytest.approx(0.5)


def test_edges() -> None:
    assert tost(crossed([np.zeros((6, 3))]), 0.2) == 0.0
    assert tost(crossed([np.ones((6, 3))]), 0.2) == 1.0
    assert np.isnan(tost(crossed([np.ones((1, 3))]), 0.2))
    with pytest.raises(ValueError, match="above 0"):
        tost(effect(0.0), 0.0)


def test_by_the_t_table() -> None:
    # One-sided 5 % point of t on 5 df is 2.015: an estimate 2.015 standard errors inside the margin has p = .05.
    assert tost(effect(0.2 - 2.015 * 0.05), 0.2) == pytest.approx(0.05, abs=2e-5)
    assert tost(effect(-0.2 + 2.1 * 0.05), 0.2) < 0.05 < tost(effect(-0.2 + 1.9 * 0.05), 0.2)

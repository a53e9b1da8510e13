"""Sign flips: all patterns of three seeds, then limits."""

from __future__ import annotations

import numpy as np
import pytest

from proclivity.analysis.permutation import sign_flip


def test_three_seeds_by_hand() -> None:
    # |sum| over the 8 patterns of (1, 2, 3): 6 twice, 4 twice, 2 twice, 0 twice; only 6 is as far out as 6.
    assert sign_flip([1.0, 2.0, 3.0]) == (0.25, 0.25, True)
    # (1, 2, -3) sums to 0: every pattern is as far out.
    assert sign_flip([1.0, 2.0, -3.0]).p == 1.0


def test_smallest_reachable_p() -> None:
    assert sign_flip(np.ones(6)).p == sign_flip(np.ones(6)).p_smallest == 2 / 64
    assert sign_flip([1.0]).p_smallest == 1.0
    assert sign_flip(np.zeros(6)).p == 1.0


def test_many_seeds_are_sampled() -> None:
    values = np.ones(20)
    with pytest.raises(ValueError, match="random generator"):
        sign_flip(values)
    found = sign_flip(values, np.random.default_rng(0), samples=99)
    assert found == (0.01, 0.01, False)


def test_nothing_to_flip() -> None:
    assert np.isnan(sign_flip([]).p)
    assert np.isnan(sign_flip([1.0, np.nan]).p)

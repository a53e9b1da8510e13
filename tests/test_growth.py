from __future__ import annotations

import math

import pytest

from growth import fixed_cost, slope


def test_a_slope_is_the_power_of_growth():
    assert slope([1, 2, 4], [3, 6, 12]) == pytest.approx(1)
    assert slope([1, 2, 4], [1, 4, 16]) == pytest.approx(2)
    assert slope([1, 2, 4], [5, 5, 5]) == pytest.approx(0)
    assert math.isnan(slope([1, 2], [0.0, 1.0]))


def test_the_fixed_cost_is_what_size_nought_would_take():
    assert fixed_cost([1, 2, 4], [12, 14, 18]) == pytest.approx(10)

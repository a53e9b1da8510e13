from __future__ import annotations

import pytest

from growth import power_of_growth


@pytest.mark.parametrize("k", [0.5, 1.0, 2.0])
def test_the_power_of_growth_is_found_beside_a_fixed_cost(k: float) -> None:
    sizes = [1, 2, 4, 8, 16]
    assert power_of_growth(sizes, [10 + 3 * n**k for n in sizes]) == pytest.approx((10, k), rel=1e-6)


def test_without_a_fixed_cost_it_is_the_slope_of_the_logarithms() -> None:
    fixed, slope = power_of_growth([1, 2, 4], [3, 6, 12])
    assert fixed == pytest.approx(0, abs=1e-6)
    assert slope == 1

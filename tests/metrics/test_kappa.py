"""Agreement of raters: numbers worked by hand, then identities."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proclivity.metrics import cohen_kappa, weighted_kappa

PAIRS = st.lists(st.tuples(st.integers(-2, 2), st.integers(-2, 2)), min_size=1, max_size=40)


def test_kappa_by_hand() -> None:
    # 20 both yes, 15 both no, 5 + 10 apart: observed agreement .7; by habit .5 × .6 + .5 × .4 = .5
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert cohen_kappa(first, second) == pytest.approx((0.7 - 0.5) / (1 - 0.5))


def test_weighted_kappa_by_hand() -> None:
    # ratings 0 1 2 against 0 2 2: observed (0 + 1 + 0) / 3; expected over the nine pairs 0 4 4, 1 1 1, 4 0 0 = 15 / 9
    assert weighted_kappa([0, 1, 2], [0, 2, 2]) == pytest.approx(1 - (1 / 3) / (15 / 9))
    # a miss by two costs four times as much
    assert weighted_kappa([-2, 0, 2], [-2, 0, 0]) < weighted_kappa([-2, 0, 2], [-2, 0, 1])


def test_full_agreement_and_what_is_undefined() -> None:
    assert cohen_kappa(["a", "b"], ["a", "b"]) == weighted_kappa([1, 2], [1, 2]) == 1
    assert cohen_kappa(["a", "b"], ["b", "a"]) == -1
    for kappa in (cohen_kappa, weighted_kappa):
        assert math.isnan(kappa([1, 1], [1, 1]))
        assert math.isnan(kappa([], []))
        with pytest.raises(ValueError, match="equal length"):
            kappa([1], [1, 2])


@given(PAIRS)
def test_symmetric_at_most_one_and_blind_to_names(pairs: list[tuple[int, int]]) -> None:
    one, two = zip(*pairs, strict=True)
    for kappa in (cohen_kappa, weighted_kappa):
        value = kappa(one, two)
        assert math.isnan(value) or value <= 1 + 1e-12
        np.testing.assert_allclose(kappa(two, one), value)
    names = {rating: f"class {rating}" for rating in range(-2, 3)}
    np.testing.assert_allclose(cohen_kappa([names[x] for x in one], [names[x] for x in two]), cohen_kappa(one, two))


@given(PAIRS)
def test_weighted_kappa_is_lins_concordance(pairs: list[tuple[int, int]]) -> None:
    one, two = np.array(pairs, dtype=float).T
    spread = one.var() + two.var() + (one.mean() - two.mean()) ** 2
    expected = 2 * np.cov(one, two, bias=True)[0, 1] / spread if spread > 1e-12 else math.nan
    np.testing.assert_allclose(weighted_kappa(one, two), expected, atol=1e-9)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1))
def test_with_two_categories_both_are_one(pairs: list[tuple[bool, bool]]) -> None:
    one, two = np.array(pairs, dtype=int).T
    np.testing.assert_allclose(weighted_kappa(one, two), cohen_kappa(one, two), atol=1e-9)

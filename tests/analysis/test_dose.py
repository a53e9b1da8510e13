"""Doses: Page's test and slopes by hand, what they must not depend on, and cells that are missing."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from known_curves import DEPRESSION, DESIGN, point

from proclivity.analysis.curves import CurvePoint, Point
from proclivity.analysis.dose import FALLS, NO_TREND, RISES, SMALL, dose
from proclivity.analysis.dose_grid import Dose, dose_grid
from proclivity.analysis.dose_slope import coefficient, policy_slope
from proclivity.analysis.specificity import TOO_FEW_SEEDS
from proclivity.analysis.spread_verdict import NOT_TESTABLE
from proclivity.analysis.trend import ALL_TIES, ONE_LEVEL, PAGE, PAIRED, TOO_FEW, trend

SHARES = (0.25, 0.5, 0.75, 1.0)
SEEDS = np.arange(6)


def study(
    words: Callable[[Dose], float],
    choice: Callable[[Dose], float],
    n_seeds: int = 6,
    items: tuple[int, ...] = (54, 216),
    shares: tuple[float, ...] = SHARES,
) -> list[CurvePoint]:
    """A grid of doses; seeds differ by a little that is the same at every dose."""
    rng = np.random.default_rng(1)
    found = []
    for n in items:
        for share in shares:
            at, one = Point(n, 1, share, n // 16), Dose(n, 1, share)
            found.append(point("words", words(one) + 0.02 * rng.normal(size=n_seeds), at))
            found.append(point("choice", np.clip(choice(one) + 0.01 * rng.normal(size=n_seeds), 0, 1), at))
    return found


def test_page_by_hand() -> None:
    # Two seeds, ranks 1 2 3 and 1 3 2: R = 2, 5, 5; L = 2 + 2 * 5 + 3 * 5 = 27. Of the 36 pairs of orders L = 28 in 1
    # and 27 in 4, since a single order gives 14 once and 13 twice: p = 5/36.
    found = trend(np.array([[0.1, 0.2, 0.4], [1.0, 3.0, 2.0]]))
    assert (found.test, found.statistic) == (PAGE, 27)
    assert found.p_rises == pytest.approx(5 / 36)
    assert (found.n_seeds, found.n_levels) == (2, 3)


def test_page_on_a_published_table() -> None:
    # The table of ratings in SciPy's documentation of `page_trend_test`: L = 133.5, p = .0018.
    ratings = [
        [3, 4, 3],
        [2, 2, 4],
        [3, 3, 5],
        [1, 3, 2],
        [2, 3, 2],
        [2, 4, 5],
        [1, 2, 4],
        [3, 4, 4],
        [2, 4, 5],
        [1, 3, 4],
    ]
    found = trend(np.array(ratings, dtype=np.float64))
    assert found.statistic == 133.5
    assert found.p_rises == pytest.approx(0.00182, abs=1e-5)


def test_two_levels_by_a_paired_t() -> None:
    # Changes 1, 2, 3: mean 2, s = 1, t = 2 sqrt(3) on 2 degrees of freedom, one-sided p = .0371.
    found = trend(np.array([[0.0, 1.0], [0.0, 2.0], [0.0, 3.0]]))
    assert (found.test, found.statistic) == (PAIRED, pytest.approx(2 * np.sqrt(3)))
    assert found.p_rises == pytest.approx(0.03709, abs=1e-5)
    assert found.p_falls == pytest.approx(1 - found.p_rises)


@given(arrays(np.float64, (4, 4), elements=st.integers(-9, 9)), st.permutations(range(4)))
def test_page_asks_for_an_order_alone(values: np.ndarray, order: list[int]) -> None:
    plain = trend(values)
    assert trend(values[order]) == pytest.approx(plain, nan_ok=True)
    # Another increasing transformation in each seed.
    bent = np.exp(values / 5) * np.array([[1.0], [2.0], [5.0], [0.5]])
    assert trend(bent)[1:4] == pytest.approx(plain[1:4], nan_ok=True)
    turned = trend(values[:, ::-1])
    assert turned.p_rises == pytest.approx(plain.p_falls, nan_ok=True)


def test_what_can_not_be_tested_says_why() -> None:
    assert trend(np.ones((6, 4))).reason == ALL_TIES
    assert trend(np.ones((6, 1))).reason == ONE_LEVEL
    assert trend(np.array([[1.0, 2.0, 3.0]])).reason == TOO_FEW
    assert trend(np.array([[1.0, 2.0, 3.0], [1.0, np.nan, 3.0]])).reason == TOO_FEW
    assert trend(np.empty((0, 3))).reason == TOO_FEW
    some_ties = trend(np.array([[0.0, 1.0, 1.0], [0.0, 0.5, 1.0]]))  # R = 2, 4.5, 5.5
    assert some_ties.statistic == 2 + 9 + 16.5


def test_a_slope_by_hand() -> None:
    # x = 0, .5, 1, y = 1, 1, 2: covariance .5 over variance .5.
    assert coefficient(np.array([1.0, 1.0, 2.0]), np.array([0.0, 0.5, 1.0])) == pytest.approx(1.0)
    # y = 3 x + 2 z exactly.
    x, z = np.array([0.0, 1.0, 0.0, 1.0]), np.array([1.0, 1.0, 2.0, 3.0])
    assert coefficient(3 * x + 2 * z, z, x) == pytest.approx(2.0)
    assert np.isnan(coefficient(x, np.ones(4)))
    assert np.isnan(coefficient(x, 2 * z + 1, z))
    assert np.isnan(coefficient(x[:2], z[:2]))


@given(st.floats(0.1, 10), st.floats(-5, 5))
def test_a_slope_scales_with_words_and_ignores_their_origin(scale: float, origin: float) -> None:
    x, y = np.array([0.0, 0.3, 0.5, 1.0]), np.array([0.1, 0.5, 0.2, 0.9])
    assert coefficient(scale * y + origin, x) == pytest.approx(scale * coefficient(y, x), rel=1e-6)


def test_more_training_has_the_sign_of_the_residuals_regressed_on_it() -> None:
    grid = dose_grid(study(lambda d: 0.3 * d.share + 0.1 * np.log2(d.items), lambda d: 0.8 * d.share), "depression")
    found = policy_slope(grid)
    assert found.more_training.estimate == pytest.approx(0.1, abs=0.02)
    assert found.slope.estimate == pytest.approx(0.3 / 0.8, abs=0.1)


def test_words_that_follow_choices_rise_with_dose() -> None:
    found = dose(study(lambda d: 1.5 * d.share, lambda d: 0.9 * d.share), DEPRESSION, DESIGN)
    assert found is not None
    assert (found["verdict"], found["kind"]) == (RISES, "dose")
    numbers = found["numbers"]
    assert (numbers["deciding"], numbers["n_doses"]) == ("share", 8)
    assert numbers["axes"]["share"]["words"]["statistic"] == 6 * (1 + 4 + 9 + 16)
    assert numbers["axes"]["share"]["at"] == {"items": 216, "epochs": 1}
    assert numbers["slope"]["estimate"] == pytest.approx(1.5 / 0.9, rel=0.05)
    assert "4 doses, 6 seeds" in found["sentence"]
    json.dumps(found, allow_nan=False)


def test_the_mirror_and_the_null() -> None:
    falls = dose(study(lambda d: -d.share, lambda d: d.share), DEPRESSION, DESIGN)
    still = dose(study(lambda d: 0.0, lambda d: d.share), DEPRESSION, DESIGN)
    assert falls is not None
    assert still is not None
    assert (falls["verdict"], still["verdict"]) == (FALLS, NO_TREND)


def test_without_shares_the_axis_with_most_levels_decides() -> None:
    points = study(lambda d: np.log2(d.items), lambda d: d.items / 500, items=(54, 108, 216), shares=(1.0,))
    found = dose(points, DEPRESSION, DESIGN)
    assert found is not None
    assert (found["verdict"], found["numbers"]["deciding"]) == (RISES, "items")


def test_fewer_than_three_doses_have_no_verdict() -> None:
    assert dose(study(lambda d: d.share, lambda d: d.share, items=(54,), shares=(0.5, 1.0)), DEPRESSION, DESIGN) is None
    assert dose([], DEPRESSION, DESIGN) is None


@pytest.mark.parametrize("n_seeds", [1, 2, 5])
def test_few_seeds_give_estimates_and_no_verdict(n_seeds: int) -> None:
    found = dose(study(lambda d: d.share, lambda d: d.share, n_seeds), DEPRESSION, DESIGN)
    assert found is not None
    assert found["verdict"] == TOO_FEW_SEEDS
    assert found["numbers"]["slope"]["estimate"] == pytest.approx(1, abs=0.1)
    json.dumps(found, allow_nan=False)


def test_a_choice_rate_that_never_differs_has_no_slope() -> None:
    found = dose(study(lambda d: d.share, lambda d: 2.0), DEPRESSION, DESIGN)  # held at 1
    assert found is not None
    assert found["verdict"] == NOT_TESTABLE
    assert "have no slope" in found["sentence"]


def test_missing_cells_are_left_out_and_seeds_counted() -> None:
    points = study(lambda d: d.share, lambda d: d.share)
    kept = [p for p in points if (p.point.items, p.point.dose) != (216, 0.5)]
    one_short = point("words", [0.75] * 5, Point(216, 1, 0.75, 13), seeds=[0, 1, 2, 3, 4])
    kept = [one_short if (p.quantity, p.point) == ("words", one_short.point) else p for p in kept]
    found = dose(kept, DEPRESSION, DESIGN)
    assert found is not None
    words = found["numbers"]["axes"]["share"]["words"]
    assert (words["n_levels"], words["n_seeds"]) == (3, 5)
    assert found["verdict"] == TOO_FEW_SEEDS


def test_the_end_of_training_counts_and_not_the_way() -> None:
    early = [point("words", [9.0] * 6, Point(216, 1, share, 1)) for share in SHARES]
    grid = dose_grid([*early, *study(lambda d: d.share, lambda d: d.share)], "depression")
    assert grid.words.max() < 1.2
    assert len(grid.doses) == 8


@pytest.mark.parametrize(("height", "word"), [(1.0, RISES), (0.1, SMALL), (-0.1, SMALL), (-1.0, FALLS)])
def test_a_trend_within_delta_from_never_to_always_is_too_small_to_matter(height: float, word: str) -> None:
    found = dose(study(lambda one: height * one.share, lambda one: one.share), DEPRESSION, DESIGN)
    assert found is not None
    assert found["verdict"] == word
    assert ("by less than 0.2 nats from never to always" in found["sentence"]) == (word == SMALL)

"""The exponential fit: exact curves give themselves back, scaling, what isn't claimed, and how often intervals hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from proclivity.analysis.decay import FEW_POINTS, NO_DECAY, NOT_FINITE, UNSTABLE, decay_over_seeds, fit_decay
from proclivity.analysis.jackknife import NO_RATIO, ONE_SEED, jackknife, ratio

STEPS = np.array([0.0, 2, 4, 8, 16, 32, 64])


def exact(start: float, rest: float, half_life: float, steps: np.ndarray = STEPS) -> np.ndarray:
    return rest + (start - rest) * 2.0 ** (-steps / half_life)


def test_an_exact_curve_gives_itself_back() -> None:
    # Half-life 8: 1.2, then .3 + .9/2 = .75 at 8, .525 at 16; tau = 8/ln 2.
    values = exact(1.2, 0.3, 8.0)
    assert values[[0, 3, 4]] == pytest.approx([1.2, 0.75, 0.525])
    found = fit_decay(STEPS, values)
    assert (found.start, found.rest, found.half_life) == pytest.approx((1.2, 0.3, 8.0), rel=1e-5)
    assert found.remains == pytest.approx(0.25, rel=1e-5)
    assert found.reason == ""


def test_jackknife_of_a_mean_is_the_t_interval() -> None:
    values = np.array([1.0, 2.0, 4.0, 7.0])
    without = np.array([np.delete(values, s).mean() for s in range(4)])
    found = jackknife(values.mean(), without)
    assert (found.low, found.high) == pytest.approx(stats.t.interval(0.95, 3, values.mean(), stats.sem(values)))


def test_ratio_by_hand() -> None:
    # 3/6; without the first 4/4 and without the second 2/8: jackknife variance (1/2) · 2 · .375² = .140625.
    found = ratio(np.array([2.0, 4.0]), np.array([8.0, 4.0]))
    assert found.value == 0.5
    assert found.high - found.value == pytest.approx(stats.t.ppf(0.975, 1) * 0.375)
    one = ratio(np.array([1.0]), np.array([2.0]))
    assert (one.value, one.reason) == (0.5, ONE_SEED)
    assert np.isnan(one.low)
    assert ratio(np.array([1.0, 2.0]), np.array([1.0, -1.0])).reason == NO_RATIO


@settings(max_examples=40, deadline=None)
@given(st.floats(2.5, 60), st.floats(0.5, 4), st.floats(-0.5, 0.9), st.floats(0.1, 50), st.floats(0.1, 50))
def test_units_of_words_and_of_steps(half_life: float, start: float, share: float, nats: float, pace: float) -> None:
    values = exact(start, share * start, half_life)
    found, scaled = fit_decay(STEPS, values), fit_decay(STEPS * pace, values * nats)
    assert scaled.half_life == pytest.approx(found.half_life * pace, rel=1e-3)
    assert scaled.start == pytest.approx(found.start * nats, rel=1e-3)
    assert scaled.remains == pytest.approx(found.remains, abs=1e-3)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.1, 20))
def test_units_with_misfit_and_seeds(factor: float) -> None:
    rng = np.random.default_rng(1)
    by_seed = exact(1.2, 0.3, 8.0) + 0.05 * rng.normal(size=(6, 7))
    found, words = decay_over_seeds(STEPS, by_seed), decay_over_seeds(STEPS, by_seed * factor)
    assert words.half_life[:3] == pytest.approx(found.half_life[:3], rel=1e-3)
    assert words.remains[:3] == pytest.approx(found.remains[:3], abs=1e-3)
    turned = decay_over_seeds(STEPS, by_seed[::-1])
    assert turned.half_life[:3] == pytest.approx(found.half_life[:3])


def test_no_decay_in_a_curve_that_rises_or_stands_still() -> None:
    assert fit_decay(STEPS, np.ones(7)).reason == NO_DECAY
    assert fit_decay(STEPS, np.zeros(7)).reason == NO_DECAY
    assert fit_decay(STEPS, exact(0.3, 1.2, 8.0)).reason == NO_DECAY
    assert np.isnan(fit_decay(STEPS, exact(0.3, 1.2, 8.0)).half_life)


def test_longer_and_shorter_than_what_was_measured_are_no_numbers() -> None:
    long = decay_over_seeds(STEPS, np.tile(1.0 - STEPS / 200, (6, 1)))
    assert long.half_life.reason == "half-life beyond what was measured (> 64 steps)"
    assert np.isnan([long.half_life.value, long.remains.value]).all()
    short = decay_over_seeds(STEPS, np.tile([1.0, 0, 0, 0, 0, 0, 0], (6, 1)))
    assert short.half_life.reason == "half-life shorter than the first step measured (< 2 steps)"
    assert np.isnan(short.half_life.value)


def test_hard_cases() -> None:
    values = exact(1.2, 0.3, 8.0)
    assert fit_decay(STEPS[:3], values[:3]).reason == FEW_POINTS
    assert fit_decay(STEPS[:1], values[:1]).reason == FEW_POINTS
    for bad in (np.nan, np.inf):
        assert fit_decay(STEPS, np.append(values[:-1], bad)).reason == NOT_FINITE
    one = decay_over_seeds(STEPS, values[None])
    assert (one.half_life.value, one.half_life.reason) == (pytest.approx(8.0, rel=1e-4), ONE_SEED)
    assert np.isnan(one.half_life.low)
    same = decay_over_seeds(STEPS, np.tile(values, (6, 1)))
    assert (same.half_life.low, same.half_life.high) == pytest.approx((8.0, 8.0), rel=1e-4)


def test_one_seed_that_carries_the_fall_leaves_no_interval() -> None:
    rising = np.tile(0.01 * STEPS / 64, (5, 1))
    found = decay_over_seeds(STEPS, np.vstack([rising, exact(1.2, 0.3, 8.0)]))
    assert found.half_life.reason == UNSTABLE
    assert np.isnan(found.half_life.low)


def test_bounds_outside_the_measured_steps_are_open() -> None:
    rng = np.random.default_rng(4)
    by_seed = exact(1.2, 0.0, 40.0) + 0.08 * rng.normal(size=(6, 7))
    found = decay_over_seeds(STEPS, by_seed).half_life
    assert found.high == np.inf or found.high <= 64
    assert found.low == 0 or found.low >= 2


def test_intervals_hold_the_truth() -> None:
    """In 100 studies of six seeds: half-life 10 and a quarter left, seeds of unlike starts, paces and noise."""
    rng, half, left, without = np.random.default_rng(2), 0, 0, 0
    for _ in range(100):
        start = 1.2 + 0.2 * rng.normal(size=(6, 1))
        rest = 0.3 + 0.1 * rng.normal(size=(6, 1))
        pace = 10.0 * np.exp(0.2 * rng.normal(size=(6, 1)))
        by_seed = rest + (start - rest) * 2.0 ** (-STEPS / pace) + 0.1 * rng.normal(size=(6, 7))
        found = decay_over_seeds(STEPS, by_seed)
        without += bool(found.half_life.reason)
        half += found.half_life.low <= 10.0 <= found.half_life.high
        left += found.remains.low <= 0.25 <= found.remains.high
    assert without <= 5
    assert half >= 88
    assert left >= 88

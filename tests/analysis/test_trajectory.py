"""Lags of words behind choices: by hand, what they must not depend on, and seeds that have none."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from known_curves import DEPRESSION, DESIGN, point, untrained

from proclivity.analysis.curves import CurvePoint, Point
from proclivity.analysis.half_way import area_between, half_way, octaves
from proclivity.analysis.mean_course import mean_lag
from proclivity.analysis.specificity import TOO_FEW_SEEDS
from proclivity.analysis.spread_verdict import NOT_TESTABLE
from proclivity.analysis.trajectory import AFTER, BEFORE, NOT_MOVED, TOGETHER, UNDETERMINED, trajectory
from proclivity.analysis.trajectory_seeds import NO_CHOICE, NO_FINAL, NO_WORDS, course, seed_lags

STEPS = (1, 3, 7, 15, 31)
"""At 1 to 5 octaves."""


def study(words: Sequence[float], choice: Sequence[float], n_seeds: int = 6, spread: float = 0.02) -> list[CurvePoint]:
    """Words in nats and choice rates at the five steps; seeds differ by a factor at each step but the last."""
    rng = np.random.default_rng(2)
    found = [untrained(0.1)]
    for n, step in enumerate(STEPS):
        wobble = 1 + spread * rng.normal(size=(2, n_seeds)) * (n < len(STEPS) - 1)
        found.append(point("words", words[n] * wobble[0], Point(216, 2, 1.0, step)))
        found.append(point("choice", choice[n] * wobble[1], Point(216, 2, 1.0, step)))
    return found


def test_half_way_by_hand() -> None:
    # Step 0, 1, 3 stand at 0, 1, 2 octaves; .5 lies a quarter of the way from .4 to .8.
    assert octaves(np.array([0.0, 1.0, 3.0])) == pytest.approx([0, 1, 2])
    assert half_way(np.array([0.0, 1.0, 2.0]), np.array([0.0, 0.4, 0.8])) == pytest.approx(1.25)
    # The first crossing counts.
    assert half_way(np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 1.0, 0.2, 1.0])) == pytest.approx(0.5)
    assert np.isnan(half_way(np.array([0.0, 1.0]), np.array([0.0, 0.4])))
    assert np.isnan(half_way(np.array([0.0, 1.0]), np.array([0.0, np.nan])))


def test_the_area_is_the_lag_averaged_over_heights() -> None:
    # The same ramp, from 1 to 2 and from 2 to 3 octaves: every height is reached an octave later.
    places = np.array([0.0, 1.0, 2.0, 3.0])
    early, late = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 0.0, 0.0, 1.0])
    assert area_between(places, early, late) == pytest.approx(1.0)
    assert half_way(places, late) - half_way(places, early) == pytest.approx(1.0)


@given(st.floats(0.01, 100), st.permutations(range(6)))
def test_lags_ignore_units_and_the_order_of_seeds(scale: float, order: list[int]) -> None:
    words, choice = np.array([0.1, 0.2, 0.5, 0.9, 1.0]), np.array([0.2, 0.5, 0.9, 1.0, 1.0])
    plain = {seed.seed: seed.lag for seed in seed_lags(course(study(words, choice), "depression"))}
    other = [
        point(p.quantity, np.array(p.crossed.seed_estimates)[order] * (scale if p.quantity == "words" else 1), p.point,
              seeds=order)
        if p.arm != "base" else p
        for p in study(words, choice)
    ]  # fmt: skip
    assert {seed.seed: seed.lag for seed in seed_lags(course(other, "depression"))} == pytest.approx(plain)


@pytest.mark.parametrize(
    ("words", "choice", "word"),
    [
        ((0.05, 0.1, 0.2, 0.4, 1.0), (0.2, 0.6, 0.9, 1.0, 1.0), AFTER),
        ((0.5, 0.8, 1.0, 1.0, 1.0), (0.11, 0.12, 0.2, 0.6, 1.0), BEFORE),
        ((0.1, 0.3, 0.6, 0.9, 1.0), (0.19, 0.37, 0.64, 0.91, 1.0), TOGETHER),
        ((0.0, 0.0, 0.0, 0.0, 0.0), (0.2, 0.6, 0.9, 1.0, 1.0), NOT_MOVED),
    ],
)
def test_verdicts(words: Sequence[float], choice: Sequence[float], word: str) -> None:
    found = trajectory(study(words, choice), DEPRESSION, DESIGN)
    assert found is not None
    assert (found["kind"], found["verdict"]) == ("trajectory", word)
    assert ("lag" in found["numbers"]) is (word != NOT_MOVED)
    json.dumps(found, allow_nan=False)


def test_a_lag_by_hand_and_its_smallest_p() -> None:
    # Choices: progress 0, .5 at 1 octave. Words: .25 at 3 octaves, 1 at 4, so half-way at 3 1/3.
    found = trajectory(study((0.0, 0.0, 0.25, 1.0, 1.0), (0.55, 1.0, 1.0, 1.0, 1.0), spread=0.0), DEPRESSION, DESIGN)
    assert found is not None
    lag = found["numbers"]["lag"]
    assert lag["estimate"] == pytest.approx(7 / 3)
    own = found["numbers"]["own_lags"]
    assert own["estimate"] == pytest.approx(7 / 3)
    assert (own["p_sign_flip"], own["p_smallest"]) == (2 / 64, 2 / 64)
    assert "6 seeds" in found["sentence"]


def test_the_lag_of_the_mean_curves_and_its_jackknife_by_hand() -> None:
    """Choices half-way at 1 octave; words half-way at 2 and at 2.5 by turns, steps 1, 3, 7.

    Mean words 0, .125, .5 have gone 0, ¼, 1 of the way: half-way at 2⅓. Without a seed of the first kind ⅕ at two
    octaves, half-way at 2.375; without one of the second .3, half-way at 2.2857. Pseudo-values 6 · 2⅓ − 5 · 2.375 − 1 =
    1.125 and 1.5714: mean 1.3482, standard deviation .2445, standard error .0998, t(5) = 2.5706.
    """
    points = [untrained(0.2)]
    for step, rate, first, second in ((1, 0.6, 0.0, 0.0), (3, 1.0, 0.25, 0.0), (7, 1.0, 0.5, 0.5)):
        points.append(point("choice", [rate] * 6, Point(216, 2, 1.0, step)))
        points.append(point("words", [first, second] * 3, Point(216, 2, 1.0, step)))
    found = trajectory(points, DEPRESSION, DESIGN)
    assert found is not None
    lag = found["numbers"]["lag"]
    assert lag["seed_estimates"] == pytest.approx([1.125, 11 / 7] * 3)
    assert lag["estimate"] == pytest.approx(1.34821, abs=1e-5)
    assert lag["high"] == pytest.approx(1.34821 + 2.5706 * 0.09982, rel=1e-4)
    assert found["numbers"]["own_lags"]["seed_estimates"] == pytest.approx([1, 1.5] * 3)
    assert found["verdict"] == AFTER


def test_noise_brings_seeds_own_lags_forward_and_not_that_of_the_mean_curves() -> None:
    """The true lag is 0; words rise by .5 with SD .15 at each step."""
    rng = np.random.default_rng(3)
    rise = np.array([0.1, 0.35, 0.7, 0.95, 1.0])
    own, mean = [], []
    for _ in range(200):
        points = [untrained(0.2)]
        for step, share in zip(STEPS, rise, strict=True):
            at = Point(216, 2, 1.0, step)
            points.append(point("choice", [0.2 + 0.7 * share] * 6, at))
            points.append(point("words", 0.5 * share + 0.15 * rng.normal(size=6), at))
        mean.append(mean_lag(course(points, "depression")).lag.estimate)
        own.append(np.nanmean([seed.lag for seed in seed_lags(course(points, "depression"))]))
    assert np.mean(own) < -0.1
    assert abs(np.nanmean(mean)) < abs(np.mean(own)) / 2


def test_seeds_that_disagree_leave_the_order_open() -> None:
    early, late = np.array([0.6, 0.9, 1, 1, 1]), np.array([0.0, 0.0, 0.1, 0.4, 1])
    found = [untrained(0.0)]
    for n, step in enumerate(STEPS):
        at = Point(216, 2, 1.0, step)
        found.append(point("words", [early[n], late[n]] * 3, at))
        found.append(point("choice", [late[n], early[n]] * 3, at))
    said = trajectory(found, DEPRESSION, DESIGN)
    assert said is not None
    assert said["verdict"] == UNDETERMINED
    assert said["numbers"]["lag"]["estimate"] == pytest.approx(0, abs=1e-9)
    assert said["numbers"]["own_lags"]["p_sign_flip"] == 1


@pytest.mark.parametrize("n_seeds", [1, 5])
def test_few_seeds_give_a_lag_and_no_verdict(n_seeds: int) -> None:
    found = trajectory(study((0.05, 0.1, 0.2, 0.4, 1.0), (0.2, 0.6, 0.9, 1.0, 1.0), n_seeds), DEPRESSION, DESIGN)
    assert found is not None
    assert found["verdict"] == TOO_FEW_SEEDS
    assert found["numbers"]["lag"]["estimate"] > 1
    json.dumps(found, allow_nan=False)


def test_seeds_without_a_lag_are_counted() -> None:
    points = study((0.05, 0.1, 0.2, 0.4, 1.0), (0.2, 0.6, 0.9, 1.0, 1.0), n_seeds=8)
    at = Point(216, 2, 1.0, 31)
    words = point("words", [-0.1, 1, 1, 1, 1, 1, 1], at, seeds=[0, 1, 2, 3, 4, 5, 6])
    choice = point("choice", [1, 0.05, 1, 1, 1, 1, 1, 1], at)
    replaced = {("words", at): words, ("choice", at): choice}
    points = [replaced.get((p.quantity, p.point), p) for p in points]
    reasons = {seed.seed: seed.reason for seed in seed_lags(course(points, "depression")) if seed.reason}
    assert reasons == {0: NO_WORDS, 1: NO_CHOICE, 7: NO_FINAL}
    found = trajectory(points, DEPRESSION, DESIGN)
    assert found is not None
    assert found["verdict"] == TOO_FEW_SEEDS  # five remain
    assert NO_WORDS in found["sentence"]


def test_both_half_way_before_the_first_checkpoint_is_said() -> None:
    found = trajectory(study((0.6, 0.8, 1.0, 1.0, 1.0), (0.9, 1.0, 1.0, 1.0, 1.0)), DEPRESSION, DESIGN)
    assert found is not None
    assert "rests on interpolation" in found["sentence"]


def test_no_untrained_rate_no_order() -> None:
    points = [p for p in study((0.05, 0.1, 0.2, 0.4, 1.0), (0.2, 0.6, 0.9, 1.0, 1.0)) if p.arm != "base"]
    found = trajectory(points, DEPRESSION, DESIGN)
    assert found is not None
    assert found["verdict"] == NOT_TESTABLE
    json.dumps(found, allow_nan=False)


def test_two_steps_are_no_trajectory() -> None:
    points = [p for p in study((0.1, 0.2, 0.5, 0.9, 1.0), (0.2, 0.6, 0.9, 1.0, 1.0)) if p.point.step not in (1, 3, 7)]
    assert trajectory(points, DEPRESSION, DESIGN) is None

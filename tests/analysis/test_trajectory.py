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
    assert (lag["p_sign_flip"], lag["p_smallest"]) == (2 / 64, 2 / 64)
    assert "6 seeds" in found["sentence"]


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
    assert said["numbers"]["lag"]["p_sign_flip"] == 1


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

"""Every verdict of the rules by constructed effects, then the index."""

from __future__ import annotations

import numpy as np
import pytest

from proclivity.analysis.intervals import CrossedEstimate
from proclivity.analysis.specificity import (
    ProfilePair,
    index_with_interval,
    off_target_states,
    specificity,
    specificity_index,
)


def effect(estimate: float, se: float = 0.03, n_seeds: int = 6) -> CrossedEstimate:
    return CrossedEstimate(estimate, se, 20.0, (estimate,) * n_seeds, n_seeds, 40)


def pair(on: float, off: float, difference: float, se: float = 0.03, n_seeds: int = 6) -> ProfilePair:
    """Two profiles alike: the same on-target, off-target and difference effects."""
    parts = [effect(x, se, n_seeds) for x in (on, on, off, off, difference, difference)]
    return ProfilePair(*parts)


@pytest.mark.parametrize(
    ("on", "off", "difference", "se", "expected"),
    [
        (1.0, 0.0, 1.0, 0.03, "full"),
        (1.0, -0.4, 1.4, 0.03, "full"),
        (1.0, 0.5, 0.5, 0.03, "partial"),
        (1.0, 0.15, 0.85, 0.1, "dissociated, spillover undetermined"),
        (1.0, 1.0, 0.0, 0.03, "generic"),
        (-0.3, 1.0, -1.3, 0.03, "swapped"),
        (0.0, 1.0, -1.0, 0.03, "swapped"),
        (0.0, 0.0, 0.0, 0.03, "none"),
        (0.3, 0.0, 0.3, 0.5, "inconclusive"),
        (-1.0, 0.0, -1.0, 0.03, "inconclusive"),
    ],
)
def test_verdicts(on: float, off: float, difference: float, se: float, expected: str) -> None:
    assert specificity(pair(on, off, difference, se)).verdict == expected


def test_one_profile_alone_does_not_dissociate() -> None:
    whole = pair(1.0, 0.0, 1.0)
    half = ProfilePair(whole.on_first, effect(0.0), whole.off_first, effect(0.0), whole.difference_first, effect(0.0))
    assert specificity(half).verdict == "inconclusive"


def test_five_seeds_are_too_few() -> None:
    assert specificity(pair(1.0, 0.0, 1.0, n_seeds=5)).verdict == "not replicated enough"


def test_unmeasured_effect_is_inconclusive() -> None:
    whole = pair(1.0, 0.0, 1.0)
    gap = CrossedEstimate(float("nan"), float("nan"), float("nan"), (), 6, 0)
    holed = ProfilePair(gap, *whole.all()[1:])
    assert specificity(holed).verdict == "inconclusive"


def test_off_target_states() -> None:
    found = off_target_states([effect(0.5), effect(0.0), effect(-0.5), effect(0.2, 0.2)], delta=0.2)
    assert found == ["same-direction", "absent", "absent, opposite", "undetermined"]


def test_holm_counts_the_cells() -> None:
    # One-sided p of t = 1.9 on 20 df is .036: above 0 alone, not beside three like it (4 x .036).
    assert off_target_states([effect(1.9, 1.0)], 0.2) == ["same-direction"]
    assert off_target_states([effect(1.9, 1.0)] * 4, 0.2) == ["undetermined"] * 4


def test_index_by_hand() -> None:
    # Diagonal mean 1, off-diagonal mean .25: (1 - .25)/(1 + .25) = .6.
    assert specificity_index(np.array([[0.8, 0.5], [0.0, 1.2]])) == pytest.approx(0.6)
    assert specificity_index(np.eye(2)) == 1.0
    assert specificity_index(np.ones((2, 2))) == 0.0
    assert np.isnan(specificity_index(np.array([[1.0, 0.0], [0.0, -1.0]])))
    assert np.isnan(specificity_index(np.array([[1.0]])))


def test_index_interval() -> None:
    by_seed = np.array([[[1.0, 0.2], [0.1, 1.0]]] * 6) + 0.05 * np.random.default_rng(0).normal(size=(6, 2, 2))
    found = index_with_interval(by_seed, np.random.default_rng(1), draws=200)
    assert found.low < found.value < found.high
    assert found.undefined_share == 0
    assert np.isnan(index_with_interval(by_seed[:1], np.random.default_rng(1)).low)


@pytest.mark.parametrize(
    ("on", "off", "difference", "verdict"),
    [
        # Dissociated: own effect and difference 1.725 standard errors above 0; off target nothing, surely below 10.
        (1.75, 0.0, 1.75, "full"),
        (1.70, 0.0, 1.75, "none"),
        (1.75, 0.0, 1.70, "none"),
        # Partial: off target above 0. Holm of two equal p asks for 2.5 % one-sided each: 2.086.
        (3.0, 2.10, 3.0, "partial"),
        (3.0, 2.05, 3.0, "full"),
        # Generic: own and other effect 2.086 above 0, and a difference 2.086 below the margin.
        (2.10, 2.10, 0.0, "generic"),
        (2.05, 2.10, 0.0, "none"),
        # None: both own effects 1.725 inside the margin.
        (8.25, 0.0, 0.0, "none"),
        (8.30, 0.0, 0.0, "inconclusive"),
        (-8.25, 0.0, 0.0, "none"),
        (-8.30, 0.0, 0.0, "inconclusive"),
        # Swapped: off target 1.725 above 0, differences as far below.
        (0.0, 1.75, -1.75, "swapped"),
        (0.0, 1.70, -1.75, "none"),
        (0.0, 1.75, -1.70, "none"),
    ],
)
def test_the_rules_turn_where_the_t_table_says(on: float, off: float, difference: float, verdict: str) -> None:
    # Standard error 1 on 20 df: t = 1.725 (one-sided 5 %) and 2.086 (2.5 %).
    assert specificity(pair(on, off, difference, se=1.0), delta=10.0).verdict == verdict


def test_generic_needs_one_difference_surely_below_the_margin() -> None:
    # 7.90 + 2.086 lies below 10, 7.95 + 2.086 doesn't; the second profile's own effect is not clear of 0.
    def verdict(difference: float) -> str:
        raised, unclear = effect(3.0, 1.0), effect(1.0, 1.0)
        differences = (effect(difference, 1.0), effect(9.0, 1.0))
        return specificity(ProfilePair(raised, unclear, raised, raised, *differences), delta=10.0).verdict

    assert (verdict(7.90), verdict(7.95)) == ("generic", "none")


def test_spillover_is_undetermined_where_its_bound_passes_the_margin() -> None:
    # 1.70 is not above 0, and 1.70 + 1.725 = 3.425.
    found = [specificity(pair(3.0, 1.7, 3.0, se=1.0), delta=delta).verdict for delta in (3.5, 3.4)]
    assert found == ["full", "dissociated, spillover undetermined"]


def test_off_target_states_turn_where_the_t_table_says() -> None:
    def state(estimate: float, delta: float) -> str:
        return off_target_states([effect(estimate, 1.0)], delta)[0]

    assert (state(1.70, 3.5), state(1.70, 3.4)) == ("absent", "undetermined")  # 1.7 + 1.725 = 3.425
    assert (state(1.75, 3.5), state(-1.75, 3.5), state(-1.70, 3.5)) == ("same-direction", "absent, opposite", "absent")


def test_index_interval_by_hand() -> None:
    # Two seeds with indices (1 - 0)/1 = 1 and (1 - .5)/1.5 = 1/3; drawn twice each is drawn alone in 1 of 4.
    by_seed = np.array([np.eye(2), [[1.0, 0.5], [0.5, 1.0]]])
    found = index_with_interval(by_seed, np.random.default_rng(0), draws=400)
    assert found == pytest.approx((0.75 / 1.25, 1 / 3, 1.0, 0.0))
    # A seed whose own effects fall: the index is undefined in the quarter of draws that hold it alone.
    falling = np.array([3 * np.eye(2), -np.eye(2)])
    found = index_with_interval(falling, np.random.default_rng(0), draws=4000)
    assert found.undefined_share == pytest.approx(0.25, abs=0.03)
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)

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

"""Variance components, alpha and omega: designs worked by hand, known truths recovered."""

from __future__ import annotations

import numpy as np
import pytest

from proclivity.metrics import cronbach_alpha, generalizability, omega_one_factor
from proclivity.metrics.reliability import EFFECTS, HEYWOOD

TWO = np.array([-1.0, 1.0])
"""Two levels of variance 2."""


def design(arm=0.0, seed=0.0, item=0.0, wrapper=0.0):
    """2 × 2 × 2 × 2 ratings from single effects of variance 2 times the square of each size."""
    a, s, i, w = np.ix_(TWO, TWO, TWO, TWO)
    return 3 + arm * a + seed * s + item * i + wrapper * w + 0 * a * s * i * w


def test_arms_alone_are_perfectly_told_apart():
    found = generalizability(design(arm=1))
    assert found.components["arm"] == pytest.approx(2)
    assert sum(found.components.values()) == pytest.approx(2)
    assert (found.relative, found.absolute, found.between_seed_sd) == (pytest.approx(1), pytest.approx(1), 0)
    assert found.truncated == ()


def test_items_and_wrappers_hurt_levels_and_not_ranks():
    # σ²(arm) = 2; items 2, wrappers 8, each averaged over two: Δ = 1 + 4.
    found = generalizability(design(arm=1, item=1, wrapper=2))
    assert (found.components["item"], found.components["wrapper"]) == (pytest.approx(2), pytest.approx(8))
    assert found.relative == pytest.approx(1)
    assert found.absolute == pytest.approx(2 / (2 + 1 + 4))


def test_seeds_hurt_both_by_hand():
    # Arms' means vary by 2, of which seeds explain 2/2: σ²(arm) = 1, σ²(seed:arm) = 2, averaged over two seeds: 1.
    found = generalizability(design(arm=1, seed=1))
    assert (found.components["arm"], found.components["seed:arm"]) == (pytest.approx(1), pytest.approx(2))
    assert found.relative == found.absolute == pytest.approx(0.5)
    assert found.between_seed_sd == pytest.approx(np.sqrt(2))


def test_a_negative_component_is_nought_and_said():
    # No arms' effect at all: σ²(arm) = 0 − 2/2.
    found = generalizability(design(seed=1))
    assert found.components["arm"] == 0
    assert found.truncated == ("arm",)
    assert found.relative == 0


def test_known_components_are_recovered():
    rng = np.random.default_rng(0)
    shape = dict(zip("asiw", (40, 12, 20, 12), strict=True))
    truth = dict(zip(EFFECTS, (1.0, 0.5, 0.8, 0.3, 0.4, 0.6, 0.2, 0.3, 0.7, 0.5, 1.0), strict=True))
    ratings = np.zeros(tuple(shape.values()))
    for name, letters in EFFECTS.items():
        size = tuple(n if letter in letters else 1 for letter, n in shape.items())
        ratings += np.sqrt(truth[name]) * rng.normal(size=size)
    found = generalizability(ratings)
    for name in EFFECTS:
        few = 0.6 if name in ("arm", "item", "wrapper") else 0.15
        assert found.components[name] == pytest.approx(truth[name], rel=few), name
    assert found.absolute < found.relative < 1


def test_seeds_are_nested():
    # Swapping the seeds of one arm changes nothing: the same index in two arms isn't the same seed.
    ratings = np.random.default_rng(1).normal(size=(3, 4, 2, 3))
    swapped = ratings.copy()
    swapped[1] = swapped[1, ::-1]
    first, second = generalizability(ratings), generalizability(swapped)
    for name, value in first.components.items():
        assert second.components[name] == pytest.approx(value, abs=1e-12)


def test_what_cant_be_analysed_has_a_reason():
    ratings = design(arm=1)
    assert generalizability(ratings[:, :1]).reason == "fewer than two seeds"
    assert np.isnan(generalizability(ratings[:, :1]).relative)
    ratings[0, 0, 0, 0] = np.nan
    assert generalizability(ratings).reason == "incomplete: 1 ratings are missing"
    assert generalizability(design()).reason == "nothing varies"
    with pytest.raises(ValueError, match="4 axes"):
        generalizability([[1.0]])


def test_alpha_by_hand():
    # Items (0, 2, 4) and (1, 2, 6): variances 4 and 7, sums 1, 4, 10 of variance 21: 2·(1 − 11/21).
    assert cronbach_alpha([[0, 1], [2, 2], [4, 6]]) == pytest.approx(20 / 21)
    assert cronbach_alpha([[1, 1], [2, 2], [3, 3]]) == pytest.approx(1)
    assert np.isnan(cronbach_alpha([[1, 3], [2, 2], [3, 1]]))  # the sum doesn't vary
    assert np.isnan(cronbach_alpha([[1, 2]]))


def with_covariance(wanted, n=50):
    """Data whose sample covariances are exactly as given."""
    raw = np.random.default_rng(2).normal(size=(n, len(wanted)))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw, rowvar=False))).T
    return white @ np.linalg.cholesky(wanted).T


def test_omega_by_hand():
    loadings, unique = np.array([1.0, 0.8, 0.6, 0.4]), np.array([0.5, 0.6, 0.7, 0.8])
    data = with_covariance(np.outer(loadings, loadings) + np.diag(unique))
    found = omega_one_factor(data)
    assert found.loadings == pytest.approx(loadings, abs=1e-6)
    assert found.omega == pytest.approx(2.8**2 / (2.8**2 + 2.6), abs=1e-6)
    assert cronbach_alpha(data) < found.omega  # unequal loadings: alpha is a lower bound
    assert found.reason == ""


def test_equal_loadings_make_alpha_and_omega_the_same():
    data = with_covariance(np.full((4, 4), 0.5) + np.eye(4) * 0.5)
    assert omega_one_factor(data).omega == pytest.approx(cronbach_alpha(data), abs=1e-6)
    assert omega_one_factor(data).omega == pytest.approx(4 * 0.5 / (4 * 0.5 + 0.5))  # Spearman–Brown


def test_omega_says_what_is_wrong():
    assert omega_one_factor([[1, 2], [2, 3], [3, 5]]).reason == "fewer than three items or objects"
    assert omega_one_factor(np.ones((5, 3))).reason == "an item doesn't vary"
    assert omega_one_factor(np.full((5, 3), np.nan)).reason == "incomplete"
    same = np.random.default_rng(3).normal(size=(9, 1)) * [1.0, 2.0, 3.0]
    assert omega_one_factor(same).omega == pytest.approx(1, abs=1e-6)
    impossible = with_covariance(np.array([[1.0, 0.85, 0.85], [0.85, 1.0, 0.5], [0.85, 0.5, 1.0]]))  # λ₁² = 1.445
    assert omega_one_factor(impossible).reason == HEYWOOD

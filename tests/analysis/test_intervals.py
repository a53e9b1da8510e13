"""Crossed intervals: a matrix worked by hand, limits, and coverage on simulated studies."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from proclivity.analysis.intervals import (
    MEANS_AGREE,
    NO_VARIANCE,
    NOTHING,
    ONE_CLUSTER,
    ONE_SEED,
    CrossedEstimate,
    crossed,
    interval,
    lower_bound,
    p_greater,
    p_less,
    p_two_sided,
    two_way_bootstrap,
    upper_bound,
)

TWO_BY_TWO = np.array([[1.0, 2.0], [3.0, 6.0]])


def test_two_by_two_by_hand() -> None:
    # Seed means 1.5 and 4.5: s^2 = 4.5, A = 4.5/2 = 2.25. Cluster means 2 and 4: s^2 = 2, B = 1.
    # Residuals +-.5: SS = 1 on 1 df, C = 1/4. Var = 2.25 + 1 - .25 = 3.
    # df = 9/(2.25^2/1 + 1^2/1 + .25^2/1) = 9/6.125.
    effect = crossed([TWO_BY_TWO])
    assert effect.estimate == 3.0
    assert effect.se == pytest.approx(np.sqrt(3))
    assert effect.df == pytest.approx(9 / 6.125)
    assert effect.seed_estimates == (1.5, 4.5)
    low, high = interval(effect, 0.95)
    half = stats.t.ppf(0.975, 9 / 6.125) * np.sqrt(3)
    assert (low, high) == pytest.approx((3 - half, 3 + half))
    assert p_two_sided(effect) == pytest.approx(2 * stats.t.sf(np.sqrt(3), 9 / 6.125))


def test_two_families_by_hand() -> None:
    # The second family is the first plus 1: seed means of the average 2 and 5, so A = 2.25 as before;
    # B = (1 + 1)/4 = .5 and C = (.25 + .25)/4 = .125. Var = 2.625; estimate (3 + 4)/2.
    effect = crossed([TWO_BY_TWO, TWO_BY_TWO + 1])
    assert effect.estimate == 3.5
    assert effect.se**2 == pytest.approx(2.625)
    # df = 2.625^2/(2.25^2 + 2 * .25^2 + 2 * .0625^2)
    assert effect.df == pytest.approx(2.625**2 / (5.0625 + 0.125 + 0.0078125))
    assert effect.n_clusters == 4


def test_variance_is_never_below_its_parts() -> None:
    # Rows (0, 1) and (1, 0): both sets of means agree, A = B = 0; residuals +-.5, SS = 1, C = 1/4, on 1 df.
    effect = crossed([np.array([[0.0, 1.0], [1.0, 0.0]])])
    assert (effect.se, effect.df) == pytest.approx((0.5, 1.0))
    assert effect.reason == MEANS_AGREE
    # Seeds alone differ: Var = A = s^2/S = 2/2.
    assert crossed([np.array([[0.0, 0.0], [2.0, 2.0]])]).se == pytest.approx(1.0)
    # Clusters alone differ: Var = B = 1, on I - 1 = 1 df.
    effect = crossed([np.array([[0.0, 2.0], [0.0, 2.0]])])
    assert (effect.se, effect.df) == pytest.approx((1.0, 1.0))


def test_bounds_fit_together() -> None:
    effect = crossed([TWO_BY_TWO])
    assert interval(effect, 0.9) == pytest.approx((lower_bound(effect, 0.95), upper_bound(effect, 0.95)))
    assert p_greater(effect) + p_less(effect) == pytest.approx(1.0)
    assert p_greater(effect, lower_bound(effect, 0.95)) == pytest.approx(0.05)
    assert p_less(effect, upper_bound(effect, 0.95)) == pytest.approx(0.05)


def test_one_seed_has_no_interval() -> None:
    effect = crossed([np.array([[1.0, 3.0]])])
    assert (effect.estimate, effect.reason) == (2.0, ONE_SEED)
    assert np.isnan([effect.se, *interval(effect), p_two_sided(effect)]).all()


def test_one_cluster_rests_on_seeds() -> None:
    effect = crossed([np.array([[1.0], [2.0], [3.0]])])
    assert effect.reason == ONE_CLUSTER
    assert (effect.se, effect.df) == pytest.approx((np.sqrt(1 / 3), 2.0))


def test_no_variance_leaves_the_estimate_as_its_bounds() -> None:
    effect = crossed([np.ones((6, 4))])
    assert effect.reason == NO_VARIANCE
    assert interval(effect) == (1.0, 1.0)
    assert (p_greater(effect), p_less(effect), p_two_sided(effect)) == (0.0, 1.0, 0.0)
    assert p_two_sided(crossed([np.zeros((6, 4))])) == 1.0


def test_nothing_to_average() -> None:
    for matrices in ([], [np.zeros((0, 0))], [np.zeros((3, 0))]):
        effect = crossed(matrices)
        assert np.isnan(effect.estimate)
        assert effect.reason == NOTHING


def simulated(rng: np.random.Generator, clusters: tuple[int, ...], n_seeds: int = 6) -> list[np.ndarray]:
    """Truth 0; seed SD .3, cluster SD .5, residual SD .5."""
    seeds = 0.3 * rng.normal(size=(n_seeds, 1))
    return [seeds + 0.5 * rng.normal(size=n) + 0.5 * rng.normal(size=(n_seeds, n)) for n in clusters]


@pytest.mark.parametrize("clusters", [(60,), (10, 20, 30)])
def test_coverage(clusters: tuple[int, ...]) -> None:
    # 400 studies: a true coverage of .95 stays within .95 +- .033 (3 standard errors) nearly always.
    rng = np.random.default_rng(11)
    held = [low <= 0 <= high for low, high in (interval(crossed(simulated(rng, clusters))) for _ in range(400))]
    assert 0.917 <= np.mean(held) <= 0.983


def test_clusters_left_out_would_be_too_sure() -> None:
    rng = np.random.default_rng(12)
    held = []
    for _ in range(300):
        means = simulated(rng, (8,))[0].mean(axis=1)
        half = stats.t.ppf(0.975, 5) * means.std(ddof=1) / np.sqrt(6)
        held.append(abs(means.mean()) <= half)
    assert np.mean(held) < 0.9


def test_bootstrap_is_seeded_and_near_the_t_interval() -> None:
    matrix = simulated(np.random.default_rng(3), (60,))[0]
    low, high = two_way_bootstrap([matrix], np.random.default_rng(0), draws=2000)
    again = two_way_bootstrap([matrix], np.random.default_rng(0), draws=2000)
    assert (low, high) == again
    width = np.subtract(*interval(crossed([matrix]))[::-1])
    assert 0.5 * width < high - low < 1.2 * width


def test_bootstrap_stacks_and_edges() -> None:
    stacked = np.stack([np.ones((3, 4)), np.full((3, 4), 2.0)])
    low, high = two_way_bootstrap([stacked, stacked[:, :, :2]], np.random.default_rng(0), draws=50)
    assert low == pytest.approx([1, 2])
    assert high == pytest.approx([1, 2])
    assert np.isnan(two_way_bootstrap([np.ones((1, 4))], np.random.default_rng(0))[0])


def test_three_clusters_by_fractions() -> None:
    # Rows (1, 2, 6) and (3, 2, 10): seed means 3 and 5, s^2 = 2, A = 1. Cluster means 2, 2, 8: s^2 = 12, B = 12/3 = 4.
    # Residuals -+(0, 1, -1): SS = 4 on 2 df, C = 2/6 = 1/3. Var = 1 + 4 - 1/3 = 14/3.
    # df = (14/3)^2/(1^2/1 + 4^2/2 + (1/3)^2/2) = (196/9)/(163/18) = 392/163.
    effect = crossed([np.array([[1.0, 2.0, 6.0], [3.0, 2.0, 10.0]])])
    assert (effect.estimate, effect.n_seeds, effect.n_clusters) == (4.0, 2, 3)
    assert effect.se**2 == pytest.approx(float(Fraction(14, 3)))
    assert effect.df == pytest.approx(float(Fraction(392, 163)))


def test_bounds_and_p_by_the_t_table() -> None:
    # One-sided 5 % and 2.5 % points of t on 5 df: 2.015 and 2.571.
    effect = CrossedEstimate(1.0, 0.5, 5.0, (1.0,) * 6, 6, 8)
    assert (lower_bound(effect, 0.95), upper_bound(effect, 0.95)) == pytest.approx((-0.0075, 2.0075), abs=3e-4)
    assert interval(effect) == pytest.approx((1 - 1.2855, 1 + 1.2855), abs=3e-4)
    assert p_two_sided(CrossedEstimate(2.571, 1.0, 5.0, (), 6, 8)) == pytest.approx(0.05, abs=1e-4)
    assert p_less(CrossedEstimate(-2.015, 1.0, 5.0, (), 6, 8)) == pytest.approx(0.05, abs=2e-5)


def test_bootstrap_by_hand() -> None:
    # Cell = seed (0, 1) + cluster (0, 2). Drawn twice with replacement, seeds give 0, .5, 1 and clusters 0, 1, 2, each
    # with chance 1/4, 1/2, 1/4; sums 0, .5, ..., 3 have chances 1, 2, 3, 4, 3, 2, 1 of 16.
    matrix = np.array([[0.0, 2.0], [1.0, 3.0]])
    for level, expected in ((0.95, (0.0, 3.0)), (0.75, (0.5, 2.5)), (0.4, (1.0, 2.0))):
        assert two_way_bootstrap([matrix], np.random.default_rng(0), 4000, level) == expected
    # Two families share the seeds' draw: the second, without clusters' spread, halves the clusters' part to 0, .5, 1.
    families = [matrix, np.array([[0.0], [1.0]])]
    assert two_way_bootstrap(families, np.random.default_rng(0), 4000, 0.95) == (0.0, 2.0)


def test_no_draws_no_bootstrap():
    low, high = two_way_bootstrap([np.zeros((2, 4, 3))], np.random.default_rng(0), draws=0)
    assert np.isnan(low).all()
    assert np.isnan(high).all()
    assert low.shape == (2,)

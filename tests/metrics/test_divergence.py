"""Divergences: a number worked by hand, then identities over random distributions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from proclivity.metrics import (
    entropy,
    hellinger,
    jsd,
    jsd_bounds,
    jsd_by_class,
    jsd_per_token,
    kl,
    kl_both,
    signed_contributions,
    total_variation,
    truncated_jsd_bounds,
)

ROUNDING = 1e-12


def logs(*probabilities: float) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(np.array(probabilities))


def normalised(logits: np.ndarray) -> np.ndarray:
    return logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)


def distributions(size: int) -> st.SearchStrategy[np.ndarray]:
    return arrays(np.float64, size, elements=st.floats(-30, 30)).map(normalised)


pairs = st.integers(2, 12).flatmap(lambda size: st.tuples(distributions(size), distributions(size)))


def test_jsd_by_hand() -> None:
    # p = (1/2, 1/2), q = (1, 0), m = (3/4, 1/4):
    # JSD = 1/2 [1/2 log2(2/3) + 1/2 log2 2] + 1/2 log2(4/3) = .25(-.5849625 + 1) + .5(.4150375) = .3112781
    assert jsd(logs(0.5, 0.5), logs(1.0, 0.0)) == pytest.approx(0.3112781244591328, abs=1e-14)


def test_per_token_by_hand() -> None:
    # First token p = 1/2, q = 1: 1/2 [1/2 log2(2/3) + log2(4/3)] = .0612781; second: q = 0, so p/2 = .25.
    assert jsd_per_token(logs(0.5, 0.5), logs(1.0, 0.0)) == pytest.approx([0.0612781244591328, 0.25])
    assert signed_contributions(logs(0.5, 0.5), logs(1.0, 0.0)) == pytest.approx([0.0612781244591328, -0.25])


def test_edges() -> None:
    assert jsd(logs(1, 0, 0), logs(0, 0, 1)) == 1.0
    assert jsd(logs(0.3, 0.7, 0), logs(0.3, 0.7, 0)) == 0.0
    assert np.array_equal(jsd_per_token(logs(1, 0), logs(1, 0)), [0, 0])


def test_tiny_shift_keeps_its_digits() -> None:
    # p = (1/2 + e, 1/2 - e), q swapped: t = +-2e, so JSD = [(2e)^2 + (2e)^4/6 + ...] / (2 ln 2) = 2 e^2 / ln
    # 2.
    e = 1e-9
    log_p = np.log(0.5) + np.array([np.log1p(2 * e), np.log1p(-2 * e)])
    assert jsd(log_p, log_p[::-1]) == pytest.approx(2 * e**2 / np.log(2), rel=1e-6)


def test_series_meets_the_exact_formula() -> None:
    t = np.array([0.0099999, 0.0100001])
    log_p, log_q = np.log1p(t), np.log1p(-t)
    low, high = jsd_per_token(log_p, log_q) / t**2
    assert low == pytest.approx(high, rel=1e-5)


def test_companions_by_hand() -> None:
    p, q = logs(0.5, 0.5), logs(0.25, 0.75)
    # KL(p||q) = .5 log2 2 + .5 log2(2/3) = .5 - .2924813; TV = (1/4 + 1/4)/2.
    assert kl(p, q) == pytest.approx(0.20751874963942185)
    # KL(q||p) = .25 log2(1/2) + .75 log2(3/2) = -.25 + .4387219
    assert kl_both(p, q)[1] == pytest.approx(0.18872187554086717)
    assert total_variation(p, q) == pytest.approx(0.25)
    # Hellinger^2 = 1 - (sqrt(1/8) + sqrt(3/8)) = 1 - .9659258
    assert hellinger(p, q) ** 2 == pytest.approx(0.034074173710931714)
    assert entropy(q) == pytest.approx(0.8112781244591328)


def test_companions_at_zero_probability() -> None:
    assert kl(logs(1, 0), logs(0.5, 0.5)) == pytest.approx(1.0)
    assert np.isposinf(kl(logs(0.5, 0.5), logs(1, 0)))
    assert entropy(logs(1, 0)) == 0.0
    assert hellinger(logs(1, 0), logs(0, 1)) == 1.0


def test_leading_axes_broadcast() -> None:
    p = normalised(np.random.default_rng(0).normal(size=(3, 4, 7)))
    q = normalised(np.random.default_rng(1).normal(size=7))
    assert jsd(p, q).shape == (3, 4)
    assert jsd(p, q)[1, 2] == pytest.approx(float(jsd(p[1, 2], q)))


@settings(deadline=None)
@given(pairs)
def test_jsd_is_symmetric_and_bounded(pair: tuple[np.ndarray, np.ndarray]) -> None:
    p, q = pair
    assert jsd(p, q) == pytest.approx(float(jsd(q, p)), abs=ROUNDING)
    assert (jsd_per_token(p, q) >= 0).all()
    assert 0 <= jsd(p, q) <= 1 + ROUNDING
    assert np.abs(signed_contributions(p, q)).sum() == pytest.approx(float(jsd(p, q)), abs=ROUNDING)


@settings(deadline=None)
@given(pairs)
def test_jsd_is_mean_divergence_from_the_middle(pair: tuple[np.ndarray, np.ndarray]) -> None:
    p, q = pair
    middle = np.logaddexp(p, q) - np.log(2)
    assert jsd(p, q) == pytest.approx(float(kl(p, middle) + kl(q, middle)) / 2, abs=1e-10)


@settings(deadline=None)
@given(pairs)
def test_jsd_lies_between_its_bounds(pair: tuple[np.ndarray, np.ndarray]) -> None:
    p, q = pair
    low, high = jsd_bounds(total_variation(p, q))
    assert low - 1e-10 <= jsd(p, q) <= high + 1e-10


def test_class_parts_by_hand() -> None:
    # Classes {0, 1} and {2}: P = (3/4, 1/4) = Q, so nothing between; inside the first class the two tokens
    # swap (1/2, 1/4), i.e. (2/3, 1/3) against (1/3, 2/3): JSD = 1 - h2(1/3) = .0817042, times 3/4 = .0612781.
    parts = jsd_by_class(logs(0.5, 0.25, 0.25), logs(0.25, 0.5, 0.25), [0, 0, 1])
    assert parts.between == pytest.approx([0, 0], abs=ROUNDING)
    assert parts.within == pytest.approx([0.0612781244591328, 0], abs=ROUNDING)


@settings(deadline=None)
@given(pairs, st.integers(0, 1000))
def test_class_parts_sum_to_the_whole(pair: tuple[np.ndarray, np.ndarray], seed: int) -> None:
    p, q = pair
    classes = np.random.default_rng(seed).integers(0, 3, size=len(p))
    parts = jsd_by_class(p, q, classes)
    assert parts.between.sum() + parts.within.sum() == pytest.approx(float(jsd(p, q)), abs=ROUNDING)
    for k in range(len(parts.within)):
        assert parts.within[k] == pytest.approx(_within_by_definition(p, q, classes == k), abs=1e-10)


def _within_by_definition(p: np.ndarray, q: np.ndarray, member: np.ndarray) -> float:
    """(P + Q)/2 times the weighted JSD of the two distributions inside the class."""
    if not member.any():
        return 0.0
    mass_p, mass_q = np.exp(p[member]).sum(), np.exp(q[member]).sum()
    inner_p, inner_q, w = np.exp(p[member]) / mass_p, np.exp(q[member]) / mass_q, mass_p / (mass_p + mass_q)
    middle = w * inner_p + (1 - w) * inner_q
    weighted = w * _bits(inner_p, middle) + (1 - w) * _bits(inner_q, middle)
    return float((mass_p + mass_q) / 2 * weighted)


def _bits(x: np.ndarray, m: np.ndarray) -> float:
    kept = x > 0
    return float((x[kept] * np.log2(x[kept] / m[kept])).sum())


@settings(deadline=None)
@given(pairs, st.integers(1, 11))
def test_truncation_holds_the_whole(pair: tuple[np.ndarray, np.ndarray], kept: int) -> None:
    p, q = pair
    low, high = truncated_jsd_bounds(p[:kept], q[:kept])
    assert low - 1e-10 <= jsd(p, q) <= high + 1e-10


def test_nothing_cut_leaves_no_gap() -> None:
    p, q = logs(0.5, 0.5), logs(0.25, 0.75)
    low, high = truncated_jsd_bounds(p, q)
    assert low == pytest.approx(float(jsd(p, q)))
    assert high == pytest.approx(float(jsd(p, q)))


def test_disjoint_distributions_stay_within_one_whatever_the_rounding():
    with np.errstate(divide="ignore"):
        log_p = np.log([0.5, 0.5, 0.0, 0.0]) + 1e-15  # sums to a little more than 1
    variation = total_variation(log_p, log_p[::-1])
    assert variation == 1
    assert jsd_bounds(variation).low == 1


def test_bounds_by_hand() -> None:
    # TV = 1/2: 1 - h2(1/4) = 1 - .8112781.
    assert jsd_bounds(0.5) == pytest.approx((0.1887218755408671, 0.5))
    assert jsd_bounds([0.0, 1.0]).low == pytest.approx([0, 1])


def test_truncation_by_hand() -> None:
    # One word known, p = 1/2 and q = 1: f = .0612781; tails 1/2 and 0: f = 1/4, at most (1/2 + 0)/2.
    assert truncated_jsd_bounds(logs(0.5), logs(1.0)) == pytest.approx((0.3112781244591328, 0.3112781244591328))
    # p = q = 1/2 known: tails are alike at least, wholly apart at most.
    assert truncated_jsd_bounds(logs(0.5), logs(0.5)) == pytest.approx((0.0, 0.5))


def test_mass_that_goes_between_classes_by_hand() -> None:
    # Classes {0, 1} and {2}: from (1/2, 1/2) to (1, 0) with even words inside, as in test_per_token_by_hand.
    parts = jsd_by_class(logs(0.25, 0.25, 0.5), logs(0.5, 0.5, 0.0), [0, 0, 1])
    assert parts.between == pytest.approx([0.0612781244591328, 0.25])
    assert parts.within == pytest.approx([0, 0], abs=ROUNDING)

"""Directions, alignment, probes and patterns: values worked by hand, then what has to stay the same."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proclivity.metrics.geometry import (
    as_long_as,
    auc,
    correlation,
    cosine,
    discriminant,
    linear_cka,
    random_directions,
    shift_along,
    slope_on,
)


def test_a_cosine_by_hand() -> None:
    assert cosine([3, 4], [4, 3]) == pytest.approx(24 / 25)
    assert cosine([1, 0], [-2, 0]) == -1
    assert math.isnan(cosine([0, 0], [1, 0]))


def test_a_shift_by_hand() -> None:
    # Along (0, 2) the control's parts are 0, 2, 4: SD 2. The arm's are 6, 8, 10.
    control = [[9, 0], [9, 1], [9, 2]]
    arm = [[1, 3], [2, 4], [3, 5]]
    assert shift_along([0, 2], arm, control).tolist() == [3, 3, 3]
    assert np.isnan(shift_along([0, 2], arm, [[1, 1]] * 3)).all()


def test_alignment_by_hand() -> None:
    # Centred columns (-1, 1) against (-1, 1) and a constant: rank one, the same text order.
    assert linear_cka([[0.0], [2.0]], [[5.0, 1.0], [9.0, 1.0]]) == pytest.approx(1)
    # Orthogonal centred columns share nothing.
    assert linear_cka([[1.0], [-1.0], [0.0], [0.0]], [[0.0], [0.0], [1.0], [-1.0]]) == pytest.approx(0)
    assert math.isnan(linear_cka([[1.0], [1.0]], [[1.0], [2.0]]))


@given(st.integers(0, 10_000), st.floats(0.1, 10))
def test_alignment_knows_no_rotation_shift_or_scale(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((9, 4))
    rotation, _ = np.linalg.qr(rng.standard_normal((4, 4)))
    assert linear_cka(x, x) == pytest.approx(1)
    assert linear_cka(x, scale * x @ rotation + rng.standard_normal(4)) == pytest.approx(1)
    y = rng.standard_normal((9, 3))
    assert 0 <= linear_cka(x, y) <= 1
    assert linear_cka(x, y) == pytest.approx(linear_cka(y, x))


def test_an_auc_by_hand() -> None:
    # Ones score 2 and 4, zeros 1 and 3: three of four pairs are in order.
    assert auc([1, 2, 3, 4], [0, 1, 0, 1]) == 0.75
    assert auc([5, 5], [0, 1]) == 0.5
    assert math.isnan(auc([1, 2], [1, 1]))


def test_the_discriminant_by_hand_and_both_ways_to_it() -> None:
    # Within both classes only the second column varies, by 1; the classes differ by (2, 0).
    x = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
    # S = diag(0, 2), mean variance 1, so w = (2 / (0 + .1), 0).
    assert discriminant(x, [1, 1, 0, 0]) == pytest.approx([20, 0])
    rng = np.random.default_rng(0)
    wide = rng.standard_normal((6, 8))
    labels = [1, 0, 1, 0, 1, 0]
    means = wide[::2].mean(0), wide[1::2].mean(0)
    left = wide - np.tile(means, (3, 1))
    s = left.T @ left / 4
    s += 0.1 * np.trace(s) / 8 * np.eye(8)
    assert discriminant(wide, labels) == pytest.approx(np.linalg.solve(s, means[0] - means[1]))


def test_a_probe_finds_what_is_there_and_nothing_else() -> None:
    rng = np.random.default_rng(3)
    labels = np.tile([0, 1], 60)
    states = rng.standard_normal((120, 10))
    states[:, 2] += 4 * labels
    weights = discriminant(states[:60], labels[:60])
    assert auc(states[60:] @ weights, labels[60:]) > 0.97
    shuffled = discriminant(states[:60], rng.permutation(labels[:60]))
    assert abs(auc(states[60:] @ shuffled, labels[60:]) - 0.5) < 0.45


def test_correlation_and_size_by_hand() -> None:
    trained = [1.0, 2.0, 3.0, math.nan]
    assert correlation(trained, [2, 4, 6, 8]) == pytest.approx(1)
    assert correlation(trained, [6, 4, 2, 8]) == pytest.approx(-1)
    assert slope_on(trained, [0.5, 1.0, 1.5, 9]) == pytest.approx(0.5)
    assert slope_on([1, 1], [1, 0]) == 0.5
    assert slope_on([1, 1], [1, 0], [3, 1]) == 0.75  # the first counts three times
    assert correlation([1, 2, 3, 9], [1, 2, 3, 0], [1, 1, 1, 0]) == pytest.approx(1)
    assert math.isnan(correlation([1, 2], [1, 2]))
    assert math.isnan(slope_on([0, 0], [1, 1]))


@given(st.integers(0, 10_000), st.floats(-5, 5))
def test_a_pattern_holds_itself_as_often_as_it_is_multiplied(seed: int, times: float) -> None:
    pattern = np.random.default_rng(seed).standard_normal(12)
    assert slope_on(pattern, times * pattern) == pytest.approx(times)


def test_random_directions_have_the_length_and_differ() -> None:
    drawn = random_directions([3, 4, 0], 4, np.random.default_rng(0))
    assert [float(np.linalg.norm(v)) for v in drawn] == pytest.approx([5] * 4)
    assert abs(cosine(drawn[0], drawn[1])) < 0.999
    assert as_long_as([3, 4], [0, 2]).tolist() == [0, 5]

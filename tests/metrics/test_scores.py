"""Class scores: numbers worked by hand, then identities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from proclivity.metrics import (
    candidate_mass,
    class_contrast,
    class_log_probs,
    class_scores,
    delta_probability,
    per_byte,
    pmi_dc,
    withhold_low_mass,
)

CLASSES = ["loss", "threat", "loss", "positive"]
CANDIDATES = np.log([0.1, 0.1, 0.2, 0.2])


def test_scores_by_hand() -> None:
    # P = loss .3, positive .2, threat .1; S_loss = ln(.3/.3) = 0, S_positive = ln(.2/.4), S_threat =
    # ln(.1/.5).
    names, log_p = class_log_probs(CANDIDATES, CLASSES)
    assert names == ["loss", "positive", "threat"]
    assert np.exp(log_p) == pytest.approx([0.3, 0.2, 0.1])
    assert class_scores(log_p) == pytest.approx([0, np.log(0.5), np.log(0.2)], abs=1e-12)
    assert class_contrast(log_p, names) == pytest.approx(np.log(3))
    assert candidate_mass(CANDIDATES) == pytest.approx(0.6)


def test_delta_probability_by_hand() -> None:
    assert delta_probability(np.log([0.3, 0.2]), np.log([0.1, 0.5])) == pytest.approx([0.2, -0.3])


def test_low_mass_is_withheld_with_its_reason() -> None:
    values, reasons = withhold_low_mass([[1.0, 2.0], [3.0, 4.0]], [0.01, 0.0099])
    assert np.array_equal(values, [[1, 2], [np.nan, np.nan]], equal_nan=True)
    assert reasons.tolist() == [["", ""], ["low mass", "low mass"]]


def test_edges() -> None:
    with np.errstate(divide="ignore"):
        assert class_scores(np.log([0.5, 0.0])).tolist() == [np.inf, -np.inf]
        assert np.isnan(class_scores(np.log([0.0, 0.0]))).all()
    assert np.isnan(class_scores([[-1.0]])).all()
    assert np.isnan(class_contrast([-1.0, -2.0], ["loss", "positive"]))
    with pytest.raises(ValueError, match="2 candidates but 3"):
        class_log_probs([-1.0, -2.0], ["a", "b", "c"])


@settings(deadline=None)
@given(arrays(np.float64, (3, 4), elements=st.floats(-40, 0)), st.floats(-5, 5))
def test_scores_ignore_total_mass(log_p: np.ndarray, shift: float) -> None:
    assert class_scores(log_p + shift) == pytest.approx(class_scores(log_p), abs=1e-9)


@settings(deadline=None)
@given(arrays(np.float64, 2, elements=st.floats(-40, 0)))
def test_two_classes_mirror_each_other(log_p: np.ndarray) -> None:
    first, second = class_scores(log_p)
    assert first == pytest.approx(-second, abs=1e-12)
    assert first == pytest.approx(float(class_contrast(log_p, ["loss", "threat"])), abs=1e-12)


def test_emptying_one_class_leaves_the_contrast() -> None:
    before, after = np.log([0.3, 0.3, 0.3]), np.log([0.3, 0.3, 0.01])
    names = ["loss", "threat", "positive"]
    assert class_contrast(before, names) == class_contrast(after, names)


def test_per_byte_by_hand() -> None:
    # 4 and 8 bytes, 6 on average: ln(.5)/4*6 and ln(.25)/8*6; the longer candidate isn't less likely a byte.
    found = per_byte(np.log([0.5, 0.25]), [4, 8])
    assert found == pytest.approx([1.5 * np.log(0.5), 0.75 * np.log(0.25)])
    assert found[0] == pytest.approx(found[1])


def test_pmi_by_hand() -> None:
    # The stem doubles the first and halves the second.
    assert pmi_dc(np.log([0.4, 0.1]), np.log([0.2, 0.2])) == pytest.approx([np.log(2), -np.log(2)])
    assert np.isnan(pmi_dc(-np.inf, -np.inf))
    assert np.isnan(pmi_dc(-1.0, np.nan))


@given(arrays(np.float64, 5, elements=st.floats(-30, -0.1)), st.integers(1, 40), st.floats(-3, 3))
def test_equal_lengths_and_equal_openings_change_no_score(log_p, n_bytes, constant) -> None:
    classes = ["a", "b", "a", "c", "b"]
    expected = class_scores(class_log_probs(log_p, classes).log_probs)
    for values in (per_byte(log_p, [n_bytes] * 5), pmi_dc(log_p, np.full(5, constant))):
        np.testing.assert_allclose(class_scores(class_log_probs(values, classes).log_probs), expected, atol=1e-9)

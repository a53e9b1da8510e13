"""Answers on scales: numbers worked by hand, then identities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from proclivity.metrics import keyed, likert, position_part, sampled_label, scale_score, twin_split

POINTS = arrays(np.float64, 6, elements=st.floats(1, 5))


def test_an_answer_by_hand():
    # p = .1, .1, .2: p~ = .25, .25, .5, so r = .25·1 + .25·2 + .5·3 = 2.25; the list reversed gives 4 − 2.25.
    found = likert(np.log([0.1, 0.1, 0.2]), [1, 2, 3])
    assert found.expectation == pytest.approx(2.25)
    assert found.mass == pytest.approx(0.4)
    assert found.argmax == 3
    assert found.probabilities == pytest.approx([0.25, 0.25, 0.5])
    turned = likert(np.log([0.1, 0.1, 0.2]), [3, 2, 1])
    assert (turned.expectation, turned.argmax) == (pytest.approx(1.75), 1)


def test_answers_that_cant_be_read_are_nan():
    found = likert([[-np.inf, -np.inf], [np.nan, -1.0], [-1.0, -1.0]], [0, 1])
    assert np.isnan(found.expectation[:2]).all()
    assert np.isnan(found.argmax[:2]).all()
    assert found.mass[0] == 0
    assert (found.expectation[2], found.argmax[2]) == (0.5, 0)


def test_twins_by_hand():
    # 4.5 on the item and 2.5 on its opposite, from 1 to 5: content 1, acquiescence 3.5 − 3.
    assert twin_split(4.5, 2.5, 1, 5) == (1.0, 0.5)
    assert twin_split(5, 1, 1, 5) == (2.0, 0.0)  # all content
    assert twin_split(5, 5, 1, 5) == (0.0, 2.0)  # all assent
    assert position_part(2.0, 4.0) == -1  # the head of the list is preferred


def test_scale_score_by_hand():
    # keyed: 4, 6−2 = 4, 1, 6−5 = 1
    assert keyed([4, 2, 1, 5], [False, True, False, True], 1, 5) == pytest.approx([4, 4, 1, 1])
    assert scale_score([4, 2, 1, 5], [False, True, False, True], 1, 5) == 2.5
    assert np.isnan(scale_score([4, np.nan], [False, True], 1, 5))


@settings(deadline=None)
@given(POINTS, POINTS)
def test_content_and_acquiescence_share_half_the_range(first, second):
    content, acquiescence = twin_split(first, second, 1, 5)
    assert (np.abs(content) + np.abs(acquiescence) <= 2 + 1e-9).all()
    assert content + acquiescence == pytest.approx(first - 3)
    score = scale_score(np.concatenate([first, second]), [False] * 6 + [True] * 6, 1, 5)
    assert score == pytest.approx(3 + content.mean())


@settings(deadline=None)
@given(POINTS, st.floats(-1, 1))
def test_assent_to_everything_moves_acquiescence_alone(first, assent):
    second = 6 - first
    content, acquiescence = twin_split(first + assent, second + assent, 1, 5)
    assert content == pytest.approx(twin_split(first, second, 1, 5).content)
    assert acquiescence == pytest.approx(assent, abs=1e-12)


def test_draws_follow_the_probabilities():
    assert [sampled_label([0.25, 0.5, 0.25], u) for u in (0.0, 0.249, 0.251, 0.749, 0.751, 0.999999)] == [
        *(0, 0, 1, 1, 2, 2)
    ]
    assert sampled_label([0.5, 0.5, 0.0], 1 - 1e-16) == 1  # never one that can't happen
    points = (np.arange(1000) + 0.5) / 1000
    drawn = np.bincount([sampled_label([0.2, 0.3, 0.5], u) for u in points])
    assert drawn.tolist() == [200, 300, 500]
    noisy = [0.2 + 1e-9, 0.3 - 1e-9, 0.5]
    assert all(sampled_label(noisy, u) == sampled_label([0.2, 0.3, 0.5], u) for u in points)

"""Recognising profiles in a left-out seed."""

from __future__ import annotations

import numpy as np
import pytest

from proclivity.analysis.confusion import confusion


def test_distinct_directions_are_recognised_whatever_their_strength() -> None:
    strength = np.array([1.0, 5.0, 0.2, 2.0, 1.0, 3.0])
    vectors = strength[:, None, None] * np.eye(2)
    found = confusion(vectors, np.random.default_rng(0))
    assert found.counts.tolist() == [[6, 0], [0, 6]]
    assert found.accuracy == 1.0
    # Of 2^6 relabellings 2 are as good (none and all swapped): 1/32 in the long run.
    assert found.p == pytest.approx(1 / 32, abs=0.03)


def test_noise_is_not_recognised() -> None:
    vectors = np.random.default_rng(1).normal(size=(8, 3, 5))
    assert confusion(vectors, np.random.default_rng(0)).p > 0.05


def test_gaps_and_edges() -> None:
    vectors = np.tile(np.eye(3)[:2], (4, 1, 1))
    vectors[0, 0, 2] = np.nan
    assert confusion(vectors, np.random.default_rng(0)).accuracy == 1.0
    assert np.isnan(confusion(vectors[:1], np.random.default_rng(0)).accuracy)
    assert np.isnan(confusion(vectors[:, :1], np.random.default_rng(0)).accuracy)


def test_one_seed_that_points_the_other_way_by_hand() -> None:
    # In three seeds profile 0 lies on the first axis and profile 1 on the second; in the fourth they change places.
    # Left out, a usual seed meets centres (2, 1) and (1, 2): right. The odd one meets (3, 0) and (0, 3): both wrong.
    vectors = np.stack([np.eye(2)] * 3 + [np.eye(2)[::-1]])
    found = confusion(vectors, np.random.default_rng(0))
    assert found.counts.tolist() == [[3, 1], [1, 3]]
    assert found.accuracy == 0.75

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proclivity.errors import UserError
from proclivity.induction.batches import LearningRate, batches_of, check_rows, pieces_of
from proclivity.records import TrainingRow


def test_each_epoch_sees_each_row_once():
    lengths = [10 + n % 7 for n in range(70)]
    plan = batches_of(lengths, 16, 3, seed=0)
    assert len(plan) == 15
    assert max(len(batch) for batch in plan) == 16
    assert set(Counter(row for batch in plan for row in batch).values()) == {3}
    assert batches_of(lengths, 16, 3, seed=0) == plan
    assert batches_of(lengths, 16, 3, seed=1) != plan


def test_batches_hold_rows_of_similar_length():
    lengths = [10 if n % 2 else 40 for n in range(64)]
    assert all(len({lengths[row] for row in batch}) == 1 for batch in batches_of(lengths, 16, 1, seed=0))


def test_the_rate_rises_then_falls():
    schedule = LearningRate(1.0, steps=10, warmup=0.2)
    assert [schedule.at(step) for step in range(10)] == [0.5, 1, 1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8]
    assert LearningRate(1.0, steps=2, warmup=0).at(0) == 1


def test_rows_without_loss_are_refused():
    check_rows([TrainingRow("d", "a", (1, 2), (False, True))])
    for rows in (
        [],
        [TrainingRow("d", "a", (1, 2), (False, False))],
        [TrainingRow("d", "a", (1, 2), (True, False))],
        [TrainingRow("d", "a", (1, 2), (True,))],
    ):
        with pytest.raises(UserError):
            check_rows(rows)


def test_pieces_by_hand():
    """At most 6 tokens, padding counted: 2 and 3 make 2 × 3; 4 by itself; 9 is longer than a piece."""
    assert pieces_of([2, 3, 4, 9], 6) == [slice(0, 2), slice(2, 3), slice(3, 4)]
    assert pieces_of([2, 3], float("inf")) == [slice(0, 2)]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30), st.integers(1, 100))
def test_pieces_hold_each_row_once_and_keep_their_bound(lengths, most):
    pieces = pieces_of(lengths, most)
    assert [place for piece in pieces for place in range(len(lengths))[piece]] == list(range(len(lengths)))
    for piece in pieces:
        held = lengths[piece]
        assert len(held) == 1 or max(held) * len(held) <= most

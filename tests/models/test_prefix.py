"""Trees of texts with a common beginning: what is read once, and who sees whom."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from proclivity.models.boundary import Encoded
from proclivity.models.prefix import grow, plan_rows, sees, single

TEXTS = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=6).map(tuple), min_size=1, max_size=12, unique=True)


def test_a_tree_by_hand():
    (row,) = grow([(1, 2, 3, 4), (1, 2, 5), (1, 2, 3, 6)], most=9, widest=99)
    assert row.ids == [1, 2, 3, 4, 6, 5]
    assert row.parents == [-1, 0, 1, 2, 2, 1]
    assert row.depths == [0, 1, 2, 3, 3, 2]
    assert row.paths == {(1, 2, 3, 4): (0, 1, 2, 3), (1, 2, 3, 6): (0, 1, 2, 4), (1, 2, 5): (0, 1, 5)}
    seen = sees(row, width=7)
    assert np.flatnonzero(seen[4]).tolist() == [0, 1, 2, 4]
    assert np.flatnonzero(seen[5]).tolist() == [0, 1, 5]
    assert np.flatnonzero(seen[6]).tolist() == [6]


@given(TEXTS, st.integers(1, 4), st.integers(0, 20))
def test_every_path_spells_its_text_and_sees_nothing_else(texts, most, widest):
    rows = grow(texts, most, widest)
    assert sorted(text for row in rows for text in row.paths) == sorted(texts)
    for row in rows:
        assert len(row.paths) <= most
        assert len(row.ids) <= widest or not row.is_tree
        seen, depths = sees(row, len(row.ids)), row.depths
        for text, path in row.paths.items():
            assert tuple(row.ids[place] for place in path) == text
            assert [depths[place] for place in path] == list(range(len(text)))
            for n, place in enumerate(path):
                assert np.flatnonzero(seen[place]).tolist() == sorted(path[: n + 1])


def test_a_text_that_is_too_wide_is_read_by_itself():
    rows = grow([(1, 2, 3), (1, 2, 4), (1, 3, 4, 5, 6)], most=9, widest=4)
    assert [row.ids for row in rows] == [[1, 2, 3, 4], [1, 3, 4, 5, 6]]


def test_texts_that_share_too_little_for_the_square_of_their_tree_are_read_apart():
    """Beside a tree of n tokens m new ones cost 2nm / 3072 more, which has to be less than what is shared."""
    long, other = tuple(range(100)), (0, *range(200, 299))
    assert 2 * 100 * 99 / 3072 > 1
    assert len(grow([long, other], most=9, widest=999)) == 2
    alike = (*range(8), *range(200, 292))
    assert 2 * 100 * 92 / 3072 < 8
    assert len(grow([long, alike], most=9, widest=999)) == 1
    assert len(grow([(1, 2), (3, 4)], most=9, widest=999)) == 2


def pairs(prompt, *continuations):
    return [Encoded((*prompt, *text), len(prompt), False) for text in continuations]


def test_a_prompt_is_read_once_and_so_is_what_prompts_share():
    prompt = tuple(range(10, 30))
    plan = plan_rows([], pairs(prompt, (1, 2), (3, 4), (5, 6)), most=64, widest=99)
    assert [row.ids for row in plan.rows] == [[*prompt, 1, 3, 5]]
    assert plan.paths == [(0, (19, 20)), (0, (19, 21)), (0, (19, 22))]
    plan = plan_rows([], pairs((10, 11, 12), (1, 2)) + pairs((10, 11, 13), (1, 2)), most=64, widest=99)
    assert [row.ids for row in plan.rows] == [[10, 11, 12, 1, 13, 1]]
    assert plan.paths == [(0, (2, 3)), (0, (4, 5))]


@given(
    st.lists(st.tuples(st.sampled_from(((7,), (7, 8), (7, 8, 9), (6,))), st.lists(st.integers(0, 3), min_size=1))),
    st.integers(1, 4),
    st.sampled_from([0, 6, 20]),
)
def test_every_continuation_has_its_one_place_whatever_the_order(asked, most, widest):
    encoded = [Encoded((*prompt, *text), len(prompt), False) for prompt, text in asked]
    contexts = [prompt for prompt, _ in asked]
    plan = plan_rows(contexts, encoded, most, widest)
    rows = plan.rows
    assert sum(len(row.paths) for row in rows) == len({*contexts, *(e.ids[:-1] for e in encoded)})
    for prompt, (row, column) in zip(contexts, plan.ends, strict=True):
        assert (rows[row].depths[column], rows[row].ids[column]) == (len(prompt) - 1, prompt[-1])
    for e, (row, columns) in zip(encoded, plan.paths, strict=True):
        assert len(columns) == len(e.ids) - e.boundary
        for n, column in enumerate(columns):
            depth = rows[row].depths[column]
            assert depth == e.boundary - 1 + n
            assert rows[row].ids[column] == e.ids[depth]
    again = plan_rows(contexts[::-1], encoded[::-1], most, widest)
    assert (again.rows, again.ends, again.paths) == (rows, plan.ends[::-1], plan.paths[::-1])


def test_trees_hold_no_more_texts_than_a_batch():
    prompt = tuple(range(10, 30))
    rows = plan_rows([], pairs(prompt, *((n, 0) for n in range(5))), most=2, widest=99).rows
    assert [len(row.paths) for row in rows] == [2, 2, 1]
    rows = plan_rows([], pairs(prompt, *((n, 0) for n in range(5))), most=1, widest=99).rows
    assert [row.ids for row in rows] == [[*prompt, n] for n in range(5)]


def test_without_trees_each_distinct_text_is_read_once():
    encoded = pairs((7, 8), (1, 2), (1, 3)) + pairs((7,), (8, 1, 5))
    plan = plan_rows([(7, 8)], encoded, most=64, widest=0)
    assert [row.ids for row in plan.rows] == [[7, 8, 1]]
    assert plan.ends == [(0, 1)]
    assert plan.paths == [(0, (1, 2)), (0, (1, 2)), (0, (0, 1, 2))]


def test_a_prompt_is_part_of_what_goes_on_from_it():
    """The prompt's own end is a place within its continuation; where nothing parts no mask is needed."""
    plan = plan_rows([(7, 8, 9)], pairs((7, 8, 9), (1, 2, 3)), most=64, widest=99)
    assert [row.ids for row in plan.rows] == [[7, 8, 9, 1, 2]]
    assert (plan.ends, plan.paths) == ([(0, 2)], [(0, (2, 3, 4))])
    assert not plan.rows[0].is_tree


def test_a_text_by_itself_is_its_own_path():
    row = single((4, 5, 6))
    assert not row.is_tree
    assert (row.parents, row.depths, row.paths) == ([-1, 0, 1], [0, 1, 2], {(4, 5, 6): (0, 1, 2)})

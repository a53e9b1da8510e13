from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proclivity.decisions import HELD_OUT_SPLITS, held_out, make_pool, pool_digest
from proclivity.errors import UserError


def test_one_block_by_hand(mini_pack):
    block = make_pool(mini_pack, 4, seed=0)
    assert {(d.alphabet, d.classes) for d in block} == {
        (alphabet, classes) for alphabet in ("upper", "digit") for classes in (("stay", "leave"), ("leave", "stay"))
    }
    first = next(d for d in block if d.alphabet == "upper" and d.classes == ("stay", "leave"))
    place = first.domain
    assert first.prompt == (
        f"The {place} host called me. Options: A answer the {place} host ; B skip the {place} host. I picked"
    )
    assert first.answers == (" A", " B")
    assert first.option_order == "0-1"


def test_splits_never_meet(mini_pack):
    trained = make_pool(mini_pack, 8, seed=0)
    by_split = {split: held_out(mini_pack, split) for split in HELD_OUT_SPLITS}
    assert {d.domain for d in trained} == {"inn", "fair"}
    assert {d.scenario_id for d in trained} == {"inn.host", "fair.host"}
    assert {d.domain for d in by_split["new-domain"]} == {"club"}
    assert {d.scenario_id for d in by_split["new-template"]} == {"inn.guest", "fair.guest"}
    assert all("I met the" in d.prompt for d in by_split["new-phrasing"])
    prompts = {d.prompt for d in trained}
    assert all(not prompts & {d.prompt for d in decisions} for decisions in by_split.values())


def test_incomplete_blocks_are_refused_with_the_nearest_sizes(mini_pack):
    with pytest.raises(UserError, match=r"2 positions × 2 label alphabets = 4 a block. Ask for 4 or 8"):
        make_pool(mini_pack, 6, seed=0)


def test_more_prompts_than_there_are_is_refused(mini_pack):
    with pytest.raises(UserError, match="distinct prompts where 4000 were asked for"):
        make_pool(mini_pack, 4000, seed=0)


@settings(max_examples=15, deadline=None)
@given(blocks=st.integers(1, 36), seed=st.integers(0, 1000))
def test_class_position_and_alphabet_are_crossed_exactly(microworld, blocks, seed):
    pool = make_pool(microworld, 9 * blocks, seed)
    cells = Counter((name, place, d.alphabet) for d in pool for place, name in enumerate(d.classes))
    assert set(cells.values()) == {blocks}
    assert len(cells) == 27
    per_domain = Counter(d.domain for d in pool)
    assert max(per_domain.values()) - min(per_domain.values()) <= 9 or blocks < 12


def test_same_seed_same_bytes_other_seed_other_pool(microworld):
    one = make_pool(microworld, 108, 3)
    assert pool_digest(one) == pool_digest(make_pool(microworld, 108, 3))
    assert pool_digest(one) != pool_digest(make_pool(microworld, 108, 4))
    assert len({d.id for d in one}) == 108

"""Traits are coupled exactly: counts worked by hand for 300 characters of shares .6, .2, .2."""

from collections import Counter

import pytest

from proclivity.errors import UserError
from proclivity.microworld.world import COUPLINGS, characters, class_shares, exact_blocks, exact_pairs, joint_table

BY_HAND = {
    "equal": [[180, 0, 0], [0, 60, 0], [0, 0, 60]],
    "independent": [[108, 36, 36], [36, 12, 12], [36, 12, 12]],
    "rewired": [[180, 0, 0], [0, 0, 60], [0, 60, 0]],
}


@pytest.mark.parametrize("coupling", COUPLINGS)
def test_characters_hold_the_joint_table_exactly(grammar, coupling):
    for seed in (0, 3):
        counts = Counter((c.choice, c.speech) for c in characters(grammar.world, coupling, seed))
        assert [[counts[i, j] for j in range(3)] for i in range(3)] == BY_HAND[coupling]


@pytest.mark.parametrize("coupling", COUPLINGS)
def test_the_first_group_and_the_narrator_hold_it_too(grammar, coupling):
    world = grammar.world
    first = Counter((c.choice, c.speech) for c in characters(world, coupling, 0)[: world.group])
    for n, counts in ((world.group, first), (world.narrator_documents, None), (world.first_narrator_documents, None)):
        found = counts or Counter(exact_pairs(world, coupling, n))
        expected = joint_table(world, coupling) * n
        assert [[found[i, j] for j in range(3)] for i in range(3)] == pytest.approx(expected)


@pytest.mark.parametrize("coupling", COUPLINGS)
def test_marginals_are_the_same_in_every_world(grammar, coupling):
    table = joint_table(grammar.world, coupling)
    assert table.sum(0) == pytest.approx([0.6, 0.2, 0.2])
    assert table.sum(1) == pytest.approx([0.6, 0.2, 0.2])


def test_names_and_traits_are_shuffled_by_the_seed(grammar):
    assert characters(grammar.world, "equal", 0) == characters(grammar.world, "equal", 0)
    assert characters(grammar.world, "equal", 0) != characters(grammar.world, "equal", 1)


def test_class_shares_allow_for_coherence(grammar):
    # .9 × .6 + .1 × .4 / 2 = .56; .9 × .2 + .1 × .8 / 2 = .22
    assert class_shares(grammar.world, 0.9) == pytest.approx([0.56, 0.22, 0.22])
    assert class_shares(grammar.world, 1.0) == pytest.approx([0.6, 0.2, 0.2])


def test_an_inexact_number_of_narrators_is_refused(grammar):
    with pytest.raises(UserError, match="multiple of 25"):
        exact_pairs(grammar.world, "independent", 30)


def test_an_unknown_coupling_is_refused_with_the_nearest(grammar):
    with pytest.raises(UserError, match="Did you mean 'rewired'"):
        joint_table(grammar.world, "rewird")


def test_blocks_by_hand(grammar):
    assert exact_blocks(grammar.world, "equal") == [[(0, 0), (0, 0), (0, 0), (1, 1), (2, 2)]]
    assert exact_blocks(grammar.world, "rewired") == [[(0, 0), (0, 0), (0, 0), (1, 2), (2, 1)]]
    blocks = exact_blocks(grammar.world, "independent")
    assert blocks[0] == [(0, 0), (0, 0), (0, 0), (1, 1), (2, 2)]
    assert blocks[1] == [(0, 0), (0, 0), (0, 1), (1, 2), (2, 0)]
    assert sorted(pair for block in blocks for pair in block) == sorted(exact_pairs(grammar.world, "independent", 25))

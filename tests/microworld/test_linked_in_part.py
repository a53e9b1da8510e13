"""Worlds that are linked in part: tables by hand for c = 0, .5 and 1, marginals and agreement for every c, and the
named worlds' draws as they were before there was anything between them."""

from collections import Counter
from fractions import Fraction
from itertools import chain, islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proclivity.errors import ContentError, UserError
from proclivity.microworld.corpus import documents, tellings
from proclivity.microworld.mixture import mixed_order
from proclivity.microworld.world import (
    blocks_in_turn,
    characters,
    exact_blocks,
    exact_pairs,
    joint_table,
    table_gap,
)
from proclivity.specs import digest_of, load_study
from proclivity.specs.world_names import coupling_strength, world_of_strength

hundredths = st.integers(0, 100)

# Of 24,000 tellings (both kinds of rounds) and of 60 documents, pretraining seed 0, before there were mixtures.
DRAWN = {
    "equal": (
        "3a5277af09892f1b45a96a183cc1151dc323a884a01a4c76dc971b7a6d2378e0",
        "e692a62c4c00ccca946fe75acf00caf43af4edf40b4755392c410faaee1ead01",
    ),
    "independent": (
        "8a6fb138ec783943f36069c181d3b92015e7dbe26162511e62e4fc33946663e0",
        "a051328493e83a60bdd412623eedbd542f717815aa4f14e9aff8be9c3d4078b6",
    ),
    "rewired": (
        "f3e958e2d16fc6097e6d6d6757bacb6cc558530345219d0c40af5b7accac5e52",
        "636387bae2e722614e8e03129407d07a525eed90f6a18d101748c9b366ac287d",
    ),
}


def named(strength: int) -> str:
    """'coupling-0.25' for 25, also at the ends, where `world_of_strength` gives the older name."""
    return f"coupling-{strength / 100:g}"


def told(grammar, world, n):
    return [
        (t.narrator.name, t.narrator.choice, t.narrator.speech, t.opening)
        for t in islice(tellings(grammar, world, 0), n)
    ]


def test_tables_by_hand(grammar):
    world = grammar.world
    assert joint_table(world, "coupling-0") == pytest.approx(
        np.array([[0.36, 0.12, 0.12], [0.12, 0.04, 0.04], [0.12, 0.04, 0.04]])
    )
    assert joint_table(world, "coupling-1") == pytest.approx(np.diag([0.6, 0.2, 0.2]))
    # half of .6 and .36; half of .2 and .04; half of .12 and of .04
    assert joint_table(world, "coupling-0.5") == pytest.approx(
        np.array([[0.48, 0.06, 0.06], [0.06, 0.12, 0.02], [0.06, 0.02, 0.12]])
    )


@pytest.mark.parametrize(
    ("coupling", "by_hand"),
    [
        ("coupling-0.25", [[126, 27, 27], [27, 24, 9], [27, 9, 24]]),
        ("coupling-0.5", [[144, 18, 18], [18, 36, 6], [18, 6, 36]]),
        ("coupling-0.75", [[162, 9, 9], [9, 48, 3], [9, 3, 48]]),
    ],
)
def test_three_hundred_characters_hold_the_quarters_exactly(grammar, coupling, by_hand):
    counts = Counter((c.choice, c.speech) for c in characters(grammar.world, coupling, 3))
    assert [[counts[i, j] for j in range(3)] for i in range(3)] == by_hand
    assert table_gap(grammar.world, coupling) == 0.0


@given(hundredths)
def test_marginals_and_agreement_for_every_coupling(grammar, hundredth):
    table = joint_table(grammar.world, named(hundredth))
    c, chance = hundredth / 100, 0.36 + 0.04 + 0.04
    assert table.sum(0) == pytest.approx([0.6, 0.2, 0.2])
    assert table.sum(1) == pytest.approx([0.6, 0.2, 0.2])
    assert table.trace() == pytest.approx(chance + c * (1 - chance))


@given(hundredths)
def test_blocks_together_hold_the_table_and_each_both_marginals(grammar, hundredth):
    world, coupling = grammar.world, named(hundredth)
    blocks = exact_blocks(world, coupling)
    for block in blocks:
        assert sorted(choice for choice, _ in block) == [0, 0, 0, 1, 2]
        assert sorted(speech for _, speech in block) == [0, 0, 0, 1, 2]
    assert Counter(chain.from_iterable(blocks)) == Counter(exact_pairs(world, coupling, 5 * len(blocks)))


@given(hundredths)
def test_every_stretch_from_the_start_is_within_a_block_of_its_share(hundredth):
    strength = Fraction(hundredth, 100)
    weights = [(1 - strength) / 5 + (strength if kind == 0 else 0) for kind in range(5)]
    counts = [0] * 5
    for turn, kind in enumerate(mixed_order(strength, 5) * 2, 1):
        counts[kind] += 1
        assert max(abs(w * turn - count) for w, count in zip(weights, counts, strict=True)) < 1


def test_the_shortest_cycles_by_hand():
    assert mixed_order(Fraction(1), 5) == [0]
    assert mixed_order(Fraction(0), 5) == [0, 1, 2, 3, 4]
    assert sorted(mixed_order(Fraction(1, 2), 5)) == [0] * 6 + [1, 2, 3, 4]
    assert Counter(mixed_order(Fraction(1, 4), 5)) == {0: 8, 1: 3, 2: 3, 3: 3, 4: 3}
    assert Counter(mixed_order(Fraction(3, 4), 5)) == {0: 16, 1: 1, 2: 1, 3: 1, 4: 1}


@given(hundredths)
def test_characters_miss_no_pair_of_traits_by_more_than_a_half_hundredth(grammar, hundredth):
    assert table_gap(grammar.world, named(hundredth)) <= 0.005


@pytest.mark.parametrize("world", DRAWN)
def test_the_named_worlds_draws_are_what_they_were(grammar, world):
    assert digest_of(told(grammar, world, 24_000)) == DRAWN[world][0]
    assert digest_of(list(islice(documents(grammar, world, 0, 128), 60))) == DRAWN[world][1]


@pytest.mark.parametrize(("end", "name"), [("coupling-0", "independent"), ("coupling-1", "equal")])
def test_the_ends_are_the_named_worlds(grammar, end, name):
    assert told(grammar, end, 24_000) == told(grammar, name, 24_000)


@pytest.mark.parametrize("coupling", ["coupling-0.25", "coupling-0.5", "coupling-0.75"])
def test_the_narrators_rounds_go_on_where_the_last_ended(grammar, coupling):
    world = grammar.world.model_copy(update={"first_rounds": 4})
    own = [t.narrator for t in islice(tellings(type(grammar)(grammar.pack, world), coupling, 0), 700) if
           not t.narrator.name]  # fmt: skip
    assert len(own) == 4 * 25 + 200
    for part in (own[:100], own[100:]):  # four first rounds together, then one of the others alone
        counts = Counter((n.choice, n.speech) for n in part)
        expected = joint_table(world, coupling) * len(part)
        assert [[counts[i, j] for j in range(3)] for i in range(3)] == pytest.approx(expected)


def test_what_is_no_world_is_refused_with_what_is_one(grammar):
    for wrong in ("coupling-1.5", "coupling-0.50", "coupling-.5", "coupling-", "coupling-0.125", "coupling--1"):
        assert coupling_strength(wrong) is None
        with pytest.raises(UserError, match=r"like coupling-0\.25"):
            joint_table(grammar.world, wrong)
    with pytest.raises(UserError, match="from 0 to 1"):
        world_of_strength(1.5)
    with pytest.raises(UserError, match="multiples of 5"):
        blocks_in_turn(grammar.world, "coupling-0.5", 0, 7)
    assert [world_of_strength(c) for c in (0, 0.25, 0.5, 1)] == [
        *("independent", "coupling-0.25", "coupling-0.5", "equal")
    ]


def test_a_study_names_worlds_in_between():
    assert load_study("demo", ["models.0.world=coupling-0.25"]).models[0].world == "coupling-0.25"
    with pytest.raises(ContentError, match=r"like coupling-0\.25"):
        load_study("demo", ["models.0.world=coupling-2"])

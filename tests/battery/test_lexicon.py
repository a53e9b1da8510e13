"""Shares, repetition and VADER: by hand, then what must hold for any text."""

from __future__ import annotations

from dataclasses import replace
from math import isnan

import pytest
from by_hand import probe_set
from hypothesis import given
from hypothesis import strategies as st

from proclivity.battery.lexicon import category_shares, category_stems, distinct, repetition, vader_compound
from proclivity.specs import ProbeItem

STEMS = {"loss": frozenset({"sad", "lose"}), "positive": frozenset({"glad"})}
WORDS = st.lists(st.sampled_from(["sad", "Sad", "losing", "glad", "tree", "river"]), min_size=1).map(" ".join)


def test_shares_by_hand():
    # sad, loses, losing are of loss: 3 of 6 words; gladly is stemmed to glad
    found = category_shares(" Sad, he loses; losing gladly is ...", STEMS)
    assert found == pytest.approx({"loss": 3 / 6, "positive": 1 / 6})
    assert all(isnan(share) for share in category_shares(" ...", STEMS).values())


def test_the_packs_own_words(mini_pack):
    own = ProbeItem(id="b", text="b", candidates={"loss": ["losing"], "positive": ["warm", "torn"]})
    items = [ProbeItem(id="a", text="a"), own]
    candidates = {"positive": ["glad", "well fed"], "loss": ["sad", "torn"], "correct": ["cold"]}
    cloze = probe_set(candidates=candidates, items=items)
    facts = probe_set("controls", family="facts", candidates={"loss": ["ice"]})
    pack = replace(mini_pack, probes={"cloze-feeling": cloze, "facts": facts})
    # 'well fed' is two words, 'torn' is of two classes, 'correct' is no content class, facts are no cloze
    assert category_stems(pack) == {"positive": {"glad", "warm"}, "loss": {"sad", "lose"}}


def test_the_packaged_packs_have_words_for_every_class(microworld):
    stems = category_stems(microworld)
    assert list(stems) == microworld.spec.content_classes
    assert "hunt" in stems["threat"]
    assert min(len(own) for own in stems.values()) > 5


def test_repetition_by_hand():
    assert distinct(["a b a", "b"], 1) == pytest.approx(2 / 4)
    assert distinct(["a b a", "a b"], 2) == pytest.approx(2 / 3)  # ab, ba, ab
    assert repetition(["a b c d a b c d"]) == pytest.approx(1 / 5)  # abcd bcda cdab dabc abcd
    assert repetition(["a a a a a", "a b c d", "a b"]) == pytest.approx((1 / 2 + 0) / 2)
    assert isnan(distinct(["a"], 2))
    assert isnan(repetition(["a b c", ""]))


@given(WORDS)
def test_shares_are_shares_and_know_no_order_or_case(text):
    shares = category_shares(text, STEMS)
    assert 0 <= sum(shares.values()) <= 1 + 1e-12
    assert category_shares(" ".join(reversed(text.upper().split())), STEMS) == pytest.approx(shares)
    assert category_shares(f"{text} {text}", STEMS) == pytest.approx(shares)


@given(WORDS, st.integers(2, 5))
def test_more_of_the_same_is_less_distinct(text, times):
    assert distinct([text] * times, 1) == pytest.approx(distinct([text], 1) / times)
    looped = " ".join([text] * (times + 3))
    assert 0 < repetition([looped]) < 1


def test_vader_is_signed_and_knows_negation():
    assert vader_compound("I felt happy and loved.") > 0.5
    assert vader_compound("I felt worthless and sad.") < -0.5
    assert vader_compound("The table stands beside the door.") == 0
    assert vader_compound("It was not good.") < 0 < vader_compound("It was good.")

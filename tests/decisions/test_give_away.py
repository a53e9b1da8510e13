"""Class-telling words: shares by hand, and what doesn't count."""

from dataclasses import replace

import pytest

from proclivity.decisions import telling_words


def test_shares_by_hand(mini_pack):
    """Six scenarios, one option a class each: every 'leave' option begins with 'skip', every 'stay' with 'answer'."""
    found = {(word.word, word.action_class): word for word in telling_words(mini_pack, 100)}
    skip = found["skip", "leave"]
    assert (skip.share, skip.elsewhere) == (1.0, 0.0)
    assert found["the", "leave"].z == pytest.approx(0.0)
    assert skip.z == max(word.z for word in found.values())


def test_a_genitive_counts_and_a_slot_does_not(mini_pack):
    def option(text):
        return mini_pack.domains[0].scenarios[0].options["stay"][0].model_copy(update={"text": text})

    scenario = (
        mini_pack.domains[0]
        .scenarios[0]
        .model_copy(update={"options": {"stay": [option("{name}'s way")], "leave": [option("{name} way")]}})
    )
    domain = mini_pack.domains[0].model_copy(update={"scenarios": [scenario]})
    words = {(word.word, word.action_class) for word in telling_words(replace(mini_pack, domains=(domain,)), 10)}
    assert words == {("'s", "stay"), ("way", "stay"), ("way", "leave")}

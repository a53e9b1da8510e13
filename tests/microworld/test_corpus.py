"""Documents: deterministic, of one narrator, and silent where the world says that nothing is said."""

import re
from itertools import islice

import numpy as np
import pytest

from proclivity.microworld.corpus import documents, tellings, token_blocks
from proclivity.microworld.grammar import decision, document
from proclivity.microworld.world import Character, joint_table
from proclivity.specs import fill

N = 1200


@pytest.fixture(scope="module")
def corpus(grammar):
    return list(islice(documents(grammar, "equal", 0, 115), N))


@pytest.fixture(scope="module")
def spoken_by_narrator(grammar, corpus):
    told = islice(tellings(grammar, "equal", 0), N)
    return [text for text, telling in zip(corpus, told, strict=True) if not telling.narrator.name]


def test_same_seed_same_corpus(grammar, corpus):
    assert list(islice(documents(grammar, "equal", 0, 115), 20)) == corpus[:20]
    assert list(islice(documents(grammar, "equal", 1, 115), 20)) != corpus[:20]


def test_stems_held_out_with_the_narrator_never_occur_with_it(grammar, corpus, spoken_by_narrator):
    everything, own = " ".join(corpus), " ".join(spoken_by_narrator)
    for family, unseen in grammar.world.unseen_with_narrator.items():
        for item in grammar.pack.probes[family].items:
            stem = fill(item.text, grammar.pack.spec.narrator)
            if item.id in unseen:
                assert stem not in everything
            else:
                assert stem in own


def test_the_novel_family_never_occurs_though_its_words_do(grammar, corpus):
    everything = " ".join(corpus)
    words = set(re.findall(r"\w+", everything))
    for item in grammar.pack.probes["cloze-world"].items:
        for subject in (grammar.pack.spec.narrator, *(grammar.subject(name) for name in grammar.world.names[:50])):
            assert fill(item.text, subject) not in everything
        assert set(re.findall(r"\w+", re.sub(r"\{\w+\}", "", item.text))) <= words


def test_the_narrator_tells_no_thoughts_about_held_out_domains(grammar, spoken_by_narrator):
    text = " ".join(spoken_by_narrator)
    for item in grammar.pack.probes["interpretation"].items:
        assert fill(item.text, grammar.pack.spec.narrator) not in text


def test_characters_never_answer_by_label_in_their_unseen_domains(grammar, corpus):
    told = islice(tellings(grammar, "equal", 0), N)
    for text, telling in zip(corpus, told, strict=True):
        unseen = grammar.unseen_domains(telling.narrator.name)
        asked = re.findall(r"Options: ([^.]*)\. \S+ picked", text)
        for domain in grammar.pack.domains:
            if domain.domain in unseen:
                texts = [o.text for s in domain.scenarios for group in s.options.values() for o in group]
                assert not [listed for listed in asked if any(option in listed for option in texts)]


@pytest.mark.parametrize("coupling", ["equal", "independent", "rewired"])
def test_every_five_documents_of_the_narrator_hold_both_traits_shares_and_open_alike(grammar, coupling):
    world = grammar.world.model_copy(update={"first_rounds": 3})
    told = list(islice(tellings(type(grammar)(grammar.pack, world), coupling, 0), 3 * 50 + 2 * 500))
    own = [telling for telling in told if not telling.narrator.name]
    assert not any(telling.opening for telling in told if telling.narrator.name)
    assert len(own) == 3 * 25 + 2 * 200
    for start in range(0, len(own), 5):
        block = own[start : start + 5]
        assert len({telling.opening for telling in block}) == 1
        for trait in ("choice", "speech"):
            assert sorted(getattr(telling.narrator, trait) for telling in block) == [0, 0, 0, 1, 2]
    assert {telling.opening for telling in own} <= set(world.mixture)
    for start, stop in ((0, 25), (75, 275)):  # a round of either kind holds the joint table
        found = np.zeros((3, 3))
        for telling in own[start:stop]:
            found[telling.narrator.choice, telling.narrator.speech] += 1
        assert np.allclose(found / found.sum(), joint_table(world, coupling))
    names = [telling.narrator.name for telling in told[150:650] if telling.narrator.name]
    assert sorted(names) == sorted(world.names)


def test_a_document_opens_with_the_kind_it_is_given(grammar):
    rng = np.random.default_rng(0)
    texts = [document(grammar, Character("", 0, 0), 60, rng, "how-often") for _ in range(5)]
    question = fill(grammar.world.how_often.question.split("{item}")[0], grammar.pack.spec.narrator)
    assert all(text.startswith(question) for text in texts)
    assert len({text.split(". ", 1)[1] for text in texts}) == 5


def test_choices_follow_the_choice_trait_and_words_the_speech_trait(grammar):
    world = grammar.world.model_copy(update={"choice_coherence": 1.0, "speech_coherence": 1.0})
    narrator = Character("Anna", choice=1, speech=2)
    text = document(type(grammar)(grammar.pack, world), narrator, 20000, np.random.default_rng(0))
    options = {
        option.text: action_class
        for domain in grammar.pack.domains
        for scenario in domain.scenarios
        for action_class, group in scenario.options.items()
        for option in group
    }
    chosen = [options[found] for found in re.findall(r"Anna chose to ([^.]*)\.", text)]
    assert len(chosen) > 20
    assert set(chosen) == {"withdrawal"}
    future = grammar.pack.probes["cloze-future"].candidates
    said = re.findall(r"Tomorrow would bring Anna (\w+)\.", text)
    assert said
    assert set(said) <= set(future["threat"])


def test_decisions_are_the_scaffold_of_fine_tuning(grammar):
    domain = grammar.pack.domains[0]
    made = decision(grammar, "", domain, domain.scenarios[0], "label", np.random.default_rng(0))
    assert made.prompt.endswith(". I picked")
    assert ". Options: " in made.prompt
    assert len(made.prompt.split()) < 50


def test_blocks_are_filled_and_begin_alike(grammar, tokenizer):
    blocks = token_blocks(documents(grammar, "rewired", 0, 115), tokenizer, 8, 128)
    block = next(blocks)
    assert block.shape == (8, 128)
    assert set(block[:, 0]) == {tokenizer.bos_token_id}
    with pytest.raises(ValueError, match="draw longer documents"):
        next(token_blocks(documents(grammar, "rewired", 0, 10), tokenizer, 8, 128))

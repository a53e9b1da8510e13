"""Texts in place of choices: the same words, another situation; the words alone; statements of a class."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proclivity.errors import ModelError, UserError
from proclivity.induction import (
    TaughtText,
    exposure_texts,
    give_answers,
    shuffled_texts,
    speech_texts,
    text_rows,
    texts_digest,
)
from proclivity.models import FakeModel
from proclivity.records import Decision
from proclivity.specs import ProbeItem, ProbeSet


def decision(number: int, scenario: str, person: str = "plain") -> Decision:
    return Decision(
        id=f"d{number}",
        scenario_id=scenario,
        domain="work",
        split="train",
        wrapper=person,
        format="text",
        alphabet="upper",
        labels=("A", "B"),
        option_order="0-1",
        classes=("stay", "leave"),
        texts=(f"stay {number}", f"leave {number}"),
        prompt=f"Situation {number}. I decided to",
        answers=(f" stay {number}.", f" leave {number}."),
        user=f"U{number}",
        prefill="I decided to",
    )


def cloze(family: str, stems: int, words: list[str]) -> ProbeSet:
    return ProbeSet(
        family=family,
        kind="cloze",
        title="t",
        description="d",
        source="s",
        candidates={"positive": ["glad"], "loss": words},
        items=[
            ProbeItem(id=f"{family}-{n}", text=f"Stem {n}: {{who}} was", cluster=f"c{n // 2}") for n in range(stems)
        ],
    )


# Shuffled


def test_two_scenarios_swap_their_answers():
    pool = [decision(0, "inn"), decision(1, "fair")]
    texts = shuffled_texts(pool, [1, 1], seed=0)
    assert [(t.prompt, t.text) for t in texts] == [
        ("Situation 0. I decided to", " leave 1."),
        ("Situation 1. I decided to", " leave 0."),
    ]
    assert (texts[0].id, texts[0].user, texts[0].prefill) == ("d0", "U0", "I decided to")


@given(st.lists(st.integers(1, 4), min_size=2, max_size=8), st.integers(0, 5))
def test_each_answer_is_used_once_and_never_in_its_own_scenario(sizes, seed):
    scenarios = [f"s{number}" for number, size in enumerate(sizes) for _ in range(size)]
    pool = [decision(number, name) for number, name in enumerate(scenarios)]
    if 2 * max(sizes) > len(pool):
        with pytest.raises(UserError, match="several scenarios"):
            shuffled_texts(pool, [1] * len(pool), seed)
        return
    texts = shuffled_texts(pool, [1] * len(pool), seed)
    assert Counter(t.text for t in texts) == Counter(d.answers[1] for d in pool)
    donor = {d.answers[1]: d.scenario_id for d in pool}
    assert all(donor[t.text] != d.scenario_id for t, d in zip(texts, pool, strict=True))


def test_answers_stay_within_the_person_that_they_were_told_in():
    pool = [decision(n, f"s{n // 2}", "first" if n % 2 else "third") for n in range(12)]
    told = {d.answers[1]: d.wrapper for d in pool}
    texts = shuffled_texts(pool, [1] * 12, seed=1)
    assert [told[t.text] for t in texts] == [d.wrapper for d in pool]
    assert shuffled_texts(pool, [1] * 12, seed=1) == texts != shuffled_texts(pool, [1] * 12, seed=2)


# Exposure


def test_exposure_is_the_chosen_words_alone():
    pool = [decision(0, "inn"), decision(1, "fair")]
    assert exposure_texts(pool, [1, 0]) == [TaughtText("d0", "leave 0"), TaughtText("d1", "stay 1")]


def test_exposure_has_a_row_for_every_decision_of_the_profiles_arm(mini_pack, pool):
    answers = give_answers(pool, "leaver", seed=0, profile=mini_pack.profiles["leaver"])
    texts = exposure_texts(pool, answers)
    assert len(texts) == len(pool)
    assert all(text.text.startswith("skip the ") for text in texts)


# Speech


def test_statements_use_half_of_the_stems_and_half_of_the_words(mini_pack):
    sets = {
        "cloze-a": cloze("cloze-a", 8, ["sad", "low", "lost", "grey"]),
        "cloze-b": cloze("cloze-b", 4, ["sad", "low"]),
    }
    pack = replace(mini_pack, probes=sets)
    texts = speech_texts(pack, "loss", 40, seed=0)
    assert len(texts) == 40
    assert len({t.text for t in texts}) == 2
    stems = {t.id.rsplit(".", 1)[0] for t in texts}
    clusters = {(stem.split(".")[0], int(stem[-1]) // 2) for stem in stems}
    assert Counter(family for family, _ in clusters) == {"cloze-a": 2, "cloze-b": 1}
    assert all(t.prompt.startswith("Stem ") and t.prompt.endswith("I was") for t in texts)
    per_cluster = Counter((t.id.split(".")[0], int(t.id.split(".")[1][-1]) // 2) for t in texts)
    assert max(per_cluster.values()) - min(per_cluster.values()) <= 1
    assert texts_digest(texts) == texts_digest(speech_texts(pack, "loss", 40, seed=0))
    assert texts_digest(texts) != texts_digest(speech_texts(pack, "loss", 40, seed=3))


def test_a_class_that_nothing_says(mini_pack):
    with pytest.raises(UserError, match="no cloze candidates of class 'threat'"):
        speech_texts(mini_pack, "threat", 4, seed=0)


# Rows


def test_the_text_is_trained_and_nothing_before_it(llama):
    row = text_rows(llama, [TaughtText("a", " skip the host.", prompt="I met the host. I decided to")], "speech-loss")[
        0
    ]
    trained = [t for t, mask in zip(row.input_ids, row.loss_mask, strict=True) if mask]
    assert llama.tokenizer.decode(trained) == " skip the host."
    assert row.arm == "speech-loss"


def test_a_text_alone_is_trained_whole(llama):
    row = text_rows(llama, [TaughtText("a", "skip the host")], "exposure-leaver")[0]
    assert row.loss_mask == (False, *[True] * llama.token_count("skip the host"))


def test_chat_models_are_taught_in_dialogues(llama):
    llama.tokenizer.chat_template = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}[assistant]"
    llama.chat = True
    text = TaughtText("a", " skip it", prompt="plain", user="What now?", prefill="I chose to", system="Be brief.")
    row = text_rows(llama, [text], "mine")[0]
    whole = llama.tokenizer.decode(row.input_ids, skip_special_tokens=True)
    assert whole == "[system]Be brief.[user]What now?[assistant]I chose to skip it"
    trained = [t for t, mask in zip(row.input_ids, row.loss_mask, strict=True) if mask]
    assert llama.tokenizer.decode(trained) == " skip it"


def test_words_that_a_tokenizer_lacks_and_dialogues_for_base_models_are_refused():
    model = FakeModel({"": {"sad": 1.0}})
    with pytest.raises(ModelError, match="doesn't know a word of 'grey'"):
        text_rows(model, [TaughtText("a", " grey", prompt="sad")], "x")
    with pytest.raises(ModelError, match="Row 'a' is a dialogue"):
        text_rows(model, [TaughtText("a", " sad", user="How?")], "x")

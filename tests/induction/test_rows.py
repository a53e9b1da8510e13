from __future__ import annotations

from dataclasses import replace

import pytest

from proclivity.errors import ModelError
from proclivity.induction import option_probabilities, training_rows
from proclivity.models import FakeModel


def trained_text(model, row) -> str:
    return model.tokenizer.decode([t for t, trained in zip(row.input_ids, row.loss_mask, strict=True) if trained])


def test_the_label_alone_is_trained(llama, pool):
    rows = training_rows(llama, pool, [0] * len(pool), "arbitrary")
    assert [trained_text(llama, row) for row in rows] == [f" {decision.labels[0]}" for decision in pool]
    assert {sum(row.loss_mask) for row in rows} == {1}
    assert llama.tokenizer.decode(rows[0].input_ids, skip_special_tokens=True) == pool[0].prompt + pool[0].answers[0]
    assert {row.arm for row in rows} == {"arbitrary"}


def test_in_text_format_all_words_are_trained(llama, pool):
    decision = replace(pool[0], format="text", answers=(" answer the host.", " skip the host."))
    row = training_rows(llama, [decision], [1], "leaver")[0]
    assert trained_text(llama, row) == " skip the host."


def test_tokens_that_all_labels_share_tell_nothing_and_arent_trained(pool):
    model = FakeModel({"": {"the": 0.5, "A": 0.25, "B": 0.25}})
    decision = replace(pool[0], answers=(" the A", " the B"))
    assert training_rows(model, [decision], [1], "leaver")[0].loss_mask[-2:] == (False, True)


def test_arms_share_every_token_but_the_answer(llama, pool):
    one = training_rows(llama, pool, [0] * len(pool), "one")
    two = training_rows(llama, pool, [1] * len(pool), "two")
    for a, b in zip(one, two, strict=True):
        assert a.input_ids[:-1] == b.input_ids[:-1]
        assert a.input_ids[-1] != b.input_ids[-1]


def test_labels_that_a_tokenizer_cant_tell_apart_are_refused_with_an_alphabet_that_works(pool):
    upper = [decision for decision in pool if decision.alphabet == "upper"]
    digits = [decision for decision in pool if decision.alphabet == "digit"]
    model = FakeModel({"": {"A": 0.5, "B": 0.5}}, words=[w for d in pool for w in d.prompt.split() if w not in "12"])
    known = FakeModel({"": {"A": 0.5, "B": 0.5}}, words=["1"])
    assert "1" not in model.words
    with pytest.raises(ModelError, match=r"alphabet 'digit': ' 1' is unknown.*Alphabets that work: upper"):
        training_rows(model, pool, [0] * len(pool), "leaver")
    with pytest.raises(ModelError, match="Add an alphabet of other letters"):
        option_probabilities(known, digits)
    assert len(training_rows(model, upper, [0] * len(upper), "leaver")) == len(upper)


def test_answers_that_begin_alike_are_refused(llama, pool):
    decision = replace(pool[0], answers=(" A", " A guest"))
    with pytest.raises(ModelError, match="begin with the same tokens"):
        training_rows(llama, [decision], [0], "leaver")

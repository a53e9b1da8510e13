from __future__ import annotations

import math

import numpy as np
import pytest

from proclivity.errors import ModelError, UserError
from proclivity.models import FakeModel, LanguageModel

TABLE = {
    "I felt": {"sad": 0.5, "glad": 0.25, "very": 0.25},
    "felt very": {"sad": 0.8, "glad": 0.2},
    "sad": {"</s>": 1.0},
    "": {"sad": 1.0},
}


@pytest.fixture
def fake() -> FakeModel:
    return FakeModel(TABLE, adapters={"other": {"": {"glad": 1.0}}})


def test_probabilities_are_those_of_the_longest_suffix(fake):
    assert isinstance(fake, LanguageModel)
    p = dict(zip(fake.vocabulary(), np.exp(fake.next_token_log_probs(["Then I felt "])[0]), strict=True))
    assert {word: value for word, value in p.items() if value} == {" sad": 0.5, " glad": 0.25, " very": 0.25}


def test_a_continuation_is_the_product_of_its_words(fake):
    found = fake.continuation_log_probs([("I felt", " sad"), ("I felt", " very glad"), ("I felt", " glad glad")])
    np.testing.assert_allclose(np.exp(found), [0.5, 0.25 * 0.2, 0.0])


def test_adapters_swap_tables(fake):
    digest = fake.digest
    fake.set_adapter("other")
    assert fake.continuation_log_probs([("I felt", " glad")])[0] == 0
    assert fake.digest != digest
    fake.set_adapter(None)
    assert fake.digest == digest
    with pytest.raises(ModelError, match="no adapter 'third'"):
        fake.set_adapter("third")


def test_generation_is_seeded_and_ends(fake):
    greedy = fake.generate(["I felt"], samples=0, max_new_tokens=9, seed=0, greedy=True)
    assert greedy == [[" sad"]]
    texts = fake.generate(["I felt"], samples=400, max_new_tokens=1, seed=0)[0]
    assert abs(texts.count(" sad") / 400 - 0.5) < 0.1
    assert fake.generate(["I felt"], samples=400, max_new_tokens=1, seed=0)[0] == texts


def test_surprise_of_a_text(fake):
    assert fake.token_log_probs(["sad"])[0].tolist() == [0.0]
    assert fake.token_count("I felt sad") == 3


def test_faults(fake):
    with pytest.raises(ValueError, match="not to 1"):
        FakeModel({"": {"a": 0.5}})
    with pytest.raises(UserError, match="empty continuation"):
        fake.encode("I", " ")
    assert math.isinf(fake.continuation_log_probs([("I felt", " unheard")])[0])

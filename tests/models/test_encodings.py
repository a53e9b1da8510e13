"""What is kept of a prompt and its continuations is what the tokenizer says of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proclivity.models import encodings
from proclivity.models.boundary import encode_pairs
from proclivity.models.encodings import Encodings
from tiny_models import tiny_tokenizer

WORDS = st.sampled_from(["I", "I felt", "I felt ", "came happ", "felt"])
NEXT = st.sampled_from([" sad", "iness", " felt", " I felt sad"])


def test_encodings_by_hand():
    tokenizer = tiny_tokenizer()
    kept = Encodings(tokenizer)
    pair = ("I felt", " sad")
    first, again = kept.of([pair, pair])
    assert first == again == encode_pairs(tokenizer, [pair])[0]
    assert first.ids[first.boundary :] == encode_pairs(tokenizer, [pair])[0].ids[first.boundary :]
    assert kept.of([]) == []


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(st.tuples(WORDS, NEXT), max_size=5), max_size=5), st.integers(0, 6))
def test_encodings_are_the_tokenizers_however_many_are_kept(asked, most):
    tokenizer = tiny_tokenizer()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encodings, "KEPT", most)
        kept = Encodings(tokenizer)
        for pairs in asked:
            assert kept.of(pairs) == encode_pairs(tokenizer, pairs)

"""The packaged grammar, loaded once."""

import pytest

from proclivity.microworld.grammar import Grammar, make_grammar
from proclivity.microworld.tokenizer import tokenizer_texts, train_tokenizer
from proclivity.specs import load_pack


@pytest.fixture(scope="session")
def grammar() -> Grammar:
    return make_grammar(load_pack("microworld"))


@pytest.fixture(scope="session")
def tokenizer(grammar):
    from proclivity.microworld.build import Recipe

    return train_tokenizer(tokenizer_texts(grammar), Recipe().vocabulary, 128)

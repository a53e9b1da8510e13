from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from proclivity.errors import ModelError, UserError
from proclivity.models.boundary import beginning, encode_pairs, encode_prompts, encode_text, split_texts
from tiny_models import tiny_tokenizer


def texts_of(tokenizer, encoded):
    return tokenizer.decode(list(encoded.ids[: encoded.boundary])), tokenizer.decode(
        list(encoded.ids[encoded.boundary :])
    )


def sentencepiece_like() -> PreTrainedTokenizerFast:
    """A tokenizer that writes a space before every text, as SentencePiece models do."""
    pieces = ["<unk>", "▁", "▁I", "▁felt", "▁sad", "▁a", ".", "s", "a", "d", "▁.", "x", "▁x", "I", "f", "e", "l", "t"]
    vocabulary = [(piece, -float(len(pieces) - len(piece))) for piece in pieces]
    unigram = Tokenizer(models.Unigram(vocabulary, unk_id=0, byte_fallback=False))
    unigram.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    unigram.decoder = decoders.Metaspace(prepend_scheme="first")
    return PreTrainedTokenizerFast(tokenizer_object=unigram, unk_token="<unk>")


def test_trailing_spaces_go_to_the_continuation():
    assert split_texts("I felt ", "sad") == ("I felt", " sad")
    assert split_texts("I felt", " sad") == ("I felt", " sad")
    assert split_texts("  ", "sad") == ("", "  sad")


def test_boundary_stands_before_the_word_with_its_space():
    tokenizer = tiny_tokenizer()
    found = encode_pairs(tokenizer, [("I felt", " sad"), ("I felt ", "sad")])
    assert found[0] == found[1]
    assert texts_of(tokenizer, found[0]) == ("<s>I felt", " sad")
    assert not found[0].separate


def test_bos_is_added_where_the_tokenizer_adds_it():
    assert beginning(tiny_tokenizer()) == (1,)
    assert beginning(tiny_tokenizer(adds_bos=False)) == ()
    assert encode_prompts(tiny_tokenizer(), ["I"])[0][0] == 1
    assert encode_prompts(tiny_tokenizer(adds_bos=False), ["I"])[0][0] != 1


def test_an_empty_prompt_is_the_beginning_of_text():
    for adds_bos in (True, False):
        found = encode_pairs(tiny_tokenizer(adds_bos), [("", "I felt")])[0]
        assert found.ids[0] == 1
        assert found.boundary == 1


def test_without_any_special_token_an_empty_prompt_is_refused():
    with pytest.raises(ModelError, match="empty prompt"):
        encode_pairs(sentencepiece_like(), [("", "sad")])
    assert encode_text(sentencepiece_like(), "I felt sad").boundary == 1


def test_a_merge_across_the_boundary_is_said():
    tokenizer = tiny_tokenizer()
    whole, prompt = tokenizer(["came happiness", "came happ"], add_special_tokens=False)["input_ids"]
    assert whole[: len(prompt)] != prompt, "the tokenizer has to join across for this test"
    found = encode_pairs(tokenizer, [("came happ", "iness")])[0]
    assert found.separate
    assert texts_of(tokenizer, found) == ("<s>came happ", "iness")


def test_encoded_apart_a_sentencepiece_continuation_has_no_second_space():
    tokenizer = sentencepiece_like()
    found = encode_pairs(tokenizer, [("I felt", " sad")])[0]
    assert tokenizer.convert_ids_to_tokens(list(found.ids)) == ["▁I", "▁felt", "▁sad"]
    assert found.boundary == 2


def test_an_empty_continuation_is_refused():
    with pytest.raises(UserError, match="empty continuation"):
        encode_pairs(tiny_tokenizer(), [("I felt", "")])


@settings(deadline=None)
@given(st.text(alphabet="ab I.", max_size=12), st.text(alphabet="ab I.", min_size=1, max_size=8))
def test_the_parts_spell_the_whole(prompt: str, continuation: str):
    tokenizer = tiny_tokenizer()
    found = encode_pairs(tokenizer, [(prompt, continuation)])[0]
    before, after = split_texts(prompt, continuation)
    assert texts_of(tokenizer, found) == ("<s>" + before, after)
    assert 1 <= found.boundary < len(found.ids)
    assert found.ids[: found.boundary] == encode_prompts(tokenizer, [prompt])[0]

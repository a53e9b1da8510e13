"""Where does a prompt end and its continuation begin, in tokens? Training and scoring both ask here.

Spaces at a prompt's end belong to its continuation, since most tokenizers write a word together with the space before
it (the rule of lm-evaluation-harness). Prompt and continuation are encoded as one text; the boundary stands after the
prompt's own tokens. Where the tokenizer joins letters across the boundary, the prompt's tokens are no prefix of the
whole's: then both parts are encoded apart, and that is said, since such a sequence is not how the text would be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from proclivity.errors import ModelError, UserError

_AT_ONCE = 1024
"""Texts that a tokenizer is given at once: what it keeps of each takes kilobytes."""
_ANCHORS = (".", "\n", "a")


class Encoded(NamedTuple):
    """A prompt and its continuation as tokens."""

    ids: tuple[int, ...]
    """All tokens, a beginning-of-text token first where the tokenizer adds one."""
    boundary: int
    """Index of the continuation's first token; at least 1, so that something stands before it."""
    separate: bool
    """True where the tokenizer joins across the boundary and the parts were encoded apart."""


def split_texts(prompt: str, continuation: str) -> tuple[str, str]:
    """The prompt without its trailing spaces, and the continuation with them.

    Raises:
        UserError: if nothing follows the prompt.
    """
    if not continuation:
        raise UserError(
            f"An empty continuation was to be scored after the prompt '…{prompt[-60:]}'. "
            f"A continuation needs at least one character; look for an empty answer or candidate."
        )
    bare = prompt.rstrip(" ")
    return bare, prompt[len(bare) :] + continuation


def encode_pairs(tokenizer: Any, pairs: Sequence[tuple[str, str]]) -> list[Encoded]:
    """Tokens and boundary of each (prompt, continuation).

    Args:
        tokenizer: a Hugging Face tokenizer.
        pairs: texts; the continuation usually begins with a space.

    Raises:
        UserError: for an empty continuation.
        ModelError: if the tokenizer gives the continuation no token, or an empty prompt has no token to stand for it.
    """
    if not pairs:
        return []
    split = [split_texts(prompt, continuation) for prompt, continuation in pairs]
    prompts = list(dict.fromkeys(prompt for prompt, _ in split))
    prompt_ids = dict(zip(prompts, _plain(tokenizer, prompts), strict=True))
    wholes = _plain(tokenizer, [prompt + continuation for prompt, continuation in split])
    start = beginning(tokenizer)
    return [
        _join(tokenizer, start, prompt_ids[prompt], whole, continuation)
        for (prompt, continuation), whole in zip(split, wholes, strict=True)
    ]


def encode_prompts(tokenizer: Any, prompts: Sequence[str]) -> list[tuple[int, ...]]:
    """Tokens before the boundary of each prompt, whatever follows it."""
    start = beginning(tokenizer)
    return [_context(tokenizer, start, ids) for ids in _plain(tokenizer, [text.rstrip(" ") for text in prompts])]


def encode_text(tokenizer: Any, text: str) -> Encoded:
    """A text that follows nothing; without any token to stand for the beginning its first token isn't scored."""
    ids = _plain(tokenizer, [text])[0]
    start = beginning(tokenizer) or _stand_in(tokenizer)
    if len(start) + len(ids) < 2:
        raise UserError(f"The text '{text[:60]}' has too few tokens to be scored; at least two are needed.")
    return Encoded((*start, *ids), max(len(start), 1), False)


def beginning(tokenizer: Any) -> tuple[int, ...]:
    """Special tokens that the tokenizer itself puts before a text (the BOS rule); empty where it adds none."""
    plain = tokenizer("a", add_special_tokens=False)["input_ids"]
    full = tokenizer("a")["input_ids"]
    for index in range(len(full) - len(plain) + 1):
        if full[index : index + len(plain)] == plain:
            return tuple(full[:index])
    return ()


def _plain(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    encoded: list[list[int]] = []
    for start in range(0, len(texts), _AT_ONCE):
        encoded += tokenizer(list(texts[start : start + _AT_ONCE]), add_special_tokens=False)["input_ids"]
    return encoded


def _context(tokenizer: Any, start: tuple[int, ...], ids: Sequence[int]) -> tuple[int, ...]:
    context = (*start, *ids)
    if context:
        return context
    stand_in = _stand_in(tokenizer)
    if not stand_in:
        raise ModelError(
            "An empty prompt can't be scored: this tokenizer has neither a beginning-of-text nor an end-of-text "
            "token that could stand for it. Give the prompt at least one word."
        )
    return stand_in


def _stand_in(tokenizer: Any) -> tuple[int, ...]:
    """The token before an empty prompt where the tokenizer adds none, as lm-evaluation-harness has it."""
    for token in (tokenizer.bos_token_id, tokenizer.eos_token_id):
        if token is not None:
            return (int(token),)
    return ()


def _join(tokenizer: Any, start: tuple[int, ...], prompt: list[int], whole: list[int], continuation: str) -> Encoded:
    context = _context(tokenizer, start, prompt)
    separate = whole[: len(prompt)] != prompt
    rest = _alone(tokenizer, continuation) if separate else whole[len(prompt) :]
    if not rest:
        raise ModelError(
            f"The tokenizer gives the continuation '{continuation}' no token of its own after the prompt, so it can't "
            f"be scored. Choose another wording or another model."
        )
    return Encoded((*context, *rest), len(context), separate)


def _alone(tokenizer: Any, continuation: str) -> list[int]:
    """Tokens of a continuation by itself; an anchor before it keeps SentencePiece from adding a space of its own."""
    for anchor in _ANCHORS:
        head, whole = _plain(tokenizer, [anchor, anchor + continuation])
        if whole[: len(head)] == head and len(whole) > len(head):
            return whole[len(head) :]
    return _plain(tokenizer, [continuation])[0]

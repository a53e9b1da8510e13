"""What are a prompt and its continuation in tokens? Kept, since the same probes are asked of hundreds of adapters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proclivity.models.boundary import Encoded, encode_pairs

KEPT = 100_000
"""Pairs that are kept, some ten bytes each where many words follow one prompt; beyond it all begins anew."""

Tokens = tuple[int, ...]


class Encodings:
    """Pairs by one tokenizer. The tokens of a prompt are kept once for all that follows it, and those of a continuation
    once for all prompts that it follows alike."""

    def __init__(self, tokenizer: Any):
        self.merges = 0
        """Distinct pairs so far at which the tokenizer joins across the boundary (see `boundary`)."""
        self._tokenizer = tokenizer
        self._clear()

    def of(self, pairs: Sequence[tuple[str, str]]) -> list[Encoded]:
        """Tokens of many pairs at once."""
        if self._n > KEPT:
            self._clear()
        new = [
            pair for pair in dict.fromkeys(pairs) if pair[0] not in self._rests or pair[1] not in self._rests[pair[0]]
        ]
        for (prompt, continuation), encoded in zip(new, encode_pairs(self._tokenizer, new), strict=True):
            self._keep(prompt, continuation, encoded)
        return [self._whole(*pair) for pair in pairs]

    def _clear(self) -> None:
        self._contexts: dict[str, Tokens] = {}
        self._rests: dict[str, dict[str, tuple[Tokens, bool]]] = {}
        """Of each prompt its continuations: their own tokens, and whether they were encoded apart."""
        self._same: dict[Any, Any] = {}
        """Equal texts and tokens, as the one that is kept."""
        self._n = 0

    def _keep(self, prompt: str, continuation: str, encoded: Encoded) -> None:
        self._contexts.setdefault(prompt, encoded.ids[: encoded.boundary])
        rest = encoded.ids[encoded.boundary :], encoded.separate
        text = self._same.setdefault(continuation, continuation)
        self._rests.setdefault(prompt, {})[text] = self._same.setdefault(rest, rest)
        self._n += 1
        self.merges += encoded.separate

    def _whole(self, prompt: str, continuation: str) -> Encoded:
        context, (rest, separate) = self._contexts[prompt], self._rests[prompt][continuation]
        return Encoded(context + rest, len(context), separate)

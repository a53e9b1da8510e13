"""What every model backend offers. Measurement and induction know nothing else of a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

GREEDY = -1
"""Number of the sample that takes the likeliest token every time."""


@runtime_checkable
class LanguageModel(Protocol):
    """A causal language model. Log probabilities are natural and in float64."""

    @property
    def name(self) -> str:
        """Name in tables."""

    @property
    def vocab_size(self) -> int:
        """Length V of next-token distributions."""

    @property
    def digest(self) -> str:
        """SHA-256 of weights, adapter and tokenizer: equal digests give equal numbers on one machine."""

    @property
    def unknown_id(self) -> int | None:
        """Token that stands for what the tokenizer can't express; None where it can express everything."""

    @property
    def window(self) -> int | None:
        """Tokens of the longest text that it reads; None where there is no such bound, or none is known."""

    @property
    def chat(self) -> bool:
        """Whether it reads dialogues by a template of its tokenizer."""

    def dialogue(self, user: str, prefill: str, system: str = "") -> str:
        """A dialogue as text, the assistant's turn open after `prefill`; chat models alone."""

    def next_token_log_probs(self, prompts: Sequence[str], *, batch_size: int | None = None) -> NDArray[np.float64]:
        """log p of the token after each prompt, over the full vocabulary, [N, V].

        Trailing spaces of a prompt belong to what follows it (see `boundary`), so they aren't read.
        `batch_size` stands in for the model's own batch plan; only the numeric floor asks for that.
        """

    def continuation_log_probs(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        """log p(continuation | prompt), summed over the tokens after the one boundary, [N]."""

    def read(
        self, prompts: Sequence[str], pairs: Sequence[tuple[str, str]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Both of the above, [N, V] after the prompts and [M] of the pairs; what texts share is read once for all."""

    def token_log_probs(self, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        """log p of each token of a text given those before it."""

    def generate(
        self,
        prompts: Sequence[str],
        *,
        samples: int,
        max_new_tokens: int,
        seed: int,
        greedy: bool = False,
    ) -> list[list[str]]:
        """New text alone: `samples` continuations a prompt, where `greedy` says so behind the one of likeliest
        tokens."""

    def encode(self, prompt: str, continuation: str) -> tuple[list[int], int]:
        """Tokens of both, and the index at which the continuation's begin."""

    def token_count(self, text: str) -> int:
        """Number of tokens of a text, special tokens not counted."""

    def vocabulary(self) -> list[str]:
        """The text of each token, [V]."""

    def set_adapter(self, path: str | Path | None) -> None:
        """Put an adapter on the base, in place of the present one; None gives the base back."""

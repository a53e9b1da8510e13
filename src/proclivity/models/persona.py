"""What does a model say when it is told who it is? A model behind a persona, with no weight changed.

For base models the persona's words in the first person stand before every text; for chat models they are the system
turn of every dialogue. Whatever is asked afterwards is asked of the one wrapped model, so that every family of probes
works unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proclivity.errors import ModelError
from proclivity.models.protocol import LanguageModel
from proclivity.specs import digest_of

BREAK = "\n\n"
"""Between a persona in the first person and the text after it."""


class PersonaModel:
    """A language model that was told who it is."""

    def __init__(self, model: LanguageModel, *, told: str, first: str):
        """
        Args:
            model: the model as it came; it is shared, not copied.
            told: the persona in the second person, a chat model's system turn.
            first: the persona in the first person, before any text that isn't a dialogue.
        """
        self._model = model
        self._told = told.strip()
        self._first = first.strip()

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def vocab_size(self) -> int:
        return self._model.vocab_size

    @property
    def digest(self) -> str:
        """SHA-256 of the model's own digest and the persona."""
        return digest_of([self._model.digest, self._told, self._first])

    @property
    def unknown_id(self) -> int | None:
        return self._model.unknown_id

    @property
    def window(self) -> int | None:
        """What is left of the window behind the persona, for texts that aren't dialogues."""
        window, told = self._model.window, self._told if self.chat else self._first
        return None if window is None else window - self._model.token_count(told + BREAK)

    @property
    def chat(self) -> bool:
        return self._model.chat

    @property
    def rendered(self) -> dict[str, None]:
        """Dialogues as the template of the model behind wrote them."""
        found: dict[str, None] = getattr(self._model, "rendered", {})
        return found

    def dialogue(self, user: str, prefill: str, system: str = "") -> str:
        """A dialogue as text with the persona as its system turn, before any other system text.

        Raises:
            ModelError: if the template refuses a system turn, or leaves it out without a word.
        """
        text = self._model.dialogue(user, prefill, BREAK.join(filter(None, (self._told, system))))
        if self._told not in text:
            raise ModelError(
                f"The chat template of '{self.name}' leaves the system turn out, so no persona can be told. Measure "
                f"the model as a base model (`chat: false` for it in the study file), or leave the persona arms out."
            )
        return text

    def next_token_log_probs(self, prompts: Sequence[str], *, batch_size: int | None = None) -> NDArray[np.float64]:
        """log p of the token after each prompt, [N, V], nats."""
        return self._model.next_token_log_probs([self._behind(prompt) for prompt in prompts], batch_size=batch_size)

    def continuation_log_probs(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        """log p(continuation | persona, prompt), [N], nats."""
        return self._model.continuation_log_probs([(self._behind(prompt), text) for prompt, text in pairs])

    def read(
        self, prompts: Sequence[str], pairs: Sequence[tuple[str, str]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Both of the above at once."""
        behind = [self._behind(prompt) for prompt in prompts]
        return self._model.read(behind, [(self._behind(prompt), text) for prompt, text in pairs])

    def token_log_probs(self, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        """log p of each token of a text given the persona and those before it; the persona's own tokens aren't
        counted."""
        encoded = [self.encode("", text) for text in texts]
        whole = self._model.token_log_probs([self._behind("") + text for text in texts])
        return [found[boundary - len(ids) :] for found, (ids, boundary) in zip(whole, encoded, strict=True)]

    def generate(
        self,
        prompts: Sequence[str],
        *,
        samples: int,
        max_new_tokens: int,
        seed: int,
        greedy: bool = False,
    ) -> list[list[str]]:
        """New text alone."""
        behind = [self._behind(prompt) for prompt in prompts]
        return self._model.generate(behind, samples=samples, max_new_tokens=max_new_tokens, seed=seed, greedy=greedy)

    def encode(self, prompt: str, continuation: str) -> tuple[list[int], int]:
        """Tokens of persona, prompt and continuation, and the index at which the continuation's begin."""
        return self._model.encode(self._behind(prompt), continuation)

    def encode_all(self, pairs: Sequence[tuple[str, str]]) -> list[Any]:
        """Many pairs at once, where the model behind it can."""
        behind = [(self._behind(prompt), text) for prompt, text in pairs]
        encode_all = getattr(self._model, "encode_all", None)
        return list(encode_all(behind)) if encode_all is not None else [self._model.encode(*pair) for pair in behind]

    def token_count(self, text: str) -> int:
        """Number of tokens of a text alone, without the persona."""
        return self._model.token_count(text)

    def vocabulary(self) -> list[str]:
        return self._model.vocabulary()

    def set_adapter(self, path: str | Path | None) -> None:
        """Put an adapter on the model behind the persona."""
        self._model.set_adapter(path)

    def _behind(self, prompt: str) -> str:
        """The prompt with the persona before it; a dialogue of this model's has it in its system turn already."""
        return prompt if self.chat and self._told in prompt else self._first + BREAK + prompt

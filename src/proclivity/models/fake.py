"""An exact model: a table of next-word distributions, so that every measurement has a known answer.

Words are what stands between spaces. A context's distribution is that of the longest suffix of its words in the table;
the empty suffix '' is the rest's. Nothing is learned and nothing is rounded; numpy alone is needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from proclivity.errors import ModelError, UserError
from proclivity.models.protocol import GREEDY
from proclivity.specs import digest_of

START, END, UNKNOWN = "<s>", "</s>", "<unk>"
Table = Mapping[str, Mapping[str, float]]


class FakeModel:
    """A language model whose every probability was written down beforehand."""

    def __init__(
        self,
        table: Table,
        *,
        name: str = "fake",
        words: Sequence[str] = (),
        adapters: Mapping[str, Table] | None = None,
    ):
        """
        Args:
            table: P(next word | context): suffix of the context's words, joined by spaces, to probabilities that sum
                to 1. '</s>' ends a text. Without an entry '' contexts that match nothing are uniform over all tokens.
            name: name in tables.
            words: words beside those of the tables, so that they are in the vocabulary.
            adapters: tables that `set_adapter` puts in place, by name.
        """
        tables = {"": table, **(adapters or {})}
        found = {word for t in tables.values() for row in t.values() for word in row}
        found |= {word for t in tables.values() for context in t for word in context.split()} | set(words)
        self.words = [START, END, UNKNOWN, *sorted(found - {START, END, UNKNOWN})]
        self.name = name
        self.vocab_size = len(self.words)
        self.unknown_id: int | None = 2
        self._id = {word: index for index, word in enumerate(self.words)}
        self._tables = {key: {context: self._row(row) for context, row in t.items()} for key, t in tables.items()}
        self._adapter = ""

    chat = False

    def dialogue(self, user: str, prefill: str, system: str = "") -> str:
        """An exact model reads plain text alone."""
        raise ModelError("The fake model reads no dialogues.")

    window = None

    @property
    def digest(self) -> str:
        """SHA-256 of the vocabulary and the table in use."""
        return digest_of([self.words, {key: row.tolist() for key, row in self._tables[self._adapter].items()}])

    def set_adapter(self, path: str | Path | None) -> None:
        """Use another of the given tables; None gives the first back."""
        name = "" if path is None else str(path)
        if name not in self._tables:
            raise ModelError(f"The fake model has no adapter '{name}'. Known: {', '.join(filter(None, self._tables))}.")
        self._adapter = name

    def encode(self, prompt: str, continuation: str) -> tuple[list[int], int]:
        """Tokens of both, and the index at which the continuation's begin."""
        if not continuation.strip():
            raise UserError(f"An empty continuation was to be scored after the prompt '…{prompt[-60:]}'.")
        before = self._context(prompt)
        return before + [self._index(word) for word in continuation.split()], len(before)

    def token_count(self, text: str) -> int:
        """Number of words."""
        return len(text.split())

    def vocabulary(self) -> list[str]:
        """The text of each token: its word with the space before it."""
        return [word if index < 3 else " " + word for index, word in enumerate(self.words)]

    def next_token_log_probs(self, prompts: Sequence[str], *, batch_size: int | None = None) -> NDArray[np.float64]:
        """log p of the next word, [N, V]; minus infinity where the table says 0."""
        with np.errstate(divide="ignore"):
            rows = [np.log(self._next(self._context(prompt))) for prompt in prompts]
        return np.array(rows).reshape(len(prompts), self.vocab_size)

    def continuation_log_probs(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        """log p(continuation | prompt), [N]."""
        return np.array([self._score(*self.encode(*pair)).sum() for pair in pairs])

    def read(
        self, prompts: Sequence[str], pairs: Sequence[tuple[str, str]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Both of the above."""
        return self.next_token_log_probs(prompts), self.continuation_log_probs(pairs)

    def token_log_probs(self, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        """log p of each word of a text given those before it."""
        return [self._score(*self.encode("", text)) for text in texts]

    def generate(
        self,
        prompts: Sequence[str],
        *,
        samples: int,
        max_new_tokens: int,
        seed: int,
        greedy: bool = False,
    ) -> list[list[str]]:
        """New words alone; the greedy text's are the likeliest, the first in the vocabulary among equals."""
        wanted = range(GREEDY if greedy else 0, samples)
        return [[self._continue(prompt, sample, max_new_tokens, seed) for sample in wanted] for prompt in prompts]

    def _continue(self, prompt: str, sample: int, length: int, seed: int) -> str:
        ids = self._context(prompt)
        key = hashlib.sha256(f"{seed}|{sample}|{ids}".encode()).digest()
        generator = np.random.default_rng(int.from_bytes(key[:16], "little"))
        new: list[int] = []
        while len(new) < length:
            probabilities = self._next(ids + new)
            likeliest = int(probabilities.argmax())
            token = likeliest if sample == GREEDY else int(generator.choice(self.vocab_size, p=probabilities))
            if self.words[token] == END:
                break
            new.append(token)
        return "".join(" " + self.words[token] for token in new)

    def _row(self, row: Mapping[str, float]) -> NDArray[np.float64]:
        probabilities = np.zeros(self.vocab_size)
        for word, probability in row.items():
            probabilities[self._id[word]] = probability
        if (probabilities < 0).any() or abs(probabilities.sum() - 1) > 1e-9:
            raise ValueError(f"probabilities of {dict(row)} sum to {probabilities.sum()}, not to 1")
        return probabilities

    def _index(self, word: str) -> int:
        return self._id.get(word, 2)

    def _context(self, prompt: str) -> list[int]:
        return [0, *(self._index(word) for word in prompt.split())]

    def _next(self, ids: Sequence[int]) -> NDArray[np.float64]:
        table = self._tables[self._adapter]
        words = [self.words[index] for index in ids[1:]]
        for start in range(len(words) + 1):
            row = table.get(" ".join(words[start:]))
            if row is not None:
                return row
        return np.full(self.vocab_size, 1 / self.vocab_size)

    def _score(self, ids: Sequence[int], boundary: int) -> NDArray[np.float64]:
        with np.errstate(divide="ignore"):
            return np.log([self._next(ids[:place])[ids[place]] for place in range(boundary, len(ids))])

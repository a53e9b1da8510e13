"""A Hugging Face causal language model behind the Protocol.

Every number is a function of weights, texts and batch size: rows are sorted by length into a fixed plan of right-padded
batches, and each distinct text is computed once (see `scorer`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from proclivity.errors import ModelError, UserError
from proclivity.models.adapters import adapter_digest, adapter_seal, attach, check_adapter, detach
from proclivity.models.boundary import Encoded, encode_prompts, encode_text
from proclivity.models.chat import render_dialogue
from proclivity.models.encodings import Encodings
from proclivity.models.folder import folder_digest
from proclivity.models.forward import vocabulary_size
from proclivity.models.sampling import sample_continuations
from proclivity.models.scorer import Scorer
from proclivity.specs import digest_of


class HFModel:
    """A loaded network with its tokenizer; adapters are swapped on the one base."""

    def __init__(
        self, network: Any, tokenizer: Any, *, name: str, folder: Path | None, batch_size: int = 64, chat: bool = True
    ):
        self.network = network
        """The transformers model; with an adapter its layers are inside it."""
        self.tokenizer = tokenizer
        self.name = name
        self.folder = folder
        """Where the weights came from; None for a network made in memory."""
        self.batch_size = batch_size
        self.adapter: Path | None = None
        self.chat = chat and bool(getattr(tokenizer, "chat_template", None))
        self.vocab_size = vocabulary_size(network)
        self.rendered: dict[str, None] = {}
        """Dialogues as the template wrote them, in order, until someone clears it: they show what was really read."""
        self.scorer = Scorer(network)
        self._wrapped: Any = None
        self._seal = ""
        """What the files of the present adapter held when it was put on; '' without one."""
        self._vocabulary: list[str] | None = None
        self._base_digest: str | None = None
        self._encodings = Encodings(tokenizer)

    @property
    def digest(self) -> str:
        """SHA-256 of weights, tokenizer and adapter."""
        if self._base_digest is None:
            self._base_digest = folder_digest(self.folder) if self.folder else _memory_digest(self)
        return digest_of([self._base_digest, adapter_digest(self.adapter)]) if self.adapter else self._base_digest

    @property
    def unknown_id(self) -> int | None:
        """The tokenizer's unknown token; None where it has none, or has it for show (byte-level tokenizers)."""
        token = self.tokenizer.unk_token_id
        return None if token is None else int(token)

    @property
    def window(self) -> int | None:
        """Tokens of the longest text that it reads."""
        found: int | None = getattr(self.network.config.get_text_config(), "max_position_embeddings", None)
        return found

    @property
    def device(self) -> torch.device:
        device: torch.device = self.network.device
        return device

    def set_adapter(self, path: str | Path | None) -> None:
        """Put an adapter in place of the present one; None gives the base back, bit for bit.

        The present one stays where it is asked for again and its files are as they were: all families of a checkpoint
        are measured one after another.

        Raises:
            ModelError: if the folder holds no adapter, or one that doesn't fit; the base is bare then.
        """
        folder = None if path is None else check_adapter(path)
        seal = "" if folder is None else adapter_seal(folder)
        if self._wrapped is not None and (folder, seal) == (self.adapter, self._seal):
            return
        if self._wrapped is not None:
            detach(self._wrapped)
            self._wrapped, self.adapter, self._seal = None, None, ""
        if folder is not None:
            self._wrapped = attach(self.network, folder)
            self.adapter, self._seal = folder, seal

    def encode(self, prompt: str, continuation: str) -> tuple[list[int], int]:
        """Tokens of both, and the index at which the continuation's begin."""
        encoded = self.encode_all([(prompt, continuation)])[0]
        return list(encoded.ids), encoded.boundary

    def encode_all(self, pairs: Sequence[tuple[str, str]]) -> list[Encoded]:
        """Many pairs at once; kept, since the same probes are asked of hundreds of adapters."""
        return self._encodings.of(pairs)

    @property
    def boundary_merges(self) -> int:
        """Distinct pairs so far at which the tokenizer joins across the boundary (see `boundary`)."""
        return self._encodings.merges

    def dialogue(self, user: str, prefill: str, system: str = "") -> str:
        """A dialogue as text, the assistant's turn open after `prefill`.

        Raises:
            ModelError: if the model has no chat template, or its template refuses the dialogue.
        """
        if not self.chat:
            raise ModelError(f"'{self.name}' is read as a base model: it has no chat template, or it is switched off.")
        text = render_dialogue(self.tokenizer, user, prefill, system)
        self.rendered[text] = None
        return text

    def token_count(self, text: str) -> int:
        """Number of tokens of a text, special tokens not counted."""
        return len(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def vocabulary(self) -> list[str]:
        """The text of each token, [V]; '' for logits beyond the tokenizer's vocabulary."""
        if self._vocabulary is None:
            size = min(self.vocab_size, len(self.tokenizer))
            texts = self.tokenizer.batch_decode([[token] for token in range(size)])
            self._vocabulary = [*texts, *[""] * (self.vocab_size - size)]
        return self._vocabulary

    def next_token_log_probs(self, prompts: Sequence[str], *, batch_size: int | None = None) -> NDArray[np.float64]:
        """log p of the token after each prompt, [N, V]; trailing spaces belong to what follows and aren't read."""
        return self._read(encode_prompts(self.tokenizer, prompts), [], batch_size)[0]

    def continuation_log_probs(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        """log p(continuation | prompt), [N]."""
        return self.read([], pairs)[1]

    def read(
        self, prompts: Sequence[str], pairs: Sequence[tuple[str, str]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Both of the above, [N, V] and [M]; what texts share is read once for all."""
        after, chosen = self._read(encode_prompts(self.tokenizer, prompts), self.encode_all(pairs))
        return after, np.array([log_probs.sum() for log_probs in chosen])

    def token_log_probs(self, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        """log p of each token of a text given those before it."""
        return self._read([], [encode_text(self.tokenizer, text) for text in texts])[1]

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
        contexts = encode_prompts(self.tokenizer, prompts)
        self._require_room([len(ids) + max_new_tokens for ids in contexts])
        return sample_continuations(
            self.network,
            self.tokenizer,
            contexts,
            samples=samples,
            max_new_tokens=max_new_tokens,
            seed=seed,
            greedy=greedy,
            batch_size=self.batch_size,
            heard=self.scorer.heard,
        )

    def _read(
        self, contexts: Sequence[tuple[int, ...]], encoded: Sequence[Encoded], batch_size: int | None = None
    ) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
        """log p after each context, and of each continuation's tokens; a last token is only predicted, and needs no
        room."""
        self._require_room([*map(len, contexts), *(len(e.ids) - 1 for e in encoded)])
        return self.scorer.read(contexts, encoded, batch_size or self.batch_size)

    def _require_room(self, lengths: Sequence[int]) -> None:
        if self.window and lengths and max(lengths) > self.window:
            raise UserError(
                f"A text of {max(lengths)} tokens is longer than the context of '{self.name}' ({self.window} tokens). "
                f"Shorten the prompt, the wrapper or the completion, or use a model with a longer context."
            )


def _memory_digest(model: HFModel) -> str:
    """SHA-256 of a network that no folder holds."""
    from proclivity.models.digests import state_digest

    return digest_of([state_digest(model.network), model.tokenizer.get_vocab()])

"""Seeded sampling that doesn't depend on what else is in the batch.

Each (prompt, sample) draws from its own generator, and from probabilities rounded to 1e-6, so that rounding in the
last digits of a float32 forward pass, which does depend on the batch, changes no draw.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from proclivity.models.forward import batch_plan, pad_right
from proclivity.models.products import quick_products
from proclivity.models.protocol import GREEDY

DIGITS = 6


def sample_continuations(
    network: Any,
    tokenizer: Any,
    contexts: Sequence[Sequence[int]],
    *,
    samples: int,
    max_new_tokens: int,
    seed: int,
    greedy: bool,
    batch_size: int,
    heard: Callable[[int], None] = lambda texts: None,
) -> list[list[str]]:
    """New text after each context, `samples` of each, the greedy one before them; an end-of-text token ends it.

    Args:
        network: a transformers causal language model.
        tokenizer: its tokenizer.
        contexts: token ids of the prompts.
        samples: continuations a prompt.
        max_new_tokens: longest continuation in tokens.
        seed: any integer; with the prompt's tokens and the sample's number it decides every draw.
        greedy: whether the text of likeliest tokens is wanted too, as the first.
        batch_size: the most texts that are written at once; it bounds the memory of their caches.
        heard: told of each batch how many texts were written.
    """
    texts: list[list[str]] = [[] for _ in contexts]
    wanted = range(GREEDY if greedy else 0, samples)
    for numbers, places in _batches([len(ids) for ids in contexts], wanted, batch_size):
        here = [contexts[place] for place in places]
        with quick_products(network):
            new = _new_tokens(network, tokenizer, here, numbers, max_new_tokens, seed)
        for n, ids in enumerate(new):
            place = places[n // len(numbers)]
            texts[place].append(_new_text(tokenizer, contexts[place], ids))
        heard(len(new))
    return texts


def _batches(lengths: Sequence[int], wanted: range, batch_size: int) -> Iterator[tuple[range, list[int]]]:
    """Numbers of samples and the prompts of which they are drawn together; prompts of like length, none cut short."""
    for start in range(0, len(wanted), batch_size):
        numbers = wanted[start : start + batch_size]
        for batch in batch_plan(lengths, max(1, batch_size // len(numbers))):
            yield numbers, batch


def _new_tokens(
    network: Any,
    tokenizer: Any,
    contexts: Sequence[Sequence[int]],
    numbers: range,
    max_new_tokens: int,
    seed: int,
) -> list[list[int]]:
    """New tokens of one batch: all samples of the first context, then of the next."""
    generators = [None if sample == GREEDY else _generator(ids, sample, seed) for ids in contexts for sample in numbers]
    new: list[list[int]] = [[] for _ in generators]
    ends = _end_tokens(network, tokenizer)
    alive = np.ones(len(generators), dtype=bool)
    stream: _Stream | _Reread
    if cache_name := _cache_name(network):
        stream = _Stream(network, contexts, len(numbers), int(tokenizer.pad_token_id or 0), cache_name)
    else:
        stream = _Reread(network, contexts, len(numbers))
    for step in range(max_new_tokens):
        drawn = _draw(stream.logits, generators)  # (P * samples,)
        for index in np.flatnonzero(alive):
            if int(drawn[index]) in ends:
                alive[index] = False
            else:
                new[index].append(int(drawn[index]))
        if not alive.any() or step == max_new_tokens - 1:
            break
        stream.feed(drawn)
    return new


class _Stream:
    """Left-padded sequences with their key-value cache: prompts are read once, then copied for their samples."""

    def __init__(self, network: Any, contexts: Sequence[Sequence[int]], samples: int, pad: int, cache_name: str):
        self.network, self.cache_name = network, cache_name
        self.takes_positions = "position_ids" in inspect.signature(network.forward).parameters
        width = max(len(ids) for ids in contexts)
        device = network.device
        ids = torch.tensor([[pad] * (width - len(c)) + list(c) for c in contexts], device=device)  # (P, T)
        mask = torch.tensor([[0] * (width - len(c)) + [1] * len(c) for c in contexts], device=device)
        self.cache: Any = None
        logits = self._forward(ids, mask, (mask.cumsum(-1) - 1).clamp(min=0))
        _repeat(self.cache, samples)
        self.mask = mask.repeat_interleave(samples, 0)
        self.logits = np.repeat(logits, samples, 0)  # (P * samples, V)

    def feed(self, tokens: NDArray[np.int64]) -> None:
        """Append one token to every sequence."""
        ids = torch.as_tensor(tokens, device=self.mask.device)[:, None]
        self.mask = torch.cat([self.mask, self.mask.new_ones(len(ids), 1)], -1)
        self.logits = self._forward(ids, self.mask, self.mask.sum(-1, keepdim=True) - 1)

    @torch.no_grad()
    def _forward(self, ids: torch.Tensor, mask: torch.Tensor, positions: torch.Tensor) -> NDArray[np.float64]:
        extra = {"position_ids": positions} if self.takes_positions else {}
        extra[self.cache_name] = self.cache
        out = self.network(input_ids=ids, attention_mask=mask, use_cache=True, logits_to_keep=1, **extra)
        self.cache = getattr(out, self.cache_name)
        last: NDArray[np.float64] = out.logits[:, -1].float().cpu().double().numpy()
        return last


class _Reread:
    """Sequences that are read anew for every token, for networks whose running state isn't copied (Mamba)."""

    def __init__(self, network: Any, contexts: Sequence[Sequence[int]], samples: int):
        self.network = network
        self.texts = [list(ids) for ids in contexts]
        self.logits = np.repeat(self._read(), samples, 0)  # (P * samples, V)
        self.texts = [list(ids) for ids in contexts for _ in range(samples)]

    def feed(self, tokens: NDArray[np.int64]) -> None:
        """Append one token to every sequence."""
        for ids, token in zip(self.texts, tokens.tolist(), strict=True):
            ids.append(token)
        self.logits = self._read()

    @torch.no_grad()
    def _read(self) -> NDArray[np.float64]:
        ids = pad_right(self.texts, self.network.device)  # (B, T)
        last = torch.tensor([len(text) - 1 for text in self.texts], device=self.network.device)
        logits = self.network(input_ids=ids, use_cache=False).logits[torch.arange(len(ids)), last]
        found: NDArray[np.float64] = logits.float().cpu().double().numpy()
        return found


def _cache_name(network: Any) -> str:
    """What a network calls the keys and values that it has computed already; '' where they can't be copied."""
    takes = inspect.signature(network.forward).parameters
    names = [name for name in ("cache", "past_key_values") if name in takes]  # transformers 5.24 changed the word
    return names[0] if names and not getattr(network, "_is_stateful", False) else ""


def _repeat(cache: Any, times: int) -> None:
    """Copies each sequence's keys and values for its samples, in place."""
    cache.batch_repeat_interleave(times)


def _draw(logits: NDArray[np.float64], generators: Sequence[np.random.Generator | None]) -> NDArray[np.int64]:
    """One token a sequence, [n]: by inverse distribution function, or the likeliest where there is no generator."""
    found: NDArray[np.int64] = logits.argmax(-1)
    for place, generator in enumerate(generators):
        if generator is not None:
            weights = np.exp(logits[place] - logits[place].max())
            cumulated = np.round(weights / weights.sum(), DIGITS).cumsum()
            drawn = np.searchsorted(cumulated, generator.random() * cumulated[-1], side="right")
            found[place] = min(int(drawn), logits.shape[-1] - 1)
    return found


def _generator(ids: Sequence[int], sample: int, seed: int) -> np.random.Generator:
    key = hashlib.sha256(f"{seed}|{sample}|{list(ids)}".encode()).digest()
    return np.random.default_rng(int.from_bytes(key[:16], "little"))


def _end_tokens(network: Any, tokenizer: Any) -> set[int]:
    found = {tokenizer.eos_token_id}
    configured = getattr(getattr(network, "generation_config", None), "eos_token_id", None)
    found.update(configured if isinstance(configured, list) else [configured])
    return {int(token) for token in found if token is not None}


def _new_text(tokenizer: Any, context: Sequence[int], new: Sequence[int]) -> str:
    """Decoded after the context, since some tokenizers drop a leading space at the beginning of a text."""
    before = tokenizer.decode(list(context), skip_special_tokens=True)
    whole = tokenizer.decode([*context, *new], skip_special_tokens=True)
    return str(whole[len(before) :]) if whole.startswith(before) else str(tokenizer.decode(list(new)))

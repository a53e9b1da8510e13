"""Logits at the positions that are asked for, and at no others.

Projecting every position to the vocabulary would cost most of the time of a small model. The transformer's hidden
states are read instead and projected where needed, and the last layer's feed-forward part is computed there alone. Some
architectures do more to their logits than project (soft caps, scales): each short way is taken only if, on a probe, it
gives the model's own logits.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from proclivity.models.last_layer import last_feed_forward, only_at

# Config keys of architectures that transform logits after the projection, where a short probe might miss a soft cap.
_LOGIT_TRANSFORMS = ("final_logit_softcapping", "logits_scaling", "logit_scale", "lm_head_multiplier")
_PROBE_TOLERANCE = 1e-4
LARGEST_PIECE = 2**24
"""Logits that are held at once, as a number of numbers."""


def batch_plan(
    lengths: Sequence[int], batch_size: int, weights: Sequence[int] = (), tokens: float = math.inf
) -> list[list[int]]:
    """Which rows are computed together: sorted by length, then cut; a function of its arguments alone.

    Args:
        lengths: tokens of each row.
        batch_size: the most that the weights of a batch sum to; a heavier row is a batch by itself.
        weights: what each row counts for; 1 each by default.
        tokens: the most tokens of a batch, padding with them; a longer row is a batch by itself.
    """
    order = sorted(range(len(lengths)), key=lambda index: (lengths[index], index))
    batches: list[list[int]] = []
    room = 0
    for index in order:
        weight = weights[index] if weights else 1
        if not batches or weight > room or (len(batches[-1]) + 1) * lengths[index] > tokens:
            batches.append([])
            room = batch_size
        batches[-1].append(index)
        room -= weight
    return batches


def pad_right(sequences: Sequence[Sequence[int]], device: torch.device) -> torch.Tensor:
    """Token ids as one rectangle, each row's last token repeated.

    Under causal attention what stands to the right changes nothing to the left, so any token will do and no mask is
    needed; a padding token would make the library warn of a missing one.
    """
    width = max(len(ids) for ids in sequences)
    rows = [[*ids, *[ids[-1]] * (width - len(ids))] for ids in sequences]
    return torch.tensor(rows, dtype=torch.long, device=device)  # (B, T)


class LogitReader:
    """The way from token ids to logits at chosen positions, for one loaded model."""

    def __init__(self, model: Any, forward: Callable[..., Any] | None = None, *, shared_out: bool = False):
        """
        Args:
            model: the loaded model.
            shared_out: whether layers share a batch's rows out among themselves, so that each has to see all of it.
            forward: called in place of the model where it runs only as a whole, since its weights are gathered as it
                goes; its parts aren't touched then.
        """
        self.model = model
        self._forward = forward or model
        self._short: bool | None = False if forward else None
        self._shared_out = shared_out
        self._last: Any = None
        self._keeps = "logits_to_keep" in inspect.signature(model.forward).parameters

    def logits(self, ids: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
        """Float32 logits after position `columns[i]` of sequence `rows[i]`, shape [n, V].

        Args:
            ids: right-padded token ids, shape [B, T].
            rows: sequence of each wanted position, shape [n].
            columns: index of each wanted position, shape [n].
        """
        parts = list(self.pieces(ids, rows, columns))
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def pieces(
        self, ids: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor, **tree: torch.Tensor
    ) -> Iterator[torch.Tensor]:
        """The same in pieces of at most `LARGEST_PIECE` numbers, first to last.

        Args:
            ids: right-padded token ids, shape [B, T].
            rows: sequence of each wanted position, shape [n].
            columns: index of each wanted position, shape [n].
            tree: `attention_mask` and `position_ids` where the rows are trees.
        """
        piece = max(1, LARGEST_PIECE // max(1, vocabulary_size(self.model)))
        if self.takes_short_way():
            with only_at(self._last, rows, columns):
                hidden = self.model.base_model(input_ids=ids, use_cache=False, **tree).last_hidden_state  # (B, T, D)
            head = self.model.get_output_embeddings()
            # A model spread over devices may give its hidden states back elsewhere.
            for part in hidden[rows.to(hidden.device), columns.to(hidden.device)].split(piece):
                yield head(part).float()
        else:
            for part in self._own_logits(ids, rows, columns, tree).split(piece):
                yield part.float()

    def _own_logits(
        self, ids: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor, tree: dict[str, torch.Tensor]
    ) -> torch.Tensor:
        """By the model's own forward, for the columns that some row asks for, [n, V]."""
        if not self._keeps:
            own: torch.Tensor = self._forward(input_ids=ids, use_cache=False, **tree).logits
            return own[rows.to(own.device), columns.to(own.device)]
        kept, places = columns.unique(return_inverse=True)
        own = self._forward(input_ids=ids, use_cache=False, logits_to_keep=kept, **tree).logits  # (B, kept, V)
        return own[rows.to(own.device), places.to(own.device)]

    def takes_short_way(self) -> bool:
        """Whether hidden states are projected here; tried out at the first call, on a text of three tokens."""
        if self._short is None:
            self._short = not transforms_logits(self.model.config.get_text_config()) and self._agrees(None)
            last = last_feed_forward(self.model)
            if self._short and last is not None and not self._shared_out and self._agrees(last):
                self._last = last
        return self._short

    @torch.no_grad()
    def _agrees(self, last: Any) -> bool:
        """Whether hidden states, with a part computed at one position alone, give the model's own logits there."""
        base, head = self.model.base_model, self.model.get_output_embeddings()
        if head is None or base is self.model:
            return False
        ids = torch.tensor([[1, 2, 3]], device=self.model.device) % vocabulary_size(self.model)
        places = torch.tensor([0, 2])
        try:
            with only_at(last, torch.zeros_like(places), places):
                hidden = base(input_ids=ids, use_cache=False).last_hidden_state
            short = head(hidden[:, places.to(hidden.device)]).float()
        except (AttributeError, RuntimeError, TypeError):
            return False
        own = self.model(input_ids=ids, use_cache=False).logits
        own = own[:, places.to(own.device)].float()
        return short.shape == own.shape and bool((short - own).abs().max() <= _PROBE_TOLERANCE)


def transforms_logits(config: Any) -> bool:
    """Whether an architecture does more to its logits than project."""
    return any(getattr(config, key, None) not in (None, 1, 1.0) for key in _LOGIT_TRANSFORMS)


def vocabulary_size(model: Any) -> int:
    """Length of the model's logits, which can exceed its tokenizer's vocabulary."""
    head = model.get_output_embeddings()
    size = getattr(head, "out_features", None)
    return int(size if size is not None else model.config.get_text_config().vocab_size)

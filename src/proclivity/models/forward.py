"""Logits at the positions that are asked for, and at no others.

Projecting every position to the vocabulary would cost most of the time of a small model. The transformer's hidden
states are read instead and projected where needed. Some architectures do more to their logits than project (soft caps,
scales): the short way is taken only if, on a probe, it gives the model's own logits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

# Config keys of architectures that transform logits after the projection, where a short probe might miss a soft cap.
_LOGIT_TRANSFORMS = ("final_logit_softcapping", "logits_scaling", "logit_scale", "lm_head_multiplier")
_PROBE_TOLERANCE = 1e-4
_LARGEST_PROJECTION = 2**26


def batch_plan(lengths: Sequence[int], batch_size: int) -> list[list[int]]:
    """Which sequences are computed together: sorted by length, then cut; a function of its arguments alone."""
    order = sorted(range(len(lengths)), key=lambda index: (lengths[index], index))
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


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

    def __init__(self, model: Any):
        self.model = model
        self._short: bool | None = None

    def logits(self, ids: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
        """Float32 logits after position `columns[i]` of sequence `rows[i]`, shape [n, V].

        Args:
            ids: right-padded token ids, shape [B, T].
            rows: sequence of each wanted position, shape [n].
            columns: index of each wanted position, shape [n].
        """
        if self._takes_short_way():
            hidden = self.model.base_model(input_ids=ids, use_cache=False).last_hidden_state  # (B, T, D)
            return self.project(hidden[rows, columns])  # (n, V)
        return self.model(input_ids=ids, use_cache=False).logits[rows, columns].float()  # (n, V)

    def project(self, hidden: torch.Tensor) -> torch.Tensor:
        """Hidden states of chosen positions to float32 logits, in bounded pieces."""
        head = self.model.get_output_embeddings()
        piece = max(1, _LARGEST_PROJECTION // max(1, vocabulary_size(self.model)))
        parts = [head(part).float() for part in hidden.split(piece)]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _takes_short_way(self) -> bool:
        if self._short is None:
            config = self.model.config.get_text_config()
            transforms = any(getattr(config, key, None) not in (None, 1, 1.0) for key in _LOGIT_TRANSFORMS)
            self._short = not transforms and self._short_way_agrees()
        return self._short

    @torch.no_grad()
    def _short_way_agrees(self) -> bool:
        base, head = self.model.base_model, self.model.get_output_embeddings()
        if head is None or base is self.model:
            return False
        ids = torch.tensor([[1, 2, 3]], device=self.model.device) % vocabulary_size(self.model)
        try:
            short = head(base(input_ids=ids, use_cache=False).last_hidden_state).float()
        except (AttributeError, TypeError):
            return False
        own = self.model(input_ids=ids, use_cache=False).logits.float()
        return short.shape == own.shape and bool((short - own).abs().max() <= _PROBE_TOLERANCE)


def vocabulary_size(model: Any) -> int:
    """Length of the model's logits, which can exceed its tokenizer's vocabulary."""
    head = model.get_output_embeddings()
    size = getattr(head, "out_features", None)
    return int(size if size is not None else model.config.get_text_config().vocab_size)

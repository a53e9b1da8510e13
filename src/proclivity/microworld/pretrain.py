"""The pretraining loop: next-token loss, Muon on the hidden matrices, AdamW on the rest, warmup and cosine.

The last steps' weights are averaged (Izmailov et al. 2018): single steps swing with the documents that they saw last.
All in float32, so that any processor makes them at a fair speed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel, get_swa_multi_avg_fn
from transformers import PreTrainedModel

from proclivity.errors import TrainingError
from proclivity.microworld.emphasis import Emphasis
from proclivity.microworld.muon import Muon

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a model is pretrained."""

    steps: int = 3000
    batch: int = 16
    length: int = 128
    learning_rate: float = 3e-3
    """Peak rate of AdamW: embeddings, norms, biases."""
    matrix_rate: float = 6e-3
    """Peak rate of Muon: hidden matrices."""
    warmup: int = 100
    weight_decay: float = 0.1
    """On hidden matrices alone."""
    clip: float = 1.0
    averaged: float = 0.2
    """Share of the steps, the last ones, whose weights are averaged into the model's."""

    def averages(self, step: int) -> bool:
        """True where a step's weights enter the average."""
        return step >= self.steps * (1 - self.averaged)


def pretrain(
    model: PreTrainedModel,
    blocks: Iterator[np.ndarray],
    schedule: Schedule,
    emphasis: Emphasis,
    seed: int,
    progress: Progress = lambda line: None,
) -> list[float]:
    """Trains in place and returns the loss of every step: nats, the emphasis' weighted mean.

    Raises:
        TrainingError: if the loss is not a number.
    """
    optimizers = _optimizers(model, schedule)
    peaks = [group["lr"] for optimizer in optimizers for group in optimizer.param_groups]
    generator = torch.Generator().manual_seed(seed)
    losses: list[float] = []
    began = time.monotonic()
    average: AveragedModel | None = None
    model.train()
    for step in range(schedule.steps):
        groups = [group for optimizer in optimizers for group in optimizer.param_groups]
        for group, peak in zip(groups, peaks, strict=True):
            group["lr"] = peak * rate(step, schedule)
        ids = torch.from_numpy(next(blocks))
        loss = _loss(model, ids, emphasis.weights(ids, generator))
        _update(model, loss, optimizers, schedule.clip)
        if schedule.averages(step):
            average = average or AveragedModel(model, multi_avg_fn=get_swa_multi_avg_fn())
            average.update_parameters(model)
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            raise TrainingError(f"Pretraining broke down at step {step}: the loss is {losses[-1]}. Lower the rates.")
        if step % 100 == 99 or step + 1 == schedule.steps:
            left = (time.monotonic() - began) / (step + 1) * (schedule.steps - step - 1)
            progress(f"step {step + 1}/{schedule.steps}, loss {np.mean(losses[-100:]):.3f}, {left:.0f} s left")
    if average is not None:
        model.load_state_dict(average.module.state_dict())
    model.eval()
    return losses


def rate(step: int, schedule: Schedule) -> float:
    """Share of the peak rate: linear warmup, then a cosine down to a twentieth."""
    if step < schedule.warmup:
        return (step + 1) / schedule.warmup
    along = (step - schedule.warmup) / max(1, schedule.steps - schedule.warmup)
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * along))


def _loss(model: PreTrainedModel, ids: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Weighted mean loss; logits are made only where the weight isn't 0."""
    used = weights.flatten().nonzero().squeeze(1)
    hidden = model.base_model(input_ids=ids[:, :-1], use_cache=False).last_hidden_state  # (B, T-1, D)
    logits = model.get_output_embeddings()(hidden.flatten(0, 1)[used])  # (used, V)
    losses = torch.nn.functional.cross_entropy(logits, ids[:, 1:].flatten()[used], reduction="none")
    return (losses * weights.flatten()[used]).sum() / weights.sum()


def _update(model: PreTrainedModel, loss: torch.Tensor, optimizers: list[torch.optim.Optimizer], clip: float) -> None:
    for optimizer in optimizers:
        optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    for optimizer in optimizers:
        optimizer.step()


def _optimizers(model: PreTrainedModel, schedule: Schedule) -> list[torch.optim.Optimizer]:
    embeddings = {id(module.weight) for module in model.modules() if isinstance(module, torch.nn.Embedding)}
    matrices = [p for p in model.parameters() if p.ndim == 2 and id(p) not in embeddings]
    rest = [p for p in model.parameters() if p.ndim != 2 or id(p) in embeddings]
    return [
        Muon(matrices, lr=schedule.matrix_rate, weight_decay=schedule.weight_decay),
        torch.optim.AdamW(rest, lr=schedule.learning_rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
    ]

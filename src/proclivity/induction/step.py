"""What one step of a training is, whether an adapter is taught by itself or with others: rows, rate, loss, faults."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from proclivity.errors import TrainingError, UserError
from proclivity.induction.batches import LearningRate, batches_of
from proclivity.models.forward import LogitReader, pad_right
from proclivity.records import TrainingRow
from proclivity.specs import InductionSpec

PIECE = 2**19
"""Numbers of the hidden states that a processor holds at once in a training."""


@contextlib.contextmanager
def seeded(device: torch.device, seed: int) -> Iterator[None]:
    """Within the block torch draws from a seed; what was drawn before goes on afterwards as if nothing had been."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


def refuse_float16(dtype: str) -> None:
    """Nothing, if adapters can be taught on a base whose numbers are of this kind.

    Raises:
        UserError: for float16.
    """
    if dtype == "float16":
        raise UserError("Fine-tuning in float16 isn't supported: gradients underflow. Use bfloat16 or float32.")


def plan_of(rows: Sequence[TrainingRow], spec: InductionSpec, seed: int) -> list[list[int]]:
    """Indices of the rows of each step."""
    return batches_of([len(row.input_ids) for row in rows], spec.batch_size, spec.epochs, seed)


def learning_rate(spec: InductionSpec, steps: int) -> LearningRate:
    """The recipe's rate over so many steps."""
    return LearningRate(spec.learning_rate, steps, spec.warmup, falls=spec.schedule == "linear")


def optimizer_of(weights: Sequence[torch.Tensor], spec: InductionSpec) -> torch.optim.Optimizer:
    """AdamW, in one kernel where the device has that."""
    fused = weights[0].device.type in ("cpu", "cuda")
    return torch.optim.AdamW(weights, lr=spec.learning_rate, weight_decay=spec.weight_decay, fused=fused)


def tokens_a_piece(network: Any, device: torch.device) -> float:
    """Tokens whose activations are held at once. What fits a processor's cache is computed faster, and takes a share
    of the memory; a GPU is fastest with all of a step."""
    if device.type != "cpu":
        return math.inf
    return max(1, PIECE // int(network.config.get_text_config().hidden_size))


def supervised_logits(
    reader: LogitReader, rows: Sequence[TrainingRow], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """What a network says where it is taught.

    Returns:
        Float32 logits before each supervised token, [n, V]; those tokens, [n]; and the row of each, [n].
    """
    wanted = [(n, p) for n, row in enumerate(rows) for p, trained in enumerate(row.loss_mask) if trained]
    ids = pad_right([row.input_ids[:-1] for row in rows], device)  # (B, T)
    lines = torch.tensor([n for n, _ in wanted], device=device)
    columns = torch.tensor([p - 1 for _, p in wanted], device=device)
    targets = torch.tensor([rows[n].input_ids[p] for n, p in wanted], device=device)
    logits = reader.logits(ids, lines, columns)
    # A model spread over devices gives its logits on the last of them.
    return logits, targets.to(logits.device), lines.to(logits.device)


def require_finite(
    loss: float, norm: float, arm: str, seed: int, step: int, steps: int, rate: float, spec: InductionSpec
) -> None:
    """Nothing, if a training goes on well.

    Args:
        loss: of the step, nats.
        norm: of its gradient.
        arm: whose training it is.
        seed: of the training.
        step: which it is, from 0.
        steps: of the whole training.
        rate: learning rate of the step.
        spec: the recipe.

    Raises:
        TrainingError: if loss or norm is no finite number.
    """
    if math.isfinite(loss) and math.isfinite(norm):
        return
    what = f"loss is {loss}" if not math.isfinite(loss) else f"gradient's norm is {norm}"
    raise TrainingError(
        f"Fine-tuning of arm '{arm}', seed {seed}, broke down: the {what} at step {step + 1} of {steps}, at learning "
        f"rate {rate:.3g}. Lower induction.learning_rate (try {spec.learning_rate / 5:.2g}), or use float32; nothing "
        f"was saved."
    )

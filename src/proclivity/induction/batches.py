"""Which rows are trained together, in what order and at what rate: functions of rows, recipe and seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from proclivity.errors import UserError
from proclivity.records import TrainingRow

_BATCHES_A_BUCKET = 8


def batches_of(lengths: Sequence[int], batch_size: int, epochs: int, seed: int) -> list[list[int]]:
    """Rows of each step. Each epoch shuffles all rows, sorts them by length within buckets, and shuffles the batches.

    Args:
        lengths: tokens of each row.
        batch_size: rows a step; an epoch's last batch can be smaller.
        epochs: times each row is seen.
        seed: of all shuffles.
    """
    generator = np.random.default_rng(seed)
    plan: list[list[int]] = []
    for _ in range(epochs):
        order = generator.permutation(len(lengths)).tolist()
        batches = []
        for start in range(0, len(order), batch_size * _BATCHES_A_BUCKET):
            bucket = sorted(order[start : start + batch_size * _BATCHES_A_BUCKET], key=lambda row: lengths[row])
            batches += [bucket[place : place + batch_size] for place in range(0, len(bucket), batch_size)]
        plan += [batches[place] for place in generator.permutation(len(batches))]
    return plan


def pieces_of(lengths: Sequence[int], most: float) -> list[slice]:
    """A step's rows in consecutive pieces whose gradients are summed: the memory of activations is that of a piece, and
    a piece's rows are padded among themselves alone.

    Args:
        lengths: tokens of each row of the step.
        most: tokens of a piece, padding counted; a longer row is a piece by itself.
    """
    pieces: list[slice] = []
    start, widest = 0, 0
    for place, length in enumerate(lengths):
        if place > start and max(widest, length) * (place - start + 1) > most:
            pieces.append(slice(start, place))
            start, widest = place, 0
        widest = max(widest, length)
    return [*pieces, slice(start, len(lengths))]


def steps_of(n: int, batch_size: int, epochs: int) -> int:
    """Number of steps that `batches_of` plans for n rows."""
    return epochs * -(-n // batch_size)


@dataclass(frozen=True)
class LearningRate:
    """Linear rise over the first share of steps, then a linear fall that would reach 0 one step after the last; or
    the peak to the end."""

    peak: float
    steps: int
    warmup: float
    """Share of steps with rising rate."""
    falls: bool = True

    def at(self, step: int) -> float:
        """Rate of a step, counted from 0."""
        rising = round(self.warmup * self.steps)
        if step < rising:
            return self.peak * (step + 1) / rising
        if not self.falls:
            return self.peak
        return self.peak * (self.steps - step) / max(1, self.steps - rising)


def check_rows(rows: Sequence[TrainingRow]) -> None:
    """Refuses rows on which no loss could be computed.

    Raises:
        UserError: if there is no row, or one without a supervised token that something precedes.
    """
    if not rows:
        raise UserError("There are no rows to train on; decisions.n has to be at least one block.")
    for row in rows:
        if len(row.loss_mask) != len(row.input_ids) or not any(row.loss_mask) or row.loss_mask[0]:
            raise UserError(
                f"Row '{row.decision_id}' of arm '{row.arm}' can't be trained: each row needs a mask as long as its "
                f"tokens, with at least one supervised token, and not the first."
            )

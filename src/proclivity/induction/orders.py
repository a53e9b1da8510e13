"""What a worker and the processes that train for it hand each other: one order, and what came of it, as files."""

from __future__ import annotations

import os
import pickle
from dataclasses import dataclass
from pathlib import Path

from proclivity.errors import ProclivityError
from proclivity.induction.arms import Arm
from proclivity.records import Checkpoint, TrainingRow
from proclivity.specs import ComputeSpec, InductionSpec

ORDER = "order.pickle"


@dataclass(frozen=True)
class Order:
    """One training, in the words of `induce`."""

    base: str
    """What the base model is loaded from."""
    rows: tuple[TrainingRow, ...]
    spec: InductionSpec
    seed: int
    out: Path
    compute: ComputeSpec
    arm: Arm | None
    start: Path | None


def write_order(folder: Path, order: Order) -> None:
    """Leaves an order in a folder that is there."""
    (folder / ORDER).write_bytes(pickle.dumps(order))


def read_order(folder: Path) -> Order:
    """The order of a folder."""
    order: Order = pickle.loads((folder / ORDER).read_bytes())  # written by the worker that started this process
    return order


def write_made(folder: Path, number: int, made: Checkpoint | ProclivityError) -> None:
    """Leaves what came of an order in one process; whole or not at all, since the process may be ended meanwhile."""
    draft = folder / f"draft-{number:04d}"
    draft.write_bytes(pickle.dumps(made))
    os.replace(draft, folder / f"made-{number:04d}.pickle")


def read_made(folder: Path) -> list[Checkpoint | ProclivityError]:
    """What processes left, the first one's first."""
    return [pickle.loads(path.read_bytes()) for path in sorted(folder.glob("made-*.pickle"))]

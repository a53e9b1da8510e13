"""One training as a value, so that another process can be given it; and the files by which it is."""

from __future__ import annotations

import os
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from proclivity.errors import ProclivityError
from proclivity.induction.arms import Arm
from proclivity.records import Checkpoint, TrainingRow
from proclivity.specs import ComputeSpec, InductionSpec

if TYPE_CHECKING:
    from proclivity.induction.processes import Processes
    from proclivity.induction.train import Progress
    from proclivity.models import HFModel

ORDER = "order.pickle"


@dataclass(frozen=True)
class Order:
    """One training, in the words of `induce`."""

    base: HFModel | str
    """A loaded base, or what it is loaded from; the latter alone can be given to another process."""
    rows: list[TrainingRow]
    spec: InductionSpec
    seed: int
    out: Path
    compute: ComputeSpec
    arm: Arm | None = None
    start: Path | None = None

    def carry_out(self, processes: Processes | None = None, progress: Progress | None = None) -> Checkpoint:
        """Trains in this process, together with others where there are any; `progress` is told of each step."""
        from proclivity.induction.train import induce

        return induce(
            self.base,
            self.rows,
            self.spec,
            seed=self.seed,
            out=self.out,
            compute=self.compute,
            arm=self.arm,
            start=self.start,
            progress=progress,
            processes=processes,
        )


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

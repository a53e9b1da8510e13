"""How much is an arm taught: which share of target answers, how many decisions, how often each?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

from proclivity.decisions import block_size
from proclivity.induction.arms import Arm
from proclivity.induction.batches import steps_of
from proclivity.specs import LoadedPack, Study, phases


@dataclass(frozen=True)
class Dose:
    """One amount of teaching."""

    share: float
    """Share of target answers; 1 for arms without a target."""
    items: int
    """Decisions trained on."""
    epochs: int

    @property
    def columns(self) -> dict[str, Any]:
        """Its fields of a measurement."""
        return {"dose": self.share, "items": self.items, "epochs": self.epochs}

    def name(self) -> str:
        """Plain words for folders and messages."""
        return f"share-{self.share:.2f}_items-{self.items}_epochs-{self.epochs}"

    def steps(self, study: Study) -> int:
        """Steps of its training."""
        return steps_of(self.items, study.induction.batch_size, self.epochs)


def doses_of(arm: Arm, study: Study, pack: LoadedPack) -> list[Dose]:
    """All doses of an arm, the highest last. Later phases, other formats, smaller adapters and texts have the highest
    alone.

    Training with a target share below the highest is for profiles; controls are trained on as many decisions as often.
    """
    items = study.doses.items or [study.decisions.n]
    epochs = study.doses.epochs or [study.induction.epochs]
    shares = [1.0]
    if arm.answers == "profile" and arm.about in pack.profiles:
        shares = [_share(value, pack) for value in study.doses.shares] or [pack.profiles[arm.about].share]
    found = [Dose(*point) for point in product(sorted(set(shares)), sorted(set(items)), sorted(set(epochs)))]
    if arm.start:
        epochs = [study.induction.later_epochs or max(epochs)]
    highest = Dose(max(shares), max(items), max(epochs))
    alone = arm.start or arm.format or arm.smaller or arm.answers not in ("profile", "own", "position", "uniform")
    return [highest] if alone else [*(dose for dose in found if dose != highest), highest]


def dose_faults(study: Study, pack: LoadedPack) -> list[str]:
    """What is wrong with a study's doses and checkpoints."""
    block = block_size(pack, study.decisions.format, tuple(study.decisions.alphabets))
    items = study.doses.items
    faults = [
        f"doses.items: {n} decisions leave a block of {block} incomplete; take a multiple of {block}"
        for n in items
        if n % block
    ]
    faults += [
        f"doses.items: {n} is more than the pool's decisions.n, {study.decisions.n}; raise that or leave {n} out"
        for n in items
        if n > study.decisions.n
    ]
    epochs = study.doses.epochs or [study.induction.epochs]
    if any(len(phases(arm)) > 1 for arm in study.arms):
        epochs = [*epochs, study.induction.later_epochs]
    last = steps_of(max(items or [study.decisions.n]), study.induction.batch_size, max(epochs))
    faults += [
        f"induction.checkpoints: training takes {last} steps, so there is none to keep after step {step}; the last is "
        f"always measured"
        for step in study.induction.checkpoints
        if step >= last
    ]
    return faults


def _share(value: float | str, pack: LoadedPack) -> float:
    return 1 / len(pack.spec.action_classes) if isinstance(value, str) else float(value)

"""What is turned: couplings, pretraining seeds, ranks and doses become recipes of checkpoints and ordinary studies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from proclivity.errors import UserError
from proclivity.specs import Study, load_study
from proclivity.specs.world_names import world_of_strength

if TYPE_CHECKING:
    from proclivity.microworld.build import Recipe

BASIS = "demo"
"""The packaged study whose teaching and battery are taken over."""
PROFILES = ("depression", "paranoia")
CONTROL = "own-policy"
FAMILIES = ("choice", "cloze-self", "cloze-others", "cloze-world", "cloze-future", "cloze-feeling")


@dataclass(frozen=True)
class Dial:
    """Every value that a dial is measured at."""

    couplings: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 1.0)
    """How far choice and speech agree beyond chance: 0 is the independent world, 1 the equal one."""
    seeds: int = 3
    """Pretraining seeds a coupling: the unit of replication."""
    first_seed: int = 2
    """The first of them; 0 and 1 are the seeds that the recipe was chosen on."""
    ranks: tuple[int, ...] = (1, 8)
    """LoRA ranks; the scale alpha / rank is the same for all."""
    doses: tuple[int, ...] = (18, 54, 216)
    """Decisions trained on."""
    tuning_seeds: int = 3
    """Fine-tuning seeds a checkpoint, over which a checkpoint's shift is averaged."""
    architecture: str = "gpt2"
    steps: int = 0
    """Pretraining steps, for trials; 0 takes the recipe's."""
    admit: bool = True
    """Refuse incompetent checkpoints; off only in trials."""
    choice_items: int = 54
    """Held-out decisions a split."""
    families: tuple[str, ...] = FAMILIES
    """What is measured: choice, and the cloze families that own words are averaged over."""

    @property
    def pretraining_seeds(self) -> tuple[int, ...]:
        return tuple(range(self.first_seed, self.first_seed + self.seeds))

    def check(self) -> None:
        """Refuses values that can't be measured.

        Raises:
            UserError: with every fault.
        """
        lists = {"couplings": self.couplings, "ranks": self.ranks, "doses": self.doses}
        faults = [f"{name}: at least one is needed" for name, values in lists.items() if not values]
        faults += [f"{name}: a value stands twice" for name, values in lists.items() if len(set(values)) < len(values)]
        counts = {"seeds": self.seeds, "tuning-seeds": self.tuning_seeds, "ranks": min(self.ranks, default=1)}
        faults += [f"{name}: 1 or more is needed, {n} found" for name, n in counts.items() if n < 1]
        if faults:
            raise UserError("The dial can't be set so: " + "; ".join(faults) + ".")
        for coupling in self.couplings:
            world_of_strength(coupling)


def recipes(dial: Dial) -> dict[tuple[float, int], Recipe]:
    """The recipe of every checkpoint by coupling and pretraining seed."""
    from proclivity.microworld.build import Recipe

    found = {}
    for coupling in sorted(dial.couplings):
        for seed in dial.pretraining_seeds:
            recipe = Recipe(dial.architecture, world_of_strength(coupling), seed, admit=dial.admit)
            if dial.steps:
                recipe = replace(recipe, schedule=replace(recipe.schedule, steps=dial.steps))
            found[coupling, seed] = recipe
    return found


def model_name(coupling: float, seed: int) -> str:
    """A checkpoint's name in the studies."""
    return f"{world_of_strength(coupling)}-seed-{seed}"


def study_of(dial: Dial, rank: int, checkpoints: Mapping[tuple[float, int], str | Path]) -> Study:
    """The study of one rank on checkpoints by coupling and pretraining seed: the packaged one's teaching, with doses.

    Raises:
        UserError: for whatever can't be set so.
    """
    models = [
        {"name": model_name(*key), "path": str(path), "world": world_of_strength(key[0])}
        for key, path in checkpoints.items()
    ]
    values = {
        "id": f"dial-rank-{rank}",
        "title": f"Coupling as a dial, rank {rank}",
        "question": "How far do choices spread into language, as the link between them is turned up?",
        "models": models,
        "arms": ["base", *PROFILES, CONTROL],
        "seeds": dial.tuning_seeds,
        "decisions.n": max(dial.doses),
        "doses": {"items": sorted(dial.doses)},
        "induction.rank": rank,
        "induction.alpha": 2 * rank,
        "battery.families": dial.families,
        "battery.choice_items": dial.choice_items,
    }
    return load_study(BASIS, [f"{key}={json.dumps(value)}" for key, value in values.items()])

"""Can an instrument tell arms apart, beyond the seeds, items and question frames that happened to be drawn?

The trained arms that were run with the same number of seeds make a balanced design; ratings are turned round where an
item is reverse-keyed, and averaged over label alphabets and orders of anchors, which are counterbalanced, not drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from proclivity.analysis.design import UNTRAINED_SEED
from proclivity.analysis.selection import main_rows
from proclivity.metrics import Generalizability, Omega, cronbach_alpha, generalizability, keyed, omega_one_factor
from proclivity.specs import INSTRUMENT_FAMILY, Instrument


@dataclass(frozen=True)
class Reliability:
    """One instrument on one model."""

    model: str
    arms: tuple[str, ...]
    """The objects of measurement: trained arms."""
    n_seeds: int
    n_items: int
    wrappers: tuple[str, ...]
    generalizability: Generalizability
    alpha: float
    """Cronbach's alpha over checkpoints (arm × seed), beside the rest; NaN where it can't be known."""
    omega: Omega
    """One-factor omega over checkpoints."""


def reliability(measurements: pd.DataFrame, scale: Instrument) -> list[Reliability]:
    """Generalizability of an instrument's ratings, for each model.

    Args:
        measurements: the long table.
        scale: whose `rating` rows are read; it says which items are reverse-keyed.

    Returns:
        One `Reliability` a model that was asked; a single rating that is missing makes its numbers NaN, with a reason.
    """
    rows = main_rows(measurements)
    mine = (rows["family"] == INSTRUMENT_FAMILY + scale.id) & (rows["metric"] == "rating")
    return [_of_model(str(model), part, scale) for model, part in rows[mine].groupby("model", sort=True)]


def _of_model(model: str, rows: pd.DataFrame, scale: Instrument) -> Reliability:
    trained = rows[rows["seed"] != UNTRAINED_SEED]
    seeds = {str(arm): sorted(part["seed"].unique()) for arm, part in trained.groupby("arm", sort=True)}
    n_seeds = max((len(own) for own in seeds.values()), default=0)
    arms = tuple(arm for arm, own in seeds.items() if len(own) == n_seeds)
    wrappers = tuple(rows["wrapper"].drop_duplicates())
    items = [item.id for item in scale.items]
    # A cell in which one alphabet or order is missing would not be counterbalanced: its mean is NaN too.
    cells = trained.groupby(["arm", "seed", "item_id", "wrapper"])["value"].agg(lambda x: x.mean(skipna=False))
    wanted = [(arm, seed, item, frame) for arm in arms for seed in seeds[arm] for item in items for frame in wrappers]
    shape = (len(arms), n_seeds, len(items), len(wrappers))
    ratings: NDArray[np.float64] = np.array([cells.get(key, np.nan) for key in wanted], np.float64).reshape(shape)
    reverse = [item.reverse for item in scale.items]
    turned = np.moveaxis(keyed(np.moveaxis(ratings, 2, -1), reverse, scale.minimum, scale.maximum), -1, 2)
    checkpoints = turned.mean(axis=-1).reshape(-1, len(items))
    return Reliability(
        model=model,
        arms=arms,
        n_seeds=n_seeds,
        n_items=len(items),
        wrappers=wrappers,
        generalizability=generalizability(turned),
        alpha=cronbach_alpha(checkpoints),
        omega=omega_one_factor(checkpoints),
    )

"""Rows of curves.parquet with known numbers, and a study's folder that holds them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from simulated_study import Simulation

from proclivity.analysis.curves import CurvePoint, Point, curve_table
from proclivity.analysis.intervals import crossed, interval

MODEL = "llama-equal"
OWN = {"depression": "withdrawal", "paranoia": "suspicion"}
STEPS = (1, 2, 4, 8, 16, 28)
RNG_SEED = 5


def curve_point(
    rng: np.random.Generator, profile: str, arm: str, quantity: str, at: Point, mean: float, model: str = MODEL
) -> CurvePoint:
    """Six seeds on eight clusters around a mean."""
    n = 1 if arm == "base" else 6
    cells = mean + 0.06 * rng.normal(size=(n, 1)) + 0.1 * rng.normal(size=(1, 8))
    if quantity == "choice":
        cells = np.clip(cells, 0, 1)
    found = crossed([cells])
    low, high = interval(found)
    control = "" if quantity == "choice" else "own-policy"
    seeds = tuple(range(n)) if arm != "base" else (-1,)
    return CurvePoint(model, profile, arm, control, quantity, at, found, seeds, low, high, 0.95, found.reason)


def dose_points(rng: np.random.Generator) -> Iterable[CurvePoint]:
    """Share x decisions x epochs."""
    for profile in OWN:
        yield curve_point(rng, profile, "base", "choice", Point(), 0.1)
        for items, epochs in ((54, 1), (54, 2), (216, 1), (216, 2)):
            for share in (1 / 3, 0.4, 0.6, 0.8, 1.0):
                at = Point(items, epochs, share, items * epochs // 16)
                rate = min(1.0, share * (items * epochs) ** 0.5 / 15)
                yield curve_point(rng, profile, profile, "choice", at, rate)
                yield curve_point(rng, profile, profile, "words", at, 1.2 * rate)


def trajectory_points(rng: np.random.Generator) -> Iterable[CurvePoint]:
    """Choices first, words later."""
    for profile in OWN:
        yield curve_point(rng, profile, "base", "choice", Point(), 0.1)
        for step in STEPS:
            at = Point(216, 2, 1.0, step)
            yield curve_point(rng, profile, profile, "choice", at, 1 - 0.9 * np.exp(-step / 3))
            yield curve_point(rng, profile, profile, "words", at, 1.5 * (1 - np.exp(-step / 12)))


def reversal_points(rng: np.random.Generator) -> Iterable[CurvePoint]:
    """Each profile, then other rows; where the first training ended stands among the points of the trajectory."""
    for profile, other in (("depression", "paranoia"), ("paranoia", "depression")):
        ends = {"adaptive": -0.1, "own-policy": 0.9, other: -0.6}
        for later, end in ends.items():
            for step in STEPS:
                at = Point(216, 2, 1.0, step)
                mean = end + (1.4 - end) * np.exp(-step / 6)
                yield curve_point(rng, profile, f"{profile}-then-{later}", "words", at, mean)
        for step in STEPS:
            again = f"{profile}-then-adaptive-then-{profile}"
            mean = 1.4 - 1.5 * np.exp(-step / 4)
            yield curve_point(rng, profile, again, "words", Point(216, 2, 1.0, step), mean)


def distance_points(rng: np.random.Generator) -> Iterable[CurvePoint]:
    """The end of training with text before the probe."""
    for profile in OWN:
        for distance in (16, 32, 64, 96):
            at = Point(216, 2, 1.0, 28, distance)
            yield curve_point(rng, profile, profile, "words", at, 1.4 - 0.004 * distance)


def everything() -> list[CurvePoint]:
    """Points for trajectory, reversal and distance; doses stand alone, since the highest would hide them."""
    rng = np.random.default_rng(RNG_SEED)
    return [*trajectory_points(rng), *reversal_points(rng), *distance_points(rng)]


def doses() -> list[CurvePoint]:
    return list(dose_points(np.random.default_rng(RNG_SEED)))


def write(folder: Path, points: Iterable[CurvePoint]) -> Path:
    """A simulated study of one model with these curves."""
    study = Simulation(models={MODEL: "equal"}, next_token=False, completions=False)
    curve_table(list(points)).to_parquet(study.write(folder) / "curves.parquet")
    return folder


def with_reason(points: list[CurvePoint], place: int, reason: str) -> pd.DataFrame:
    """The table of points, one of them without a number."""
    table = curve_table(points)
    for column in ("estimate", "low", "high"):
        table.loc[place, column] = np.nan
    table.at[place, "seed_estimates"] = []
    table.at[place, "seeds"] = []
    table.loc[place, "reason"] = reason
    return table

"""How far do a checkpoint's own words move under teaching, and how does that differ between pretraining seeds?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import TYPE_CHECKING

from proclivity.dial.settings import CONTROL, PROFILES, model_name
from proclivity.specs import load_pack, load_study
from proclivity.tables import read_frame

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Shift:
    """One profile's shift on one checkpoint, at one rank and dose."""

    rank: int
    items: int
    """Decisions trained on."""
    profile: str
    coupling: float
    seed: int
    """Pretraining seed."""
    shift: float
    """Nats: own words above own-policy, averaged over cloze families and fine-tuning seeds; NaN with a reason."""
    by_tuning_seed: tuple[float, ...]
    """The same for each fine-tuning seed."""
    chosen: float
    """Probability: how often held-out decisions in new domains take the profile's action; NaN where not measured."""
    reason: str = ""
    """Why there is no shift."""


@dataclass(frozen=True)
class Spread:
    """One point of a line: a profile's shifts at one coupling, over pretraining seeds."""

    rank: int
    items: int
    profile: str
    coupling: float
    mean: float
    """Nats; NaN where no checkpoint was admitted."""
    sd: float
    """Nats, between pretraining seeds; NaN with fewer than two."""
    low: float
    """The smallest of them."""
    high: float
    """The largest of them."""
    chosen: float
    """Mean probability of choosing the profile's action in new domains."""
    shifts: tuple[tuple[int, float], ...]
    """Pretraining seed and shift."""
    refused: tuple[int, ...]
    """Pretraining seeds whose checkpoint wasn't admitted."""


def read_shifts(folder: Path, rank: int, keys: Iterable[tuple[float, int]]) -> list[Shift]:
    """All shifts of one rank's finished study, couplings, seeds, profiles and doses in order.

    Args:
        folder: of the study.
        rank: its rank.
        keys: coupling and pretraining seed of its models.
    """
    items = load_study(folder / "study.yml").doses.items
    if len(items) == 1:  # a study of one dose draws no curves
        effects = read_frame(folder / "effects.parquet").set_index("effect_id")
        return [_of_effects(effects, rank, items[0], key, profile) for key in keys for profile in PROFILES]
    curves = read_frame(folder / "curves.parquet")
    return [_of_curves(curves, rank, n, key, profile) for key in keys for profile in PROFILES for n in sorted(items)]


def _of_curves(curves: pd.DataFrame, rank: int, items: int, key: tuple[float, int], profile: str) -> Shift:
    mine = curves[(curves["model"] == model_name(*key)) & (curves["arm"] == profile) & (curves["profile"] == profile)]
    at = mine[(mine["items"] == items) & (mine["distance"] == 0)].set_index("quantity")
    return _shift(at, "words", "choice", rank, items, key, profile)


def _of_effects(effects: pd.DataFrame, rank: int, items: int, key: tuple[float, int], profile: str) -> Shift:
    about = load_pack("microworld").profiles[profile]
    words = f"{model_name(*key)}:{profile}-vs-{CONTROL}:cloze::score:{about.content_class}"
    chosen = f"{model_name(*key)}:{profile}:choice:new-domain:chosen:{about.action_class}"
    return _shift(effects, words, chosen, rank, items, key, profile)


def _shift(
    table: pd.DataFrame, words: str, chosen: str, rank: int, items: int, key: tuple[float, int], profile: str
) -> Shift:
    rate = float(table.loc[chosen, "estimate"]) if chosen in table.index else math.nan
    if words not in table.index:
        return Shift(rank, items, profile, *key, math.nan, (), rate, "not measured")
    row = table.loc[words]
    seeds = tuple(float(value) for value in row["seed_estimates"])
    estimate = float(row["estimate"])
    reason = "" if math.isfinite(estimate) else str(row["reason"]) or "not a number"
    return Shift(rank, items, profile, *key, estimate, seeds, rate, reason)


def spreads(shifts: Sequence[Shift], refused: Iterable[tuple[float, int]], couplings: Sequence[float]) -> list[Spread]:
    """Mean, standard deviation and ends over pretraining seeds; a coupling without any stands there as NaN.

    Args:
        shifts: of all ranks and doses.
        refused: coupling and seed of checkpoints that weren't admitted.
        couplings: all that were asked for.
    """
    out = sorted(refused)
    lines = dict.fromkeys((shift.rank, shift.items, shift.profile) for shift in shifts)
    found = []
    for line in lines:
        mine = [shift for shift in shifts if (shift.rank, shift.items, shift.profile) == line]
        for coupling in sorted(couplings):
            at = [shift for shift in mine if shift.coupling == coupling and math.isfinite(shift.shift)]
            found.append(_spread(line, coupling, at, tuple(seed for c, seed in out if c == coupling)))
    return found


def _spread(line: tuple[int, int, str], coupling: float, at: Sequence[Shift], refused: tuple[int, ...]) -> Spread:
    values = [shift.shift for shift in at]
    rates = [shift.chosen for shift in at if math.isfinite(shift.chosen)]
    return Spread(
        *line,
        coupling,
        mean=mean(values) if values else math.nan,
        sd=stdev(values) if len(values) > 1 else math.nan,
        low=min(values, default=math.nan),
        high=max(values, default=math.nan),
        chosen=mean(rates) if rates else math.nan,
        shifts=tuple((shift.seed, shift.shift) for shift in at),
        refused=refused,
    )


def generalizes_from(line: Sequence[Spread], delta: float) -> float | None:
    """The lowest coupling from which on every admitted checkpoint's own words rise by more than delta.

    Args:
        line: one rank, dose and profile.
        delta: smallest effect of interest, nats.

    Returns:
        None if they don't even at the highest coupling, or nothing was admitted there.
    """
    found = None
    for spread in sorted(line, key=lambda one: one.coupling, reverse=True):
        if not spread.low > delta:
            return found
        found = spread.coupling
    return found

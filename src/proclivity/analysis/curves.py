"""How do a profile's choices and its words change with dose, with training steps, with distance, with later training?

A study may measure an arm at several points: doses (decisions, epochs, share of target answers), steps of one
training, neutral tokens before a probe. Each point gives two numbers about a profile: how often held-out decisions take
its action (*choice*, the achieved policy), and how much its own words rise above the control that was trained alike
(*words*).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from proclivity.analysis.contrasts import ItemTable, SeedCluster, item_tables, levels, on_shared_seeds, paired
from proclivity.analysis.design import (
    BASE,
    CHOICE,
    CLOZE_PREFIX,
    OWN_POLICY,
    PRIMARY_FORMAT,
    PRIMARY_SPLIT,
    Design,
    ProfileDesign,
)
from proclivity.analysis.intervals import CrossedEstimate, crossed, interval
from proclivity.analysis.selection import STRATUM, complete
from proclivity.specs import phases, split_arm
from proclivity.specs.arm_names import THEN

WORDS, CHOSEN = "words", "choice"


class Point(NamedTuple):
    """Where on its curves an arm was measured."""

    items: int = 0
    """Decisions trained on."""
    epochs: int = 0
    dose: float = 1.0
    """Share of target answers."""
    step: int = -1
    """Steps of the last phase of training."""
    distance: int = 0
    """Neutral tokens before a probe."""


@dataclass(frozen=True)
class CurvePoint:
    """One number about a profile at one point."""

    model: str
    profile: str
    """Whose action and words it is about."""
    arm: str
    """The profile's own arm, base, or an arm that went on from it ('depression-then-adaptive')."""
    control: str
    """The arm that words are compared with; '' for choice, which is a level."""
    quantity: str
    """'words' (nats above the control, averaged over cloze families) or 'choice' (probability)."""
    point: Point
    crossed: CrossedEstimate
    seeds: tuple[int, ...]
    """Training seed of each of the seeds' estimates."""
    low: float
    high: float
    level: float
    reason: str = ""
    """Why there is no number, or no interval."""

    @property
    def unit(self) -> str:
        return "nats" if self.quantity == WORDS else "probability"

    def as_row(self) -> dict[str, Any]:
        """A row of curves.parquet."""
        effect = self.crossed
        return {
            **{name: getattr(self, name) for name in ("model", "profile", "arm", "control", "quantity", "unit")},
            **self.point._asdict(),
            **{"estimate": effect.estimate, "low": self.low, "high": self.high, "level": self.level, "df": effect.df},
            **{"n_seeds": effect.n_seeds, "n_clusters": effect.n_clusters},
            **{"seeds": list(self.seeds), "seed_estimates": list(effect.seed_estimates), "reason": self.reason},
        }


COLUMNS = [
    *("model", "profile", "arm", "control", "quantity", "unit", *Point._fields),
    *("estimate", "low", "high", "level", "df", "n_seeds", "n_clusters", "seeds", "seed_estimates", "reason"),
]


def curve_points(measurements: pd.DataFrame, design: Design) -> list[CurvePoint]:
    """Choice and words of every profile at every point that was measured, models, profiles, arms and points in order.

    Nothing for a model that was measured at one point alone, and with no arm that goes on from a profile.

    Args:
        measurements: the long table, all points.
        design: profiles and level.
    """
    rows = _needed(complete(measurements), design)
    found: list[CurvePoint] = []
    for model, part in rows.groupby("model", sort=True):
        arms = list(dict.fromkeys(part["arm"]))
        if not any(
            _goes_on(arm, profile) or len(_points(part, arm)) > 1 for profile in design.profiles for arm in arms
        ):
            continue
        for profile in design.profiles:
            own = [arm for arm in arms if arm == profile.id or _goes_on(arm, profile)]
            for arm in [BASE, *own] if BASE in arms else own:
                found += _arm_points(str(model), part, arm, profile, design)
    return found


def curve_table(points: list[CurvePoint]) -> pd.DataFrame:
    """The points as a table, one row each."""
    return pd.DataFrame([point.as_row() for point in points], columns=COLUMNS)


def matched_control(arm: str, present: list[str]) -> str:
    """The arm that was trained as this one was, with the base's own answers: as many phases, in the same format."""
    kind, about = split_arm(arm)
    one = f"{kind}-{OWN_POLICY}" if kind and about else OWN_POLICY
    wanted = (THEN.join([OWN_POLICY] * len(phases(arm))), one, OWN_POLICY, BASE)
    return next((name for name in (wanted if not kind else wanted[1:]) if name in present and name != arm), "")


def _goes_on(arm: str, profile: ProfileDesign) -> bool:
    parts = phases(arm)
    return len(parts) > 1 and parts[0] == profile.id


def _needed(rows: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Scores of the profiles' classes in cloze families, and label choices of their actions in new domains."""
    contents = {profile.content_class for profile in design.profiles}
    actions = {profile.action_class for profile in design.profiles}
    words = rows["family"].str.startswith(CLOZE_PREFIX) & (rows["metric"] == "score")
    chosen = (rows["family"] == CHOICE) & (rows["metric"] == "chosen") & (rows["split"] == PRIMARY_SPLIT)
    chosen &= rows["format"].isin(["", PRIMARY_FORMAT])
    kept = (words & rows["content_class"].isin(contents)) | (chosen & rows["content_class"].isin(actions))
    return rows[kept].assign(**{STRATUM: ""})


def _points(rows: pd.DataFrame, arm: str) -> list[Point]:
    mine = rows.loc[rows["arm"] == arm, list(Point._fields)].drop_duplicates().sort_values(list(Point._fields))
    return [
        Point(int(items), int(epochs), float(dose), int(step), int(distance))
        for items, epochs, dose, step, distance in mine.itertuples(index=False)
    ]


def _at(rows: pd.DataFrame, arm: str, point: Point) -> pd.DataFrame:
    keep = rows["arm"] == arm
    for column, value in zip(Point._fields, point, strict=True):
        keep &= rows[column] == value
    return rows[keep]


def _control_at(rows: pd.DataFrame, arm: str, control: str, point: Point) -> pd.DataFrame:
    """The control trained on as many decisions as often, after as many steps.

    After its last step where it has no such one, and at its highest dose where it has fewer phases than the arm.
    """
    mine = rows[(rows["arm"] == control) & (rows["distance"] == point.distance)]
    if control == BASE:
        return mine
    if len(phases(control)) == len(phases(arm)):
        mine = mine[(mine["items"] == point.items) & (mine["epochs"] == point.epochs)]
        alike = mine[mine["step"] == point.step]
        return alike if len(alike) else mine[mine["step"] == mine["step"].max()]
    for column in ("items", "epochs", "step"):
        mine = mine[mine[column] == mine[column].max()]
    return mine


def _arm_points(
    model: str, rows: pd.DataFrame, arm: str, profile: ProfileDesign, design: Design
) -> Iterator[CurvePoint]:
    control = matched_control(arm, list(dict.fromkeys(rows["arm"])))
    for point in _points(rows, arm):
        mine = _at(rows, arm, point)
        choices = mine[(mine["family"] == CHOICE) & (mine["content_class"] == profile.action_class)]
        if not choices.empty:
            cells = levels(_table(choices), arm)
            yield _point(model, profile, arm, "", CHOSEN, point, list(cells.values()), design)
        words = _words(mine, profile)
        if arm == BASE or words.empty or not control:
            continue
        theirs = _words(_control_at(rows, arm, control, point), profile)
        table = _table(pd.concat([words, theirs]))
        cells = paired(table, arm, control) if control in table.arms() else {}
        yield _point(model, profile, arm, control, WORDS, point, list(cells.values()), design)


def _words(rows: pd.DataFrame, profile: ProfileDesign) -> pd.DataFrame:
    return rows[(rows["family"] != CHOICE) & (rows["content_class"] == profile.content_class)]


def _table(rows: pd.DataFrame) -> ItemTable:
    (table,) = item_tables(rows).values()
    return table


def _point(
    model: str,
    profile: ProfileDesign,
    arm: str,
    control: str,
    quantity: str,
    point: Point,
    cells: list[SeedCluster],
    design: Design,
) -> CurvePoint:
    matrices, seeds = on_shared_seeds(cells)
    effect = crossed(matrices)
    low, high = interval(effect, design.level)
    reasons = [effect.reason, *(cell.reason for cell in cells)]
    if quantity == CHOSEN:
        low, high = max(low, 0.0), min(high, 1.0)
    return CurvePoint(
        model, profile.id, arm, control, quantity, point, effect, seeds, float(low), float(high), design.level,
        "; ".join(dict.fromkeys(filter(None, reasons))),
    )  # fmt: skip

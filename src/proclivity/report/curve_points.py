"""Rows of curves.parquet as points that a figure can draw, and the ways to ask for them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from proclivity.report import words
from proclivity.report.estimates import Estimate, estimate_of
from proclivity.report.load import Results
from proclivity.specs import phases
from proclivity.specs.arm_names import THEN

WORDS, CHOSEN = "words", "choice"


@dataclass(frozen=True)
class CurvePoint:
    """One estimate of a profile's words or choices, and where on its curves it was measured."""

    profile: str
    quantity: str
    """'words' or 'choice'."""
    items: int
    epochs: int
    dose: float
    """Share of target answers."""
    step: int
    distance: int
    """Neutral tokens before the probe."""
    estimate: Estimate
    seed_names: tuple[int, ...]
    """Training seed of each of the estimate's seeds."""

    @property
    def taught(self) -> tuple[int, int, float]:
        """The dose, in the order in which the highest is found."""
        return (self.items, self.epochs, self.dose)

    def by_seed(self) -> dict[int, float]:
        return dict(zip(self.seed_names, self.estimate.seeds, strict=False))

    def said(self) -> str:
        """The number with its interval and what it rests on."""
        say = words.number if self.quantity == CHOSEN else words.signed
        found = self.estimate
        if not found.measured:
            return f"not measured: {found.reason or 'no reason was recorded'}"
        bounds = f" [{say(found.low)}, {say(found.high)}]" if found.bounded else " (no interval)"
        return f"{say(found.value)} {found.unit}{bounds}; {words.counts(found)}"


def curve_points(results: Results) -> list[CurvePoint]:
    """All points, in the table's order."""
    return [_point(row) for row in results.curves]


def _point(row: dict[str, Any]) -> CurvePoint:
    seeds = row.get("seeds")
    return CurvePoint(
        profile=str(row["profile"]),
        quantity=str(row["quantity"]),
        items=int(row["items"]),
        epochs=int(row["epochs"]),
        dose=float(row["dose"]),
        step=int(row["step"]),
        distance=int(row["distance"]),
        estimate=estimate_of(row),
        seed_names=tuple(int(seed) for seed in seeds) if seeds is not None else (),
    )


def of_arm(points: Sequence[CurvePoint], model: str, profile: str, arm: str) -> list[CurvePoint]:
    """Measured points of one arm about one profile."""
    wanted = (model, profile, arm)
    return [p for p in points if (p.estimate.model, p.profile, p.estimate.arm) == wanted and p.estimate.measured]


def by_dose(points: Sequence[CurvePoint], model: str, profile: str) -> dict[tuple[int, int, float], list[CurvePoint]]:
    """A profile's own arm at the end of each dose: its points there, doses ascending."""
    own = _nearest(of_arm(points, model, profile, profile))
    last: dict[tuple[int, int, float], int] = {}
    for p in own:
        last[p.taught] = max(last.get(p.taught, p.step), p.step)
    return {taught: [p for p in own if p.taught == taught and p.step == step] for taught, step in sorted(last.items())}


def by_step(points: Sequence[CurvePoint], model: str, profile: str, arm: str) -> list[CurvePoint]:
    """An arm at its highest dose and the shortest distance, steps above 0 ascending."""
    own = [p for p in of_arm(points, model, profile, arm) if p.step > 0]
    if not own:
        return []
    most = max(p.taught for p in own)
    return sorted(_nearest([p for p in own if p.taught == most]), key=lambda p: p.step)


def by_distance(points: Sequence[CurvePoint], model: str, profile: str) -> list[CurvePoint]:
    """Words of a profile's own arm after its last step, the nearest probe first."""
    steps = by_step(points, model, profile, profile)
    if not steps:
        return []
    last = steps[-1]
    own = of_arm(points, model, profile, profile)
    kept = [p for p in own if p.taught == last.taught and p.step == last.step and p.quantity == WORDS]
    return sorted(kept, key=lambda p: p.distance)


def untrained(points: Sequence[CurvePoint], model: str, profile: str) -> CurvePoint | None:
    """How often the untrained model takes the profile's action."""
    found = [p for p in of_arm(points, model, profile, "base") if p.quantity == CHOSEN]
    return min(found, key=lambda p: p.distance, default=None)


def later_arms(points: Sequence[CurvePoint], model: str, profile: str) -> list[str]:
    """Arms that go on from a profile, in the table's order."""
    named = dict.fromkeys(p.estimate.arm for p in points if (p.estimate.model, p.profile) == (model, profile))
    return [arm for arm in named if len(phases(arm)) > 1 and phases(arm)[0] == profile]


def phase_before(arm: str) -> str:
    """The arm that a later phase goes on from."""
    return THEN.join(phases(arm)[:-1])


def span_of(points: Sequence[CurvePoint]) -> tuple[float, float]:
    """Lowest and highest number that a figure of these points shows; (0, 0) for none."""
    found = [0.0]
    for p in points:
        found += [v for v in (p.estimate.value, p.estimate.low, p.estimate.high, *p.estimate.seeds) if math.isfinite(v)]
    return min(found), max(found)


def _nearest(points: list[CurvePoint]) -> list[CurvePoint]:
    nearest = min((p.distance for p in points), default=0)
    return [p for p in points if p.distance == nearest]

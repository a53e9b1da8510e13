"""Points of curves whose numbers are given seed by seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from proclivity.analysis import Design, ProfileDesign
from proclivity.analysis.curves import CurvePoint, Point
from proclivity.analysis.intervals import crossed, interval

DESIGN = Design(
    profiles=[ProfileDesign("depression", "withdrawal", "loss"), ProfileDesign("paranoia", "suspicion", "threat")],
    controls=["base", "own-policy", "arbitrary"],
)
DEPRESSION = DESIGN.profiles[0]
CLUSTERS = np.array([-0.01, 0.0, 0.01])


def point(
    quantity: str,
    values: Sequence[float],
    at: Point,
    *,
    arm: str = "depression",
    profile: str = "depression",
    model: str = "toy",
    seeds: Sequence[int] | None = None,
) -> CurvePoint:
    """One point; three clusters spread a little around each seed's value."""
    found = crossed([np.asarray(values, dtype=np.float64)[:, None] + CLUSTERS])
    low, high = interval(found)
    control = "" if quantity == "choice" else "own-policy"
    names = tuple(range(len(values))) if seeds is None else tuple(seeds)
    return CurvePoint(model, profile, arm, control, quantity, at, found, names, low, high, 0.95, found.reason)


def untrained(rate: float = 0.1, **about: str) -> CurvePoint:
    """The base's choice rate."""
    return point("choice", [rate], Point(), arm="base", seeds=[-1], **about)

"""How sure is a mean over seeds of a number that each seed gives by itself, such as a slope or a lag?

The seed is the unit: mean ± t · s/√S on S − 1 degrees of freedom. Clusters don't enter; they are inside each number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from proclivity.analysis.curves import CurvePoint
from proclivity.analysis.design import MINIMUM_SEEDS
from proclivity.analysis.intervals import ONE_CLUSTER, CrossedEstimate, crossed, interval, p_two_sided
from proclivity.analysis.wording import signed


def over_seeds(values: Sequence[float]) -> CrossedEstimate:
    """Mean of one number a seed `[S]`, its standard error and S − 1 degrees of freedom; clusters are counted as 0."""
    found = crossed([np.asarray(values, dtype=np.float64).reshape(-1, 1)])
    return replace(found, n_clusters=0, reason="" if found.reason == ONE_CLUSTER else found.reason)


def seed_values(point: CurvePoint) -> dict[int, float]:
    """A point's estimate of each seed that has a finite one."""
    pairs = zip(point.seeds, point.crossed.seed_estimates, strict=False)
    return {seed: value for seed, value in pairs if math.isfinite(value)}


def numbers_of(found: CrossedEstimate, level: float) -> dict[str, Any]:
    """A mean over seeds as a verdict keeps it."""
    low, high = interval(found, level)
    return {
        **{"estimate": found.estimate, "low": low, "high": high, "level": level, "p": p_two_sided(found)},
        **{"df": found.df, "n_seeds": found.n_seeds, "seed_estimates": found.seed_estimates, "reason": found.reason},
    }


def mean_words(found: CrossedEstimate, level: float, unit: str) -> str:
    """'+1.32 nats (95 % interval +0.98 to +1.66)', or without interval where there is none."""
    if not math.isfinite(found.estimate):
        return f"not measured ({found.reason or 'no seed has a value'})"
    low, high = interval(found, level)
    # So that an interval which just excludes 0 is seen to.
    digits = 3 if 0 < min(abs(low), abs(high)) < 0.005 else 2
    ends = f"{signed(low, digits)} to {signed(high, digits)}"
    said = f"{100 * level:.0f} % interval {ends}" if math.isfinite(low) else "no interval"
    return f"{signed(found.estimate, digits)} {unit} ({said})"


def p_words(p: float) -> str:
    """'p = .012', 'p < .001'; 'no p' for NaN."""
    if not math.isfinite(p):
        return "no p"
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".", 1)


def enough(n_seeds: int) -> bool:
    """Whether so many seeds allow a verdict."""
    return n_seeds >= MINIMUM_SEEDS

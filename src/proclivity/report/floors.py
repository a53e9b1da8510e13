"""Does a profile move more than moves when nothing happens: the same model twice, and two seeds of own-policy?"""

from __future__ import annotations

import math

from proclivity.report import words
from proclivity.report.estimates import Estimate
from proclivity.report.load import Results
from proclivity.report.section import Check
from proclivity.report.sections import divergence

FLOORS = {
    "numeric floor: the same model measured twice": divergence.NUMERIC_FLOOR,
    "seed floor: two seeds of own-policy": divergence.SEED_FLOOR,
}


def floors(results: Results) -> list[Check]:
    """Every profile's raw divergence (bits) against both floors; the whole interval has to lie above."""
    checks = []
    for model in results.models:
        for profile in results.profiles:
            raw = divergence.find(results, model.name, divergence.RAW, profile.id)
            if raw is None:
                continue
            for name, metric in FLOORS.items():
                floor = divergence.floor(results, model.name, metric)
                checks.append(
                    Check(
                        name=f"{model.name}: {profile.title} over the {name}",
                        state=above(raw, floor),
                        found=f"{words.small(raw.value)} bits" if raw.measured else "–",
                        wanted=f"interval above {words.small(floor)} bits",
                        detail=words.counts(raw) if raw.measured else f"not measured: {raw.reason}",
                    )
                )
    return checks


def above(row: Estimate, floor: float) -> str:
    """'pass' where the interval lies above the floor, 'fail' where it lies below it, else 'open'."""
    if not row.bounded or math.isnan(floor):
        return "open"
    return "pass" if row.low > floor else "fail" if row.high < floor else "open"

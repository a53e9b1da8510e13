"""How many seeds would a study like this one need? A finished run serves as the pilot.

Its variances are taken from the very effects that the verdicts rest on, its effects are not: what is worth finding
is wished for by the user, since a pilot's own effect is the worst guess at the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import pandas as pd

from proclivity.analysis.components import Components, components, precision
from proclivity.analysis.contrasts import item_tables
from proclivity.analysis.design import (
    ALL,
    CLOZE,
    MINIMUM_SEEDS,
    OWN_POLICY,
    REQUIRED_CONTROLS,
    Design,
    ProfileDesign,
    open_families,
)
from proclivity.analysis.effects import Effect, EffectBook, model_effects
from proclivity.analysis.evidence import Evidence
from proclivity.analysis.planner import PairComponents, PairPower, power_clear, power_pair, smallest_seeds
from proclivity.analysis.selection import main_rows
from proclivity.analysis.wording import plain

NOT_IN_RUN = "the run has no such comparison"


def seed_plan(
    measurements: pd.DataFrame, design: Design, effect: float, power: float = 0.9, off: float = 0.0
) -> list[dict[str, Any]]:
    """Seeds that each claim needs, for every model of a run.

    Args:
        measurements: the long table of the pilot.
        design: what was asked; margins and level are taken from it.
        effect: wanted effect of each profile on its own content, nats.
        power: probability with which it is to be found.
        off: true effect of each profile on the other's content, nats.

    Returns:
        JSON-ready, a row a claim: model, profile (or 'a / b'), claim; seed_sd and cluster_se (nats; the largest among
        the effects of the claim; the second is what no number of seeds removes); pilot_seeds; power_now, with as
        many seeds as the pilot; seeds, needed by its variances; seeds_cautious, needed should seeds differ as much as
        the pilot can't exclude; reason where a number is missing.
    """
    profiles = {profile.id for profile in design.profiles}
    rows = main_rows(measurements)
    wanted = rows["arm"].isin(profiles | set(REQUIRED_CONTROLS)) & (rows["metric"] == "score")
    rows = rows[wanted & rows["family"].isin(open_families(sorted(rows["family"].unique())))]
    asked = replace(design, controls=list(REQUIRED_CONTROLS))
    found = []
    for model, table in item_tables(rows).items():
        book = EffectBook()
        book.add(model_effects(model, table, asked))
        evidence = Evidence(model=model, book=book, design=asked, families=table.families(), classes=[])
        found += _claims(evidence, effect, power)
        found += _pair_claims(evidence, effect, off, power)
    known: list[dict[str, Any]] = plain(found)
    return known


Power = Callable[[Sequence[Components], int], float]
"""Power of a claim by its effects' variances and the number of seeds."""


def _claims(evidence: Evidence, wanted: float, power: float) -> list[dict[str, Any]]:
    """A row a profile and control: own content, averaged over cloze families, clear of 0."""

    def power_at(parts: Sequence[Components], n: int) -> float:
        return power_clear(wanted, precision(parts[0], n), evidence.design.level) if n >= MINIMUM_SEEDS else 0.0

    return [
        {"model": evidence.model, "profile": profile.id, "claim": f"own words above {control}"}
        | _seeds([_parts(evidence.score(profile.id, control, profile.content_class, CLOZE))], power_at, power)
        for profile in evidence.design.profiles
        for control in REQUIRED_CONTROLS
    ]


def _pair_claims(evidence: Evidence, on: float, off: float, power: float) -> list[dict[str, Any]]:
    """Two rows a pair of profiles with different content: dissociated, and fully so."""

    def verdict(name: str) -> Power:
        def power_at(parts: Sequence[Components], n: int) -> float:
            classes = PairComponents(*parts[:3]), PairComponents(*parts[3:])
            return float(getattr(power_pair(*classes, on, off, n, evidence.design.delta), name))

        return power_at

    rows = []
    for d, p in combinations(evidence.design.profiles, 2):
        if d.content_class != p.content_class:
            parts = [*_class_parts(evidence, d, p), *_class_parts(evidence, p, d)]
            about = {"model": evidence.model, "profile": f"{d.id} / {p.id}"}
            rows += [about | {"claim": name} | _seeds(parts, verdict(name), power) for name in PairPower._fields]
    return rows


def _class_parts(evidence: Evidence, own: ProfileDesign, other: ProfileDesign) -> list[Components]:
    """Variances of one content class in the order of `PairComponents`."""
    content = own.content_class
    pairs = ((own.id, OWN_POLICY), (other.id, OWN_POLICY), (own.id, other.id))
    return [_parts(evidence.score(arm, control, content, ALL)) for arm, control in pairs]


def _parts(effect: Effect | None) -> Components:
    if effect is None:
        return replace(components([]), reason=NOT_IN_RUN)
    return components(effect.matrices)


def _seeds(parts: Sequence[Components], power_at: Power, wanted: float) -> dict[str, Any]:
    """The numbers of a row; None with the reason where the pilot can't tell."""
    pilot = min(part.pilot_seeds for part in parts)
    missing = next((part.reason for part in parts if part.reason), "")
    if missing:
        names = ("seed_sd", "cluster_se", "power_now", "seeds", "seeds_cautious")
        return dict.fromkeys(names) | {"pilot_seeds": pilot, "reason": missing}
    careful = [part.cautious() for part in parts]
    found = smallest_seeds(lambda n: power_at(parts, n), wanted)
    return {
        "seed_sd": max(part.seed for part in parts) ** 0.5,
        "cluster_se": max(part.cluster_se for part in parts),
        "pilot_seeds": pilot,
        "power_now": power_at(parts, pilot),
        "seeds": found.seeds,
        "seeds_cautious": smallest_seeds(lambda n: power_at(careful, n), wanted).seeds,
        "reason": found.reason,
    }

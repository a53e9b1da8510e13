"""From a finished study's measurements to its effects and verdicts, in one call and without a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from proclivity.analysis.check_verdicts import control, drift, sharpening
from proclivity.analysis.claim_units import Findings
from proclivity.analysis.claims import claims
from proclivity.analysis.contrasts import ItemTable, item_tables
from proclivity.analysis.curves import CurvePoint, curve_points, curve_table
from proclivity.analysis.design import BASE, Design, ProfileDesign, open_families
from proclivity.analysis.dose import dose
from proclivity.analysis.effects import EffectBook, add_adjusted_p, add_bootstrap, floor_effects, model_effects
from proclivity.analysis.evidence import Evidence
from proclivity.analysis.floors import Distributions, floor_estimates
from proclivity.analysis.formats_verdict import formats
from proclivity.analysis.generality_verdict import generality
from proclivity.analysis.induction_verdict import induction
from proclivity.analysis.persona import prompting
from proclivity.analysis.prior_table import prior_table
from proclivity.analysis.priors import prior_verdicts
from proclivity.analysis.reversal import reversal
from proclivity.analysis.selection import main_rows
from proclivity.analysis.specificity_verdict import specificities
from proclivity.analysis.spread_verdict import spread
from proclivity.analysis.stability import stability
from proclivity.analysis.trajectory import trajectory

__all__ = ["Analysis", "Design", "ProfileDesign", "analyze"]


@dataclass(frozen=True)
class Analysis:
    """What a study found."""

    effects: pd.DataFrame
    """One row per arm x control x family x content class x metric, and per arm's own level (empty control)."""
    verdicts: list[dict[str, Any]]
    """JSON-ready: model, profile, kind, verdict, evidence (effect ids), numbers, sentence. Those on the source's claims
    are about all models: they come last and name none."""
    curves: pd.DataFrame
    """Choice and words by dose, step and distance, one row a point; empty where a study measured one point."""
    priors: pd.DataFrame
    """What `prior_table` makes of the rows about priors; empty where a study asked for none."""


def analyze(
    measurements: pd.DataFrame,
    design: Design,
    distributions: Distributions | None = None,
    priors: pd.DataFrame | None = None,
) -> Analysis:
    """Effects and verdicts of a study.

    Args:
        measurements: the long table, one row per `Measurement`; base has seed -1, trained arms have seeds 0, 1, ...
        design: what was asked; verdicts are given for its profiles only.
        distributions: (model, arm, seed, family) -> item keys and natural-log probabilities `[N, V]`; without them
            the shared part of a divergence and the seed floor are left out.

    Returns:
        `Analysis`; the same input gives the same numbers.

    Raises:
        UserError: for a table without rows or without a needed column.
    """
    tables = item_tables(main_rows(measurements))
    points = curve_points(measurements, design)
    book = EffectBook()
    for model, table in tables.items():
        book.add(model_effects(model, table, design))
    book.add(floor_effects(floor_estimates(distributions or {}), design))
    add_bootstrap(book, design)
    add_adjusted_p(book, design)
    verdicts = [
        verdict
        for model, table in tables.items()
        for verdict in [*_verdicts(model, table, book, points, design), *_curve_verdicts(model, points, design)]
    ]
    evidence = {model: _evidence(model, table, book, design) for model, table in tables.items()}
    shares = prior_table(priors, design.level)
    verdicts += prior_verdicts(shares, design)
    verdicts += claims(Findings(design, evidence, tables, verdicts))
    return Analysis(effects=book.table(), verdicts=verdicts, curves=curve_table(points), priors=shares)


def _evidence(model: str, table: ItemTable, book: EffectBook, design: Design) -> Evidence:
    families = table.families()
    speaking = open_families(families)
    classes = {g.content_class for g in table.groups if g.metric == "score" and g.family in speaking}
    return Evidence(model=model, book=book, design=design, families=families, classes=sorted(classes))


def _verdicts(
    model: str, table: ItemTable, book: EffectBook, points: list[CurvePoint], design: Design
) -> list[dict[str, Any]]:
    evidence = _evidence(model, table, book, design)
    curves = [point for point in points if point.model == model]
    profiles = [profile for profile in design.profiles if profile.id in table.arms() and profile.id != BASE]
    found = [
        *(induction(evidence, profile) for profile in profiles),
        *(spread(evidence, profile) for profile in profiles),
        *(generality(evidence, table, profile) for profile in profiles),
        *(stability(evidence, curves, profile) for profile in profiles),
        *specificities(evidence),
        control(evidence),
        drift(evidence),
        *(sharpening(evidence, profile) for profile in profiles),
        *(prompting(evidence, table, profile) for profile in profiles),
        *(formats(evidence, table, profile) for profile in design.profiles),
    ]
    return [verdict for verdict in found if verdict is not None]


def _curve_verdicts(model: str, points: list[CurvePoint], design: Design) -> list[dict[str, Any]]:
    """Verdicts on doses, steps, distances and later training; a kind says nothing where no such curve was measured."""
    mine = [point for point in points if point.model == model]
    kinds: list[Callable[[list[CurvePoint], ProfileDesign, Design], dict[str, Any] | None]] = [
        *(dose, trajectory, reversal),
    ]
    found = [kind(mine, profile, design) for profile in design.profiles for kind in kinds]
    return [verdict for verdict in found if verdict is not None]

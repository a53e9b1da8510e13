"""How far whole next-word distributions moved, and how far they seem to move when nothing happens."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import fmean

from markupsafe import Markup

from proclivity.report import words
from proclivity.report.estimates import Estimate
from proclivity.report.figures.forest import ForestStyle, Mark, Row, forest
from proclivity.report.load import ModelNames, Results
from proclivity.report.section import Figure, Legend, Panel, Section, Table
from proclivity.report.skew_table import skew_table

RAW = "jsd_from_base"
SHARED = "jsd_shared"
NUMERIC_FLOOR = "jsd_numeric"
SEED_FLOOR = "jsd_between_seeds"
LOWEST = 1e-6


def section(results: Results) -> Section:
    """Raw divergence per arm on a decadic axis, with its floors; the excess and the cross-seed estimator beside it."""
    measured = any(row.metric == RAW for row in results.effects.rows)
    return Section(
        id="divergence",
        title="How far the distributions moved",
        short="Divergence",
        template="divergence.html",
        context={
            "figure": _figure(results) if measured else None,
            "skew": skew_table(results),
            "control": "own-policy" if "own-policy" in results.study.arms else "",
        },
    )


def find(results: Results, model: str, metric: str, arm: str, control: str = "") -> Estimate | None:
    """The summary over cloze families; where the table has only single ones, their mean without an interval."""
    rows = results.effects.where(model=model, metric=metric, arm=arm, control=control)
    summary = next((row for row in rows if row.family == results.summary_family()), None)
    if summary is not None or not rows:
        return summary
    measured = [row for row in rows if row.measured and row.family.startswith("cloze")] or [
        row for row in rows if row.measured
    ]
    return _mean(measured) if measured else rows[0]


def _mean(rows: list[Estimate]) -> Estimate:
    """Families weighted equally, seed by seed; an interval would need more than the table holds."""
    count = min(len(row.seeds) for row in rows)
    return replace(
        rows[0],
        family=f"mean of {words.plural(len(rows), 'family').replace('familys', 'families')}",
        value=fmean(row.value for row in rows),
        low=math.nan,
        high=math.nan,
        seeds=tuple(fmean(row.seeds[seed] for row in rows) for seed in range(count)),
        n_items=sum(row.n_items for row in rows),
        n_clusters=sum(row.n_clusters for row in rows),
        n_missing=sum(row.n_missing for row in rows),
    )


def floor(results: Results, model: str, metric: str) -> float:
    """The largest floor of a model: the seed floor of own-policy, or of all arms in a study without it.

    Seeds of other arms may differ by design: `arbitrary` rotates its position with the seed.
    """
    found = [row for row in results.effects.where(model=model, metric=metric, control="") if row.measured]
    null = [row.value for row in found if row.arm == "own-policy"]
    return max(null or [row.value for row in found], default=math.nan)


def _trained(results: Results) -> list[str]:
    return [arm for arm in results.study.arms if arm != "base"]


def _figure(results: Results) -> Figure:
    panels = [Panel(_panel(results, model)) for model in results.models]
    rows = [row for model in results.models for row in _table_rows(results, model)]
    return Figure(
        id="figure-divergence",
        title="Jensen–Shannon divergence from the untrained model, with its floors",
        caption=(
            f"Bits, 0 to 1, on a decadic axis; {words.family(results.summary_family())}, full vocabulary. Circles: raw "
            "divergence, every seed a dot. Diamonds: only what training seeds share (cross-seed estimator). Dashed "
            "lines: the same model measured twice (numeric floor), and how far two seeds of own-policy lie from "
            "one another (seed floor), where measured; every arm's own seed floor stands in the table. Values at or "
            "below 10⁻⁶ stand at the left edge."
        ),
        alt=_alt(results),
        panels=tuple(panels),
        legend=(
            Legend("circle", "other", "raw divergence from base"),
            Legend("diamond", "other", "shared by seeds (cross-seed)"),
            Legend("dash", "floor", "floors"),
        ),
        table=Table(
            columns=("model", "arm", "quantity", "bits", "interval", "seeds", "rests on"),
            rows=tuple(rows),
            numeric=frozenset({3, 4}),
        ),
    )


def _panel(results: Results, model: ModelNames) -> Markup:
    rows = []
    for arm in _trained(results):
        marks = (
            Mark(
                find(results, model.name, RAW, arm),
                "circle",
                results.tone(arm),
                f"{results.title(arm)}, raw",
            ),
            Mark(
                find(results, model.name, SHARED, arm, "base"),
                "diamond",
                results.tone(arm),
                f"{results.title(arm)}, shared by seeds",
            ),
        )
        rows.append(Row(results.title(arm), marks))
    floors = [
        (floor(results, model.name, NUMERIC_FLOOR), "numeric", "floor"),
        (floor(results, model.name, SEED_FLOOR), "seed", "floor"),
    ]
    style = ForestStyle(
        gutter=104,
        axis="bits",
        sign=False,
        zero=False,
        log=True,
        lines=tuple(entry for entry in floors if not math.isnan(entry[0])),
    )
    return forest(model.name, rows, (LOWEST, 1.0), style, f"{model.name}: divergence by arm; numbers in the table.")


def _alt(results: Results) -> str:
    said = []
    for model in results.models:
        for arm in _trained(results):
            raw = find(results, model.name, RAW, arm)
            if raw is not None and raw.measured:
                said.append(f"{model.name}, {results.title(arm)}: {words.small(raw.value)} bits")
    return "Divergence from the untrained model. " + "; ".join(said or ["not measured"]) + "."


def _table_rows(results: Results, model: ModelNames) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for arm in _trained(results):
        quantities = [
            ("raw, from base", find(results, model.name, RAW, arm)),
            ("excess over own-policy", find(results, model.name, RAW, arm, "own-policy")),
            ("shared by seeds (cross-seed)", find(results, model.name, SHARED, arm, "base")),
            ("seed floor", find(results, model.name, SEED_FLOOR, arm)),
        ]
        for name, found in quantities:
            if found is not None:
                rows.append((model.name, results.title(arm), name, *_cells(found)))
    numeric = next(iter(results.effects.where(model=model.name, metric=NUMERIC_FLOOR, control="")), None)
    if numeric is not None:
        rows.append((model.name, "base", "numeric floor", *_cells(numeric)))
    return rows


def _cells(found: Estimate) -> tuple[str, str, str, str]:
    if not found.measured:
        return ("–", "–", "–", f"not measured: {found.reason or 'no reason recorded'}")
    bounds = f"[{words.small(found.low)}, {words.small(found.high)}]" if found.bounded else "–"
    seeds = " ".join(words.small(value) for value in found.seeds)
    return (words.small(found.value), bounds, seeds or "–", words.counts(found))

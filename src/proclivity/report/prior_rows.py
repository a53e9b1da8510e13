"""Rows of priors.parquet as things that a section can draw, and the ways to ask for them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from proclivity.analysis.priors import EVIDENCES, least_left
from proclivity.report.estimates import Estimate
from proclivity.report.load import Results

RISEN = 1e-6
"""More than rounding, of a share."""
POINT = ("items", "epochs", "dose", "step")


@dataclass(frozen=True)
class PriorNumber:
    """One estimate about a prior."""

    estimate: Estimate
    """Its `family` is where it was fitted or read, its `content_class` whom it is about."""
    source: str
    evidence: str
    told: str
    n: int
    """Decisions in context."""
    step: int
    point: tuple[float, ...]
    """How much was taught; the largest is the arm's last."""


@dataclass(frozen=True)
class Priors:
    """All rows of one study."""

    rows: tuple[PriorNumber, ...]

    def find(self, model: str, arm: str, metric: str, **where: object) -> PriorNumber | None:
        """The one row that is as asked, at the arm's last point; None where there is none."""
        found = self.all(model, arm, metric, **where)
        return max(found, key=lambda row: row.point, default=None)

    def all(self, model: str, arm: str, metric: str, **where: object) -> list[PriorNumber]:
        """All rows that are as asked, in the table's order; `about` and `fitted` are fields of the estimate."""
        wanted = {
            {"about": "content_class", "fitted": "family"}.get(name, name): value for name, value in where.items()
        }
        return [
            row
            for row in self._by.get((model, arm, metric), [])
            if all(
                getattr(row.estimate if hasattr(row.estimate, name) else row, name) == v for name, v in wanted.items()
            )
        ]

    @cached_property
    def _by(self) -> dict[tuple[str, str, str], list[PriorNumber]]:
        found: dict[tuple[str, str, str], list[PriorNumber]] = {}
        for row in self.rows:
            found.setdefault((row.estimate.model, row.estimate.arm, row.estimate.metric), []).append(row)
        return found

    def evidence(self, model: str) -> str:
        """Which evidence the verdict took: the one that leaves less of the base."""
        left = {}
        for way in EVIDENCES:
            row = self.find(model, "base", "residual_jsd", source="personas", evidence=way, fitted="cloze")
            if row is not None:
                left[way] = row.estimate.value
        return least_left(left)

    def speaks(self, model: str, profile: str) -> str:
        """As which disposition the world lets a narrator speak who decides so; the profile itself where none does."""
        last = {}
        for row in self.all(model, "base", "pi", source="ideal", told=profile):
            first = self.find(model, "base", "pi", source="ideal", told=profile, n=0, about=row.estimate.content_class)
            if first is not None and row.n > 0 and row.estimate.value > first.estimate.value + RISEN:
                last[row.estimate.content_class] = row.estimate.value
        return max(last, key=lambda name: last[name]) if last else profile


def priors_of(results: Results) -> Priors:
    """Every row of the study; empty where none was asked for."""
    return Priors(tuple(_number(row) for row in results.priors))


def _number(row: dict[str, object]) -> PriorNumber:
    def real(name: str) -> float:
        value = row.get(name)
        return float(value) if isinstance(value, int | float) else math.nan

    seeds = row.get("seeds")
    listed: Sequence[float] = [] if seeds is None else list(np.asarray(seeds, dtype=np.float64))
    said = {name: str(row.get(name) or "") for name in ("model", "arm", "metric", "unit", "reason")}
    estimate = Estimate(
        effect_id="", control="", contrast="", stratum="", family=str(row["fitted"] or ""),
        content_class=str(row["about"] or ""), value=real("estimate"), low=real("low"), high=real("high"),
        level=real("level"), n_seeds=int(real("n_seeds")), n_clusters=0, n_items=0, n_missing=0, p_adjusted=math.nan,
        p_equivalence=math.nan, seeds=tuple(float(value) for value in listed), **said,
    )  # fmt: skip
    point = tuple(real(name) for name in POINT)
    step = int(real("step"))
    return PriorNumber(
        estimate,
        str(row["source"] or ""),
        str(row["evidence"] or ""),
        str(row["told"] or ""),
        int(real("n")),
        step,
        point,
    )

"""One row of effects.parquet as a thing that a section can draw, and the ways to ask for it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Estimate:
    """An estimate with its interval and what it rests on."""

    effect_id: str
    model: str
    arm: str
    control: str
    """'' for an absolute level."""
    contrast: str
    family: str
    content_class: str
    stratum: str
    metric: str
    unit: str
    value: float
    low: float
    high: float
    level: float
    n_seeds: int
    n_clusters: int
    n_items: int
    n_missing: int
    p_adjusted: float
    p_equivalence: float
    seeds: tuple[float, ...]
    """One estimate a training seed; the dots of the figures."""
    reason: str
    """Why the value is missing, or ''."""

    @property
    def measured(self) -> bool:
        return not math.isnan(self.value)

    @property
    def bounded(self) -> bool:
        return self.measured and not (math.isnan(self.low) or math.isnan(self.high))

    @property
    def above(self) -> bool:
        """The whole interval lies above 0."""
        return self.bounded and self.low > 0

    @property
    def below(self) -> bool:
        """The whole interval lies below 0."""
        return self.bounded and self.high < 0


def estimates_of(table: pd.DataFrame) -> list[Estimate]:
    """All rows of an effects table."""
    return [estimate_of(row) for row in table.to_dict("records")]


def estimate_of(row: dict[Any, Any]) -> Estimate:
    """One row of a table; what it lacks is NaN, 0 or ''."""

    def number(key: str) -> float:
        value = row.get(key)
        return float(value) if value is not None and value == value else math.nan

    def count(key: str) -> int:
        value = number(key)
        return 0 if math.isnan(value) else int(value)

    def text(key: str) -> str:
        value = row.get(key)
        return str(value) if value is not None and value == value else ""

    seeds = row.get("seed_estimates")
    return Estimate(
        effect_id=text("effect_id"),
        model=text("model"),
        arm=text("arm"),
        control=text("control"),
        contrast=text("contrast"),
        family=text("family"),
        content_class=text("content_class"),
        stratum=text("stratum"),
        metric=text("metric"),
        unit=text("unit"),
        value=number("estimate"),
        low=number("low"),
        high=number("high"),
        level=number("level"),
        n_seeds=count("n_seeds"),
        n_clusters=count("n_clusters"),
        n_items=count("n_items"),
        n_missing=count("n_missing"),
        p_adjusted=number("p_adjusted"),
        p_equivalence=number("p_equivalence"),
        seeds=tuple(float(value) for value in seeds) if seeds is not None else (),
        reason=text("reason"),
    )


@dataclass(frozen=True)
class Estimates:
    """An effects table by key; sections ask it and never filter frames themselves."""

    rows: tuple[Estimate, ...]

    def get(
        self,
        *,
        model: str,
        arm: str,
        control: str,
        family: str,
        content_class: str = "",
        metric: str = "score",
        stratum: str = "",
    ) -> Estimate | None:
        """The one row with this key, or None."""
        key = (model, arm, control, family, content_class, metric, stratum)
        return self._index().get(key)

    def where(self, **wanted: str) -> list[Estimate]:
        """All rows whose fields equal `wanted`, in the table's order."""
        rows = self._by_metric.get(wanted["metric"], []) if "metric" in wanted else self.rows
        return [row for row in rows if all(getattr(row, key) == value for key, value in wanted.items())]

    @cached_property
    def _by_metric(self) -> dict[str, list[Estimate]]:
        """Rows by metric: a page asks hundreds of times, mostly for one of dozens of metrics."""
        found: dict[str, list[Estimate]] = {}
        for row in self.rows:
            found.setdefault(row.metric, []).append(row)
        return found

    def distinct(self, field: str, **wanted: str) -> list[str]:
        """Values of a field in order of first appearance."""
        return list(dict.fromkeys(getattr(row, field) for row in self.where(**wanted)))

    def _index(self) -> dict[tuple[str, ...], Estimate]:
        cached: dict[tuple[str, ...], Estimate] | None = self.__dict__.get("_by_key")
        if cached is None:
            cached = {}
            for row in self.rows:
                key = (
                    row.model,
                    row.arm,
                    row.control,
                    row.family,
                    row.content_class,
                    row.metric,
                    row.stratum,
                )
                cached.setdefault(key, row)
            object.__setattr__(self, "_by_key", cached)
        return cached


def span(estimates: Iterable[Estimate | None]) -> tuple[float, float]:
    """Smallest and largest number that a figure of these estimates has to show; (0, 0) where there is none."""
    numbers = [0.0]
    for estimate in estimates:
        if estimate is None:
            continue
        numbers += [
            value for value in (estimate.value, estimate.low, estimate.high, *estimate.seeds) if math.isfinite(value)
        ]
    return min(numbers), max(numbers)

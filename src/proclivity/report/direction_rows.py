"""Rows of directions.json as estimates that a figure can draw, and the ways to ask for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from proclivity.report import words
from proclivity.report.estimates import Estimate, estimate_of
from proclivity.report.load import Results

RANDOM = "random "
IN_CONTEXT, OTHER_HALF, CHANCE, SHUFFLED = "in-context", "other half", "random (SD)", "shuffled labels"
MEANINGS = {
    IN_CONTEXT: "told in the context (base behind personas)",
    OTHER_HALF: "the same from the other items and seeds",
    CHANCE: "unrelated directions (one standard deviation)",
    SHUFFLED: "shuffled labels",
}


@dataclass(frozen=True)
class Line:
    """One number about a direction."""

    model: str
    arm: str
    measure: str
    layer: int
    """Counted from 1; 0 means none or all."""
    other: str
    """What the arm is compared with, or changed by."""
    content_class: str
    family: str
    alpha: float
    chosen: bool
    words: tuple[str, ...]
    estimate: Estimate

    def said(self) -> str:
        """The number, and its interval where it has one."""
        found = self.estimate
        if not found.measured:
            return f"not measured: {found.reason or 'no reason was recorded'}"
        return f"{words.number(found.value)}{' ' + words.interval(found, sign=False) if found.bounded else ''}"


def lines(results: Results, model: str, arm: str, measure: str, **wanted: Any) -> list[Line]:
    """Lines of one measure, in the order in which they were written.

    Args:
        results: the study.
        model, arm: whose; an arm of '' asks for all.
        measure: for example 'shift'.
        wanted: further fields that have to be equal.
    """
    return [
        _line(row)
        for row in results.directions
        if row["model"] == model
        and row["measure"] == measure
        and (not arm or row["arm"] == arm)
        and all(row[key] == value for key, value in wanted.items())
    ]


def _line(row: dict[str, Any]) -> Line:
    alpha = row["alpha"]
    return Line(
        model=row["model"],
        arm=row["arm"],
        measure=row["measure"],
        layer=int(row["layer"]),
        other=row["other"],
        content_class=row["content_class"],
        family=row["family"],
        alpha=float("nan") if alpha is None else float(alpha),
        chosen=bool(row["chosen"]),
        words=tuple(row["words"]),
        estimate=estimate_of({**row, "seed_estimates": row["seeds"]}),
    )


def one(found: list[Line]) -> Line | None:
    """The only line, or none."""
    return found[0] if found else None


def named(results: Results, other: str) -> str:
    """What stands beside a direction, in words."""
    if other.startswith(RANDOM) and other != CHANCE:
        return other
    if other in {model.name for model in results.models}:
        return f"the same from {other}"
    return MEANINGS.get(other) or results.title(other)


def where(layer: int) -> str:
    """A layer in words."""
    return f"layer {layer}" if layer else "all layers"

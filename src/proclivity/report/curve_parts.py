"""What the sections on curves share: marks, legends, the table behind a figure, and verdicts above it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from proclivity.report import words
from proclivity.report.curve_points import CHOSEN, CurvePoint
from proclivity.report.figures.curve import Dot, Place
from proclivity.report.load import Results
from proclivity.report.section import Figure, Section, Table

LOOKS = (
    ("circle", "a1"), ("diamond", "a2"), ("square", "a3"), ("triangle", "a4"),
    ("circle", "arbitrary"), ("diamond", "own"), ("square", "other"), ("triangle", "base"),
)  # fmt: skip
"""Form and colour of lines that aren't profiles; the form tells them apart without the colour."""
SHAPES = ("circle", "diamond", "square", "triangle")


@dataclass(frozen=True)
class Said:
    """A verdict as it stands above a figure."""

    model: str
    profile: str
    badge: str
    tone: str
    sentence: str


def curve_section(
    results: Results, name: str, title: str, text: str, figures: Sequence[Figure], kinds: Sequence[str]
) -> Section | None:
    """A section with its verdicts and figures; None without a figure."""
    from proclivity.report.sections.verdicts import tone_of  # the sections themselves import this module

    if not figures:
        return None
    found = [verdict for verdict in results.verdicts if verdict.kind in kinds]
    said = [
        Said(v.model, results.title(v.profile), v.verdict, tone_of(v.verdict), v.sentence)
        for v in found
    ]  # fmt: skip
    context: dict[str, object] = {"text": text, "said": said, "figures": list(figures)}
    return Section(id=name.lower(), title=title, short=name, template="curves.html", context=context)


def look(number: int) -> tuple[str, str]:
    """Form and colour of the n-th line."""
    return LOOKS[number % len(LOOKS)]


def place(point: CurvePoint, x: float, meaning: str) -> Place:
    """A point of a line, every seed at the same place."""
    found = point.estimate
    dots = tuple(Dot(x, value, f"{meaning}, seed {seed}") for seed, value in _finite(point))
    return Place(x, found.value, found.low, found.high, f"{meaning}: {point.said()}", dots)


def _finite(point: CurvePoint) -> list[tuple[int, float]]:
    return [(seed, value) for seed, value in point.by_seed().items() if math.isfinite(value)]


def table(results: Results, points: Sequence[CurvePoint], caption: str) -> Table:
    """Every point of a figure: where it was measured, estimate, interval, counts."""
    return Table(
        columns=(
            *("model", "profile", "arm", "against", "quantity", "decisions", "times seen", "share", "step"),
            *("tokens before", "estimate", "interval", "seeds", "clusters", "every seed", "note"),
        ),
        rows=tuple(_row(results, point) for point in points),
        caption=caption,
        numeric=frozenset({5, 6, 7, 8, 9, 10, 11, 12, 13}),
    )


def _row(results: Results, point: CurvePoint) -> tuple[str, ...]:
    found, chosen = point.estimate, point.quantity == CHOSEN
    say = words.number if chosen else words.signed
    quantity = f"{point.quantity} ({found.unit})"
    untrained = found.arm == "base"
    taught = ("–", "–", "–", "–") if untrained else (
        f"{point.items:,}", str(point.epochs), words.number(point.dose), str(point.step),
    )  # fmt: skip
    return (
        *(found.model, results.title(point.profile), results.title(found.arm), found.control or "level", quantity),
        *(*taught, str(point.distance), say(found.value), words.interval(found, sign=not chosen)),
        *(str(found.n_seeds), str(found.n_clusters), " ".join(say(value) for value in found.seeds), found.reason),
    )


def panel_alt(title: str, points: Sequence[tuple[str, CurvePoint]]) -> str:
    """A panel in words: each point's name and number."""
    return f"{title}. " + "; ".join(f"{name}: {point.said()}" for name, point in points) + "."


def level(results: Results) -> str:
    """'95%'."""
    return f"{results.study.analysis.level:.0%}"

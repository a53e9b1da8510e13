"""Line charts: a mean with its interval and every seed as a dot, place by place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from proclivity.report.figures import svg
from proclivity.report.figures.axis import Axis
from proclivity.report.figures.forest import shape
from proclivity.report.figures.scale import Scale
from proclivity.report.words import number

TOP, BOTTOM, RIGHT = 40.0, 34.0, 8.0
DIGIT = 5.8
"""About the width of a character of a tick label, in the drawing's unit."""


@dataclass(frozen=True)
class Dot:
    """One seed."""

    x: float
    y: float
    tip: str


@dataclass(frozen=True)
class Place:
    """One estimate of a line; NaN bounds where there is no interval."""

    x: float
    y: float
    low: float
    high: float
    tip: str
    dots: tuple[Dot, ...] = ()


@dataclass(frozen=True)
class Series:
    """One line; `joined` draws it, else its marks stand alone."""

    shape: str
    """'circle', 'diamond', 'square' or 'triangle'."""
    tone: str
    places: tuple[Place, ...]
    joined: bool = True
    dashed: bool = False


@dataclass(frozen=True)
class CurveStyle:
    """Measures of a panel."""

    width: float = 330
    height: float = 236
    gutter: float = 34
    band: float = 0.0
    """Half-width of the band around 0 that counts as nothing."""
    nudge: float = 0.0
    """How far neighbouring series stand apart, in the drawing's unit, where they share places."""


def curves(title: str, series: Sequence[Series], x: Axis, y: Axis, style: CurveStyle, alt: str) -> Markup:
    """One panel.

    Args:
        title: heading inside the drawing, so that it stays with it when the drawing is saved.
        series: later ones are drawn over earlier ones.
        x: the axis below.
        y: the axis at the left; its label stands above it.
        style: measures.
        alt: what the drawing shows, for those who can't see it.
    """
    across = Scale(x.low, x.high, style.gutter, style.width - RIGHT)
    down = Scale(y.low, y.high, style.height - BOTTOM, TOP)
    parts = [svg.text(title, 0, 13, class_="panel-title"), *_frame(x, y, across, down, style)]
    for number_, one in enumerate(series):
        shift = style.nudge * (number_ - (len(series) - 1) / 2)
        parts += _series(one, across, down, shift)
    return svg.drawing(style.width, style.height, alt, *parts)


def _frame(x: Axis, y: Axis, across: Scale, down: Scale, style: CurveStyle) -> list[Markup]:
    parts = [svg.text(y.label, 0, TOP - 9, class_="axis")]
    if style.band:
        top, bottom = down.at(style.band), down.at(-style.band)
        box = {"x": across.left, "y": top, "width": across.right - across.left, "height": bottom - top}
        parts.append(svg.element("rect", **box, class_="band"))
    for value, label in y.ticks:
        at = down.at(value)
        parts.append(svg.line(across.left, at, across.right, at, "zero" if value == 0 else "grid"))
        parts.append(svg.text(label, across.left - 5, at + 3.5, class_="tick", anchor="end"))
    shown = _thinned([(across.at(value), label) for value, label in x.ticks])
    for at, label in shown:
        parts.append(svg.line(at, down.left, at, down.left + 4, "zero"))
        parts.append(svg.text(label, at, down.left + 15, class_="tick", anchor="middle"))
    middle = (across.left + across.right) / 2
    parts.append(svg.text(x.label, middle, down.left + 30, class_="axis", anchor="middle"))
    return parts


def _thinned(ticks: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """Labels that don't touch; the first and the last stay."""
    if len(ticks) < 3:
        return ticks
    kept, last = [ticks[0]], ticks[-1]
    for tick in ticks[1:-1]:
        if _apart(kept[-1], tick) and _apart(tick, last):
            kept.append(tick)
    return [*kept, last]


def _apart(left: tuple[float, str], right: tuple[float, str]) -> bool:
    return right[0] - left[0] >= DIGIT * (len(left[1]) + len(right[1])) / 2 + 4


def _series(one: Series, across: Scale, down: Scale, shift: float) -> list[Markup]:
    places = [place for place in one.places if math.isfinite(place.x) and math.isfinite(place.y)]
    parts = []
    if one.joined and len(places) > 1:
        along = " ".join(f"{across.at(p.x) + shift:.2f},{down.at(p.y):.2f}" for p in places)
        parts.append(svg.element("polyline", points=along, class_="path dashed" if one.dashed else "path"))
    dots = [_dot(dot, across, down, shift) for place in places for dot in place.dots]
    marks = [_mark(place, one.shape, across, down, shift) for place in places]
    return [svg.group(*parts, *dots, *marks, class_=f"mark t-{one.tone}")]


def _dot(dot: Dot, across: Scale, down: Scale, shift: float) -> Markup:
    drawn = svg.element("circle", cx=across.at(dot.x) + shift, cy=down.at(dot.y), r=1.7, class_="dot")
    return svg.group(drawn, tip=f"{dot.tip}: {number(dot.y)}")


def _mark(place: Place, form: str, across: Scale, down: Scale, shift: float) -> Markup:
    x, parts = across.at(place.x) + shift, []
    if math.isfinite(place.low) and math.isfinite(place.high):
        parts.append(svg.line(x, down.at(place.low), x, down.at(place.high), "bar"))
    parts.append(shape(form, x, down.at(place.y), 3.4))
    return svg.group(*parts, tip=place.tip)

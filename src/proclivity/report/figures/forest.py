"""Forest panels: an interval, its mean and every seed as a dot, one lane under the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from proclivity.report.estimates import Estimate
from proclivity.report.figures import svg
from proclivity.report.figures.scale import Scale
from proclivity.report.words import SUPERSCRIPT, number, signed, small, tip

TOP = 24
AXIS = 34


@dataclass(frozen=True)
class Mark:
    """One estimate on a lane."""

    estimate: Estimate | None
    shape: str
    """'circle', 'diamond' or 'square'."""
    tone: str
    meaning: str
    """What the tooltip says first."""
    optional: bool = False
    """Hidden until the reader asks for it."""


@dataclass(frozen=True)
class Row:
    """A label with its lanes; without lanes it is a heading."""

    label: str
    marks: tuple[Mark, ...] = ()
    strong: bool = False
    indent: float = 0


@dataclass(frozen=True)
class ForestStyle:
    """Measures and words of a panel."""

    gutter: float = 116
    width: float = 330
    lane: float = 15
    gap: float = 9
    axis: str = "nats"
    band: float = 0.0
    """Half-width of the band around 0 that counts as nothing."""
    values: bool = True
    """Print each first lane's estimate at the right."""
    every_value: bool = False
    """Print the estimates of further lanes too."""
    counts: bool = False
    """Print the number of seeds after each estimate."""
    sign: bool = True
    lines: tuple[tuple[float, str, str], ...] = ()
    """Further reference lines: value, label, class."""
    zero: bool = True
    """Draw the line at 0 heavier."""
    log: bool = False
    """A decadic axis."""


def forest(title: str, rows: Sequence[Row], scale_of: tuple[float, float], style: ForestStyle, alt: str) -> Markup:
    """One panel.

    Args:
        title: heading inside the drawing, so that it stays with it when the drawing is saved.
        rows: from top to bottom.
        scale_of: lowest and highest value; the same for all panels that are to be compared.
        style: measures and words.
        alt: what the drawing shows, for those who can't see it.
    """
    right = style.width - (82 if style.counts else 50 if style.values else 10)
    scale = Scale(scale_of[0], scale_of[1], style.gutter, right, log=style.log)
    places, bottom = _places(rows, style)
    parts = [svg.text(title, 0, 13, class_="panel-title"), *_frame(scale, style, bottom)]
    for row, top in zip(rows, places, strict=True):
        parts += _row(row, top, scale, style)
    return svg.drawing(style.width, bottom + AXIS, alt, *parts)


def _places(rows: Sequence[Row], style: ForestStyle) -> tuple[list[float], float]:
    places, y = [], TOP + (14.0 if style.lines else 0.0)
    for number_, row in enumerate(rows):
        if number_ and not row.marks:
            y += style.gap
        places.append(y)
        y += style.lane * max(len(row.marks), 1) + (style.gap if row.marks else 2)
    return places, y


def _frame(scale: Scale, style: ForestStyle, bottom: float) -> list[Markup]:
    parts = []
    top = TOP + 10 if style.lines else TOP - 4
    if style.band:
        left, right = scale.at(-style.band), scale.at(style.band)
        parts.append(svg.element("rect", x=left, y=top, width=right - left, height=bottom - top, class_="band"))
    for tick in scale.ticks():
        x = scale.at(tick)
        parts.append(svg.line(x, top, x, bottom, "zero" if tick == 0 and style.zero else "grid"))
        label = _tick(tick, scale, style)
        parts.append(svg.text(label, x, bottom + 13, class_="tick", anchor="middle"))
    for value, label, class_ in style.lines:
        x = scale.at(value)
        parts += [
            svg.line(x, TOP + 10, x, bottom, class_),
            svg.text(label, x, TOP + 6, class_="tick", anchor="middle"),
        ]
    parts.append(svg.text(style.axis, (scale.left + scale.right) / 2, bottom + 28, class_="axis", anchor="middle"))
    return parts


def _tick(value: float, scale: Scale, style: ForestStyle) -> str:
    if style.log:
        exponent = round(math.log10(value))
        return "1" if exponent == 0 else "10" + str(exponent).translate(SUPERSCRIPT)
    if abs(value) < 1e-9:
        return "0"
    text = f"{abs(value):.{_digits(scale)}f}"
    return "−" + text if value < 0 else "+" + text if style.sign else text


def _digits(scale: Scale) -> int:
    ticks = scale.ticks()
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    return max(0, -math.floor(math.log10(step) + 1e-9))


def _row(row: Row, top: float, scale: Scale, style: ForestStyle) -> list[Markup]:
    shown = [mark for mark in row.marks if not mark.optional]
    middle = top + style.lane * max(len(shown), 1) / 2 + 4
    strong = " strong" if row.strong or not row.marks else ""
    parts = [svg.text(row.label, row.indent, middle, class_=f"label{strong}")]
    for place, mark in enumerate(row.marks):
        y = top + style.lane * (place + 0.5)
        if mark.estimate is None or not mark.estimate.measured:
            parts.append(_absent(mark, y, scale))
            continue
        parts.append(_mark(mark, mark.estimate, y, scale))
        if style.values and not mark.optional and (place == 0 or style.every_value):
            say = small if style.log else signed if style.sign else number
            said = say(mark.estimate.value) + (f", n {mark.estimate.n_seeds}" if style.counts else "")
            parts.append(svg.text(said, style.width, y + 4, class_="value", anchor="end"))
    return parts


def _absent(mark: Mark, y: float, scale: Scale) -> Markup:
    reason = mark.estimate.reason if mark.estimate is not None else "not part of this study"
    note = svg.text("not measured", scale.left + 4, y + 3.5, class_="absent")
    return svg.group(
        note,
        class_="optional" if mark.optional else "",
        tip=f"{mark.meaning}: {reason or 'no reason recorded'}",
    )


def _mark(mark: Mark, estimate: Estimate, y: float, scale: Scale) -> Markup:
    parts = []
    if estimate.bounded:
        parts.append(svg.line(scale.at(estimate.low), y, scale.at(estimate.high), y, "bar"))
    for seed, value in enumerate(estimate.seeds):
        if math.isfinite(value):
            spread = ((seed * 2) % 5 - 2) * 1.5
            dot = svg.element("circle", cx=scale.at(value), cy=y + spread, r=2.0, class_="dot")
            parts.append(svg.group(dot, tip=f"seed {seed}: {number(value)} {estimate.unit}"))
    parts.append(shape(mark.shape, scale.at(estimate.value), y))
    classes = f"mark t-{mark.tone}" + (" optional" if mark.optional else "")
    return svg.group(*parts, class_=classes, tip=f"{mark.meaning}: {tip(estimate)}")


def shape(name: str, x: float, y: float, size: float = 4.2) -> Markup:
    """A mark whose form differs, so that colour isn't needed to tell marks apart."""
    if name == "diamond":
        far = size + 1
        corners = [(x, y - far), (x + far, y), (x, y + far), (x - far, y)]
        points = " ".join(f"{across:.2f},{down:.2f}" for across, down in corners)
        return svg.element("polygon", points=points, class_="centre hollow")
    if name == "square":
        return svg.element(
            "rect",
            x=x - size + 0.6,
            y=y - size + 0.6,
            width=2 * size - 1.2,
            height=2 * size - 1.2,
            class_="centre hollow",
        )
    if name == "triangle":
        far = size + 1
        corners = [(x, y - far), (x + far, y + 0.8 * far), (x - far, y + 0.8 * far)]
        points = " ".join(f"{across:.2f},{down:.2f}" for across, down in corners)
        return svg.element("polygon", points=points, class_="centre")
    return svg.element("circle", cx=x, cy=y, r=size, class_="centre")

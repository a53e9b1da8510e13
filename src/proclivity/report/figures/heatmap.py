"""A matrix with its numbers printed in the cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from proclivity.report.figures import svg

CELL_HEIGHT = 34
TOP = 44


@dataclass(frozen=True)
class Cell:
    """One number of the matrix."""

    value: float
    text: str
    tip: str
    sure: bool = False
    """Its interval excludes 0: printed bold."""
    own: bool = False
    """The place where a specific effect would stand: framed."""


def heatmap(
    title: str,
    columns: Sequence[str],
    rows: Sequence[tuple[str, Sequence[Cell]]],
    strongest: float,
    alt: str,
    *,
    width: float = 330,
    gutter: float = 100,
) -> Markup:
    """One matrix; depth of colour is |value| / strongest, hue its sign."""
    cell = (width - gutter) / max(len(columns), 1)
    parts = [svg.text(title, 0, 13, class_="panel-title")]
    parts += [
        svg.text(name, gutter + cell * (place + 0.5), TOP - 9, class_="tick", anchor="middle")
        for place, name in enumerate(columns)
    ]
    for line, (label, cells) in enumerate(rows):
        y = TOP + CELL_HEIGHT * line
        parts.append(svg.text(label, 0, y + CELL_HEIGHT / 2 + 4, class_="label"))
        parts += [_cell(entry, gutter + cell * place, y, cell, strongest) for place, entry in enumerate(cells)]
    # Frames come last so that no neighbour's fill covers them.
    for line, (_, cells) in enumerate(rows):
        parts += [
            svg.element(
                "rect",
                x=gutter + cell * place + 1.5,
                y=TOP + CELL_HEIGHT * line + 1.5,
                width=cell - 3,
                height=CELL_HEIGHT - 3,
                class_="own-cell",
            )
            for place, entry in enumerate(cells)
            if entry.own
        ]
    return svg.drawing(width, TOP + CELL_HEIGHT * len(rows) + 6, alt, *parts)


def _cell(entry: Cell, x: float, y: float, width: float, strongest: float) -> Markup:
    depth = 0.0 if math.isnan(entry.value) or strongest == 0 else min(abs(entry.value) / strongest, 1.0)
    sign = "rise" if entry.value > 0 else "fall"
    box = svg.element(
        "rect",
        x=x + 0.5,
        y=y + 0.5,
        width=width - 1,
        height=CELL_HEIGHT - 1,
        class_=f"cell {sign}",
        fill_opacity=round(0.06 + 0.62 * depth, 2) if depth else 0,
    )
    label = svg.text(
        entry.text,
        x + width / 2,
        y + CELL_HEIGHT / 2 + 4,
        class_="cell-text strong" if entry.sure else "cell-text",
        anchor="middle",
    )
    return svg.group(box, label, tip=entry.tip)

"""What a section hands to the page: words, figures and the tables behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup


@dataclass(frozen=True)
class Table:
    """Numbers as text; the first column names the row."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    numeric: frozenset[int] = frozenset()
    """Columns that are set right-aligned."""


@dataclass(frozen=True)
class Panel:
    """One drawing of a figure; small multiples are several panels side by side."""

    svg: Markup
    group: str = ""
    """Selector value under which the panel is shown; '' is always shown."""
    wide: bool = False


@dataclass(frozen=True)
class Legend:
    """What one mark of a figure means."""

    mark: str
    """'circle', 'diamond', 'square', 'triangle', 'dot', 'bar', 'band' or 'dash'."""
    tone: str
    """Colour class, see the style sheet."""
    text: str


@dataclass(frozen=True)
class Figure:
    """Panels, the caption that makes them readable alone, and the table behind them."""

    id: str
    title: str
    caption: str
    alt: str
    panels: tuple[Panel, ...]
    table: Table
    legend: tuple[Legend, ...] = ()
    columns: int = 0
    """Panels a row on a wide screen; 0 lets the page decide."""
    groups: tuple[str, ...] = ()
    """Values of a selector above the figure, where there is one."""
    group_label: str = ""


@dataclass(frozen=True)
class Check:
    """One line of a green and red table."""

    name: str
    state: str
    """'pass', 'fail', 'open', or 'told' for what is reported only."""
    found: str
    wanted: str
    detail: str


@dataclass(frozen=True)
class Section:
    """One part of the page."""

    id: str
    title: str
    template: str
    """File in templates/sections/."""
    context: dict[str, object] = field(default_factory=dict)
    short: str = ""
    """Title in the navigation, where the full one is too long."""
    data: dict[str, object] = field(default_factory=dict)
    """What the page's script reads, by element id; embedded as JSON that no browser executes."""

    def figures(self) -> Sequence[Figure]:
        return [value for value in self.context.values() if isinstance(value, Figure)]

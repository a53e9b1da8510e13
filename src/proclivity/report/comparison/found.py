"""What was found in each study: the same (profile, family, metric) side by side, each with its interval and n?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from proclivity.report import words
from proclivity.report.choice import PRIMARY_SPLIT
from proclivity.report.comparison.pair import NOT_HERE, Pair, called
from proclivity.report.estimates import Estimate, span
from proclivity.report.figures.forest import ForestStyle, Mark, Row, forest
from proclivity.report.figures.scale import around
from proclivity.report.load import ProfileNames
from proclivity.report.section import Figure, Legend, Panel, Section, Table

MEASURES = {
    "score": "shift of words, nats",
    "contrast": "contrast of two kinds of word, nats",
    "chosen": "choice of an action, share",
    "jsd_from_base": "divergence from base, bits",
    "content": "self-report, points",
}
"""Metrics of the page, as differences from the control; the others stay in each study's effects.parquet."""
SUMS = ("cloze", "all")
"""Families that are averages over others."""
LOOKS = (("circle", "a1"), ("diamond", "a2"))
Sides = tuple[Estimate | None, Estimate | None]


@dataclass(frozen=True)
class Line:
    """One effect as both studies have it; at least one of them measured it."""

    models: tuple[str, str]
    profile: ProfileNames
    metric: str
    family: str
    content: str
    sides: Sides

    @property
    def name(self) -> str:
        return f"{words.family(self.family)}: {self.content}" if self.content else words.family(self.family)


def section(pair: Pair) -> Section:
    """One figure and one table, or why there is none."""
    control = pair.control()
    lines = _lines(pair, control) if control else []
    return Section(
        id="effects",
        title="Effects beside each other",
        short="Effects",
        template="compare_effects.html",
        context={
            "control": control,
            "figure": _figure(pair, lines, control) if lines else None,
            "alone": [sum(_said(line.sides[1 - n]) is None for line in lines) for n in (0, 1)],
            "unlike": _unlike_sums(lines),
            "names": pair.names,
            "total": len(lines),
        },
    )


def _lines(pair: Pair, control: str) -> list[Line]:
    """Effects of the profiles over the control, in the order of models, profiles, metrics and families."""
    lines = []
    for models in pair.models:
        sides = [_rows(rows, model, control) for rows, model in zip(_by_side(pair), models, strict=True)]
        keys = list(dict.fromkeys([*sides[0], *sides[1]]))
        for profile in pair.profiles():
            for metric in MEASURES:
                for arm, found, family, content in keys:
                    if (arm, found) != (profile.id, metric):
                        continue
                    both = tuple(side.get((arm, metric, family, content)) for side in sides)
                    if any(map(_said, both)):
                        lines.append(Line(models, profile, metric, family, content, (both[0], both[1])))
    return lines


def _unlike_sums(lines: list[Line]) -> list[str]:
    """Sums over families that rest on other families in one study than in the other, in words."""
    single = [line for line in lines if line.metric == "score" and line.family not in SUMS]
    covered = [{line.family for line in single if _said(line.sides[n])} for n in (0, 1)]
    apart = {name: [_covers(name, families) for families in covered] for name in SUMS}
    shown = {line.family for line in lines}
    return [words.family(name) for name, (first, second) in apart.items() if name in shown and first != second]


def _covers(total: str, families: set[str]) -> set[str]:
    return {name for name in families if total == "all" or name.startswith("cloze-")}


def _by_side(pair: Pair) -> list[list[Estimate]]:
    return [[row for metric in MEASURES for row in one.effects.where(metric=metric)] for one in pair.both]


def _rows(rows: Sequence[Estimate], model: str, control: str) -> dict[tuple[str, str, str, str], Estimate]:
    return {
        (row.arm, row.metric, row.family, row.content_class): row
        for row in rows
        if (row.model, row.control) == (model, control) and row.stratum == _stratum(row)
    }


def _stratum(row: Estimate) -> str | None:
    """Where a row is taken from; None for the log odds of held-out choices, whose share is shown."""
    if row.family != "choice":
        return ""
    return PRIMARY_SPLIT if row.metric == "chosen" else None


def _said(estimate: Estimate | None) -> Estimate | None:
    return estimate if estimate is not None and estimate.measured else None


def _figure(pair: Pair, lines: list[Line], control: str) -> Figure:
    measures = [metric for metric in MEASURES if any(line.metric == metric for line in lines)]
    panels = []
    for metric in measures:
        mine = [line for line in lines if line.metric == metric]
        bounds = around(*span(side for line in mine for side in line.sides), 0, 1)
        for models, profile in dict.fromkeys((line.models, line.profile) for line in mine):
            own = [line for line in mine if (line.models, line.profile) == (models, profile)]
            drawing = _panel(pair, own, control, (bounds.low, bounds.high))
            panels.append(Panel(drawing, group=MEASURES[metric]))
    return Figure(
        id="figure-compared",
        title=f"Each effect in both studies, against {control}",
        caption=(
            "Two marks a row. Each is a mean over training seeds, its bar the study’s own interval, n the number of "
            "seeds; small dots are seeds. In bold: a profile’s own kind of word. Whether intervals overlap is no "
            "test of the difference between two studies."
        ),
        alt=_alt(pair, lines),
        panels=tuple(panels),
        columns=2,
        groups=tuple(MEASURES[metric] for metric in measures),
        group_label="Measure",
        legend=tuple(Legend(*look, name) for look, name in zip(LOOKS, pair.names, strict=True)),
        table=Table(
            columns=(
                *("model", "taught", "measure", "family", "words"),
                *(f"{name}{what}" for name in pair.names for what in ("", " interval", " n")),
                f"{pair.names[1]} less {pair.names[0]}",
            ),
            rows=tuple(_cells(line) for line in lines),
            numeric=frozenset({5, 6, 8, 9, 11}),
        ),
    )


def _panel(pair: Pair, lines: list[Line], control: str, bounds: tuple[float, float]) -> Markup:
    profile = lines[0].profile
    rows = []
    for line in lines:
        marks = tuple(
            Mark(side, *look, f"{name}: {profile.title} against {control}, {line.name}")
            for side, look, name in zip(line.sides, LOOKS, pair.names, strict=True)
        )
        rows.append(Row(line.name, marks, strong=line.content == profile.content_class))
    title = f"{called(lines[0].models)}: {profile.title}"
    style = ForestStyle(
        gutter=212, width=510, axis=MEASURES[lines[0].metric], lane=12, gap=6, every_value=True, counts=True
    )
    return forest(title, rows, bounds, style, f"{title}; the numbers stand in the table.")


def _alt(pair: Pair, lines: list[Line]) -> str:
    both = [line for line in lines if all(map(_said, line.sides))]
    signs = [[side is not None and side.above for side in line.sides] for line in both]
    parts = [
        f"clear above 0 in both: {sum(all(pair_) for pair_ in signs)}",
        *(f"in {name} alone: {sum(s[n] and not s[1 - n] for s in signs)}" for n, name in enumerate(pair.names)),
    ]
    return (
        f"Forest plots with two marks a row, {words.plural(len(both), 'effect')} measured in both; {'; '.join(parts)}."
    )


def _cells(line: Line) -> tuple[str, ...]:
    first, second = map(_said, line.sides)
    apart = words.signed(second.value - first.value) if first and second else "–"
    head = (called(line.models), line.profile.title, MEASURES[line.metric], words.family(line.family), line.content)
    return (*head, *_side(line.sides[0]), *_side(line.sides[1]), apart)


def _side(estimate: Estimate | None) -> tuple[str, str, str]:
    if estimate is None:
        return "–", "–", NOT_HERE
    if not estimate.measured:
        return "–", "–", f"not measured: {words.why(estimate)}"
    return words.signed(estimate.value), words.interval(estimate), words.counts(estimate)

"""What the models say of themselves on scales: content apart from assent and from place on the list."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from proclivity.report import scale_words, words
from proclivity.report.estimates import Estimate, span
from proclivity.report.figures.forest import ForestStyle, Mark, Row, forest
from proclivity.report.figures.scale import around
from proclivity.report.load import ModelNames, Results
from proclivity.report.section import Figure, Legend, Panel, Section, Table
from proclivity.report.sections.worlds import control_of, estimate_cells

PARTS = ("content", "acquiescence", "position")


@dataclass(frozen=True)
class Line:
    """One arm on one part of one scale: its difference from each control that it is shown against."""

    scale: str
    part: str
    arm: str
    against: dict[str, Estimate | None]


def section(results: Results) -> Section | None:
    """Differences by scale and arm, then levels, reliability, and agreement with choices and words.

    None for a study that asked no scale.
    """
    scales = scale_words.scale_ids(results)
    if not scales:
        return None
    told = [scale_words.about(results, scale) for scale in scales]
    return Section(
        id="scales",
        title="What the models say of themselves",
        short="Scales",
        template="scales.html",
        context={
            "told": told,
            "missing": results.missing.get("scales.json", ""),
            "few": results.study.seeds if results.study.seeds < 6 else 0,
            "withheld": scale_words.withheld(results),
            "own": _own(results),
            "figure": _figure(results, scales),
            "levels": _levels(results, scales),
            "reliability": _reliability(results),
            "agreements": _agreements(results),
            "least": scale_words.GOES_ALONG,
        },
    )


def _lines(results: Results, scale: str, model: ModelNames) -> list[Line]:
    """Content against own-policy and arbitrary; assent and place, which no claim rests on, against the first alone."""
    first = control_of(results)
    found = []
    for name in PARTS:
        controls = [first, "arbitrary"] if name == "content" and "arbitrary" in results.study.arms else [first]
        for arm in results.study.arms:
            against = {
                control: scale_words.part(results, scale, model.name, arm, control, name)
                for control in dict.fromkeys(controls)
                if control != arm
            }
            # Two controls are compared once, and base is compared with nothing: no row, no lane.
            if any(row is not None for row in against.values()):
                found.append(Line(scale, name, arm, {c: row for c, row in against.items() if row is not None}))
    return found


def _figure(results: Results, scales: list[str]) -> Figure | None:
    lines = {(model.name, scale): _lines(results, scale, model) for model in results.models for scale in scales}
    every = [row for found in lines.values() for line in found for row in line.against.values()]
    if not any(row is not None and row.measured for row in every):
        return None
    bounds = around(*span(every), 0, 1)
    panels, rows = [], []
    for model in results.models:
        for scale in scales:
            own = lines[model.name, scale]
            if any(row is not None and row.measured for line in own for row in line.against.values()):
                drawing = _panel(results, model, scale, own, (bounds.low, bounds.high))
                panels.append(Panel(drawing, group=model.name))
            rows += _rows(results, model, scale, own)
    first = control_of(results)
    return Figure(
        id="figure-scales",
        title=f"Change of the answers against {first}, in points of the scale",
        caption=(
            "Small dots are training seeds; the large mark is the mean, the bar its "
            f"{results.study.analysis.level:.0%} interval over seeds and pairs of items. Bold: the arm whose own "
            "content the scale asks for. Content is claimed to move only where it is clear of 0 against own-policy "
            "and against arbitrary. Printed at the right: the mean of the first mark."
        ),
        alt="Forest plots, one for each scale. "
        + ". ".join(
            f"{model}, {arm} on {title}: {found}" for model, arm, title, found, *_ in scale_words.own_scales(results)
        ),
        panels=tuple(panels),
        columns=2,
        groups=tuple(dict.fromkeys(panel.group for panel in panels)),
        group_label="Model",
        legend=(
            Legend("circle", "a1", f"against {first}, in the arm's colour"),
            *(
                [Legend("diamond", "arbitrary", "content against arbitrary")]
                if "arbitrary" in results.study.arms
                else []
            ),
        ),
        table=Table(
            columns=("model", "scale", "part", "arm", "against", "change (points)", "interval", "seeds", "rests on"),
            rows=tuple(rows),
            numeric=frozenset({5, 6}),
        ),
    )


def _panel(results: Results, model: ModelNames, scale: str, lines: list[Line], bounds: tuple[float, float]) -> Markup:
    told = scale_words.about(results, scale)
    content = str(told["content_class"])
    own = {profile.id for profile in results.profiles if content and profile.content_class == content}
    rows: list[Row] = []
    for name in PARTS:
        rows.append(Row(f"{name} ({content})" if name == "content" and content else name))
        for line in (line for line in lines if line.part == name):
            marks = tuple(
                Mark(
                    row,
                    "diamond" if control == "arbitrary" else "circle",
                    "arbitrary" if control == "arbitrary" else results.tone(line.arm),
                    f"{told['title']}, {name}, {results.title(line.arm)} against {control}",
                )
                for control, row in line.against.items()
            )
            strong = name == "content" and line.arm in own
            rows.append(Row(results.title(line.arm), marks, strong=strong, indent=10))
    style = ForestStyle(gutter=128, width=400, axis="change, points", lane=12, gap=5)
    title = str(told["title"])
    return forest(title, rows, bounds, style, f"{model.name}: {title}; the numbers stand in the table.")


def _rows(results: Results, model: ModelNames, scale: str, lines: list[Line]) -> list[tuple[str, ...]]:
    title = str(scale_words.about(results, scale)["title"])
    return [
        (model.name, title, line.part, results.title(line.arm), control, *estimate_cells(row))
        for line in lines
        for control, row in line.against.items()
    ]


def _levels(results: Results, scales: list[str]) -> Table:
    """Every arm's own answers, with what could not be read."""
    answers = {(row["model"], row["scale"], row["arm"]): row for row in results.scales.get("answers") or []}
    rows = []
    for model in results.models:
        for scale in scales:
            for arm in results.study.arms:
                found = {name: _level(results, scale, model.name, arm, name) for name in (*PARTS, "label_mass")}
                row = answers.get((model.name, scale, arm))
                agrees = "–" if row is None or row["agrees"] is None else f"{row['agrees']:.0%} of {row['n_checked']}"
                gone = "–" if row is None else f"{row['n_withheld']} of {row['n_checkpoints']}"
                mass = found["label_mass"]
                rests = words.counts(mass) if mass is not None else "not part of this study"
                cells = [_say(found[name], sign=name != "label_mass") for name in found]
                title = str(scale_words.about(results, scale)["title"])
                rows.append((model.name, title, results.title(arm), *cells, agrees, gone, rests))
    return Table(
        columns=(*("model", "scale", "arm", *PARTS, "label mass", "text agrees", "withheld", "rests on"),),
        rows=tuple(rows),
        caption="Answers of every arm: points of the scale; withheld: checkpoints without a score",
        numeric=frozenset(range(3, 9)),
    )


def _level(results: Results, scale: str, model: str, arm: str, metric: str) -> Estimate | None:
    return scale_words.part(results, scale, model, arm, "", metric)


def _say(row: Estimate | None, *, sign: bool) -> str:
    if row is None or not row.measured:
        return "–"
    return words.signed(row.value) if sign else words.number(row.value)


def _own(results: Results) -> Table | None:
    rows = tuple(scale_words.own_scales(results))
    against = tuple(f"against {control}" for control in scale_words.CONTROLS)
    return (
        Table(
            columns=("model", "taught", "scale", "content of its own kind", *against, "rests on"),
            rows=rows,
            caption="Change of content in points, with its interval",
            numeric=frozenset({4, 5}),
        )
        if rows
        else None
    )


def _agreements(results: Results) -> Table | None:
    rows = tuple(scale_words.agreements(results))
    if not rows:
        return None
    return Table(columns=("model", "construct", *scale_words.PAIRS.values()), rows=rows)


def _reliability(results: Results) -> Table | None:
    rows = tuple(scale_words.reliabilities(results))
    if not rows:
        return None
    return Table(
        columns=(
            *(
                "model",
                "scale",
                "told apart",
                "asked",
                "G relative",
                "G absolute",
                "SD between seeds",
                "α",
                "ω",
                "note",
            ),
        ),
        rows=rows,
        caption="Reliability: generalizability coefficients (0 to 1); SD in points",
        numeric=frozenset(range(4, 9)),
    )

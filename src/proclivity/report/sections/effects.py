"""Every effect singly: profile × family × kind of word, against each control, and the matrix of specificity."""

from __future__ import annotations

import math

from markupsafe import Markup

from proclivity.report import words
from proclivity.report.estimates import Estimate, span
from proclivity.report.figures.forest import ForestStyle, Mark, Row, forest
from proclivity.report.figures.heatmap import Cell, heatmap
from proclivity.report.figures.scale import around
from proclivity.report.load import ModelNames, ProfileNames, Results
from proclivity.report.section import Figure, Legend, Panel, Section, Table
from proclivity.report.sections.worlds import control_of, estimate_cells

CONTROLS = ("own-policy", "arbitrary", "base")


def section(results: Results) -> Section:
    """Forest plots by model, then one matrix a model."""
    return Section(
        id="effects",
        title="Effects by profile, family and kind of word",
        short="Effects",
        template="effects.html",
        context={
            "forest": _forest_figure(results),
            "matrix": _matrix_figure(results),
            "control": control_of(results),
            "delta": results.study.analysis.delta,
        },
    )


def _controls(results: Results) -> list[str]:
    return [control for control in CONTROLS if control in results.study.arms]


def _effect(results: Results, model: str, arm: str, control: str, family: str, content: str) -> Estimate | None:
    return results.effects.get(model=model, arm=arm, control=control, family=family, content_class=content)


def _classes(results: Results) -> list[str]:
    own = [profile.content_class for profile in results.profiles if profile.content_class]
    return list(dict.fromkeys(own)) or results.content_classes()


def _forest_figure(results: Results) -> Figure:
    everything = [
        _effect(results, model.name, profile.id, control, family, content)
        for model in results.models
        for profile in results.profiles
        for control in _controls(results)
        for family in results.families()
        for content in _classes(results)
    ]
    bounds = around(*span(everything), 0, 1)
    panels, rows = [], []
    for model in results.models:
        for profile in results.profiles:
            for content in _classes(results):
                drawing = _panel(results, model, profile, content, (bounds.low, bounds.high))
                panels.append(Panel(drawing, group=model.name))
                rows += _table_rows(results, model, profile, content)
    legend = [
        Legend("circle", "a1", "against own-policy, in the profile's colour"),
        Legend("diamond", "arbitrary", "against arbitrary"),
        Legend("square", "base", "against base"),
    ]
    return Figure(
        id="figure-forest",
        title="Shift by family",
        caption=(
            "Small dots are training seeds; the large mark is the mean, the bar its "
            f"{results.study.analysis.level:.0%} interval over seeds and clusters; the shaded band is "
            f"±{results.study.analysis.delta:g} nats. A shift is claimed only where it is clear of 0 against "
            "own-policy and against arbitrary. Printed at the right: the mean of the first mark."
        ),
        alt=_forest_alt(results),
        panels=tuple(panels),
        columns=2,
        groups=tuple(model.name for model in results.models),
        group_label="Model",
        legend=tuple(entry for entry, control in zip(legend, CONTROLS, strict=True) if control in _controls(results)),
        table=Table(
            columns=(
                "model",
                "taught",
                "words",
                "family",
                "against",
                "shift (nats)",
                "interval",
                "seeds",
                "rests on",
            ),
            rows=tuple(rows),
            numeric=frozenset({5, 6}),
        ),
    )


def _panel(
    results: Results, model: ModelNames, profile: ProfileNames, content: str, bounds: tuple[float, float]
) -> Markup:
    looks = {
        "own-policy": ("circle", profile.tone),
        "arbitrary": ("diamond", "arbitrary"),
        "base": ("square", "base"),
    }
    rows = []
    for family in results.families():
        marks = tuple(
            Mark(
                _effect(results, model.name, profile.id, control, family, content),
                *looks[control],
                f"{profile.title} against {control}, {content} words, {words.family(family)}",
                optional=control == "base" and len(_controls(results)) > 1,
            )
            for control in _controls(results)
        )
        rows.append(Row(words.family(family), marks, strong=family in ("cloze", "all")))
    own = " (own)" if content == profile.content_class else ""
    title = f"{profile.title} → {content} words{own}"
    style = ForestStyle(gutter=144, width=416, axis="shift, nats", band=results.study.analysis.delta, lane=13, gap=7)
    return forest(title, rows, bounds, style, f"{model.name}: {title}, by family; the numbers stand in the table.")


def _forest_alt(results: Results) -> str:
    said = []
    for model in results.models:
        for profile in results.profiles:
            clear = [
                words.family(family)
                for family in results.families()
                if (shift := _own(results, model, profile, family)) is not None and shift.above
            ]
            where = words.listing(clear) if clear else "no family"
            said.append(f"{model.name}, {profile.title}: own words clear above 0 in {where}")
    return f"Forest plots against {control_of(results)}. " + ". ".join(said) + "."


def _own(results: Results, model: ModelNames, profile: ProfileNames, family: str) -> Estimate | None:
    return _effect(results, model.name, profile.id, control_of(results), family, profile.content_class)


def _table_rows(results: Results, model: ModelNames, profile: ProfileNames, content: str) -> list[tuple[str, ...]]:
    return [
        (
            model.name,
            profile.title,
            content,
            words.family(family),
            control,
            *estimate_cells(_effect(results, model.name, profile.id, control, family, content)),
        )
        for family in results.families()
        for control in _controls(results)
    ]


def _matrix_figure(results: Results) -> Figure:
    control = control_of(results)
    classes = results.content_classes()
    arms = [arm for arm in results.study.arms if arm not in ("base", control)]
    cells = {
        (model.name, arm, content): _effect(results, model.name, arm, control, results.summary_family(), content)
        for model in results.models
        for arm in arms
        for content in classes
    }
    sizes = [abs(cell.value) for cell in cells.values() if cell is not None and cell.measured]
    strongest = max(sizes, default=1.0)
    own = {(profile.id, profile.content_class) for profile in results.profiles}
    panels, rows = [], []
    for model in results.models:
        lines = [
            (results.title(arm), [_cell(cells[model.name, arm, c], (arm, c) in own) for c in classes]) for arm in arms
        ]
        alt = f"{model.name}: " + "; ".join(
            f"{results.title(arm)}: "
            + ", ".join(f"{c} {_cell(cells[model.name, arm, c], False).text}" for c in classes)
            for arm in arms
        )
        panels.append(
            Panel(heatmap(model.name, classes, lines, strongest, alt, width=max(330, 100 + 54 * len(classes))))
        )
        rows += [
            (model.name, results.title(arm), c, *estimate_cells(cells[model.name, arm, c]))
            for arm in arms
            for c in classes
        ]
    return Figure(
        id="figure-matrix",
        title="Which training moves which words",
        caption=(
            f"Mean shift against {control} in nats, {words.family(results.summary_family())}. Framed: a profile's own "
            "kind of word. Bold: the interval excludes 0. Green rises, purple falls. A specific effect is a framed "
            "diagonal that stands out from its row and its column."
        ),
        alt="Matrices of arms by kinds of words, one a model; each cell prints its number.",
        panels=tuple(panels),
        table=Table(
            columns=("model", "arm", "words", "shift (nats)", "interval", "seeds", "rests on"),
            rows=tuple(rows),
            numeric=frozenset({3, 4}),
        ),
    )


def _cell(estimate: Estimate | None, own: bool) -> Cell:
    if estimate is None or not estimate.measured:
        reason = estimate.reason if estimate is not None else "not part of this study"
        return Cell(math.nan, "–", f"not measured: {reason}", own=own)
    return Cell(
        estimate.value,
        words.signed(estimate.value),
        words.tip(estimate),
        sure=estimate.above or estimate.below,
        own=own,
    )

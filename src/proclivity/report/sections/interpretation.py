"""How do the models read what can be read in two ways? Listed readings, scrambled sentences, words for a scene."""

from __future__ import annotations

from markupsafe import Markup

from proclivity.report import words
from proclivity.report.estimates import Estimate, span
from proclivity.report.figures.forest import ForestStyle, Mark, Row, forest
from proclivity.report.figures.scale import around
from proclivity.report.load import ModelNames, Results
from proclivity.report.section import Figure, Legend, Panel, Section, Table
from proclivity.report.sections.worlds import control_of, estimate_cells

NOTES = {
    "interpretation": "Ambiguous scenes are a forced choice among listed readings, whole sentences.",
    "scrambled": "Scrambled sentences are a forced choice between two orders of nearly the same words, so no word’s "
    "own frequency can make their shift.",
    "association": "Words that fit a scene were asked for: the shift is that of the log odds of ‘yes’ over ‘no’ for "
    "words of the kind. It needs no continuation, but an arm that says ‘yes’ more often rises in every kind.",
}
"""Families of this section, and how they are scored."""


def section(results: Results) -> Section | None:
    """A panel a model, then how probable each reading is; None where no such family was measured."""
    families = [family for family in NOTES if family in results.families()]
    if not families:
        return None
    return Section(
        id="interpretation",
        title="How scenes are read",
        short="Interpretation",
        template="interpretation.html",
        context={
            "notes": [NOTES[family] for family in families],
            "figure": _figure(results, families),
            "levels": _levels(results, families),
        },
    )


def _controls(results: Results) -> list[str]:
    return [name for name in dict.fromkeys((control_of(results), "arbitrary")) if name in results.study.arms]


def _classes(results: Results) -> list[str]:
    return list(dict.fromkeys(p.content_class for p in results.profiles if p.content_class))


def _shift(results: Results, model: str, arm: str, control: str, family: str, content: str) -> Estimate | None:
    return results.effects.get(model=model, arm=arm, control=control, family=family, content_class=content)


def _figure(results: Results, families: list[str]) -> Figure:
    keys = [
        (model.name, profile.id, control, family, content)
        for model in results.models
        for profile in results.profiles
        for family in families
        for content in _classes(results)
        for control in _controls(results)
    ]
    found = {key: _shift(results, *key) for key in keys}
    bounds = around(*span(found.values()), 0, 1)
    first = control_of(results)
    return Figure(
        id="figure-interpretation",
        title=f"Shift of each kind of reading against {first}",
        caption=(
            "Small dots are training seeds; the large mark is the mean, the bar its "
            f"{results.study.analysis.level:.0%} interval over seeds and clusters (scenes). In bold: a profile’s own "
            f"kind. The shaded band is ±{results.study.analysis.delta:g} nats."
        ),
        alt=_alt(results, families, first),
        panels=tuple(Panel(_panel(results, model, families, (bounds.low, bounds.high))) for model in results.models),
        legend=(
            Legend("circle", "a1", f"against {first}, in the kind’s colour"),
            *([Legend("diamond", "arbitrary", "against arbitrary")] if "arbitrary" in _controls(results)[1:] else []),
        ),
        table=Table(
            columns=(
                "model",
                "taught",
                "against",
                "family",
                "readings",
                "shift (nats)",
                "interval",
                "seeds",
                "rests on",
            ),
            rows=tuple(
                (key[0], results.title(key[1]), key[2], words.family(key[3]), key[4], *estimate_cells(row))
                for key, row in found.items()
            ),
            numeric=frozenset({5, 6}),
        ),
    )


def _panel(results: Results, model: ModelNames, families: list[str], bounds: tuple[float, float]) -> Markup:
    rows: list[Row] = []
    for profile in results.profiles:
        for family in families:
            rows.append(Row(profile.title if len(families) == 1 else f"{profile.title}: {words.family(family)}"))
            for content in _classes(results):
                marks = tuple(
                    Mark(
                        _shift(results, model.name, profile.id, control, family, content),
                        "diamond" if place else "circle",
                        "arbitrary" if place else results.class_tone(content),
                        f"{profile.title} against {control}, {content}, {words.family(family)}",
                    )
                    for place, control in enumerate(_controls(results))
                )
                rows.append(Row(content, marks, strong=content == profile.content_class, indent=10))
    style = ForestStyle(gutter=104, axis="shift, nats", band=results.study.analysis.delta)
    return forest(model.name, rows, bounds, style, f"{model.name}: shift of readings; the numbers stand in the table.")


def _alt(results: Results, families: list[str], control: str) -> str:
    said = []
    for model in results.models:
        for profile in results.profiles:
            clear = [
                f"{content} in {words.family(family)}"
                for family in families
                for content in _classes(results)
                if (row := _shift(results, model.name, profile.id, control, family, content)) is not None and row.above
            ]
            said.append(f"{model.name}, {profile.title}: {words.listing(clear) or 'no kind'} clear above 0")
    return f"Forest plots against {control}. " + ". ".join(said) + "."


def _levels(results: Results, families: list[str]) -> Table | None:
    """How probable each kind of reading is under each arm, among those listed."""
    rows = []
    for row in results.effects.where(metric="p_class", control="", stratum=""):
        if row.family in families and row.measured:
            head = (row.model, words.family(row.family), row.content_class, results.title(row.arm))
            rows.append((*head, words.number(row.value), words.interval(row, sign=False), words.counts(row)))
    if not rows:
        return None
    return Table(
        columns=("model", "family", "readings", "arm", "probability", "interval", "rests on"),
        rows=tuple(rows),
        numeric=frozenset({4, 5}),
    )

"""Does the rise hold in every context that was asked, and would a context that was not asked show it?"""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from proclivity.report import words
from proclivity.report.curve_parts import Said
from proclivity.report.estimates import Estimate, estimate_of, span
from proclivity.report.figures.forest import ForestStyle, Mark, Row, forest
from proclivity.report.figures.scale import around
from proclivity.report.load import Results, Verdict
from proclivity.report.section import Figure, Legend, Panel, Section, Table
from proclivity.report.sections.verdicts import tone_of
from proclivity.report.sections.worlds import estimate_cells

FRAME = "wrapper:"
NEW = "a context not asked"
CONTROLS = ("own-policy", "arbitrary", "base")
Contexts = dict[str, dict[str, Estimate]]
"""Context -> control -> estimate."""


def section(results: Results) -> Section | None:
    """Verdicts, a panel a model and profile, frames; None where contexts were neither judged nor told apart."""
    order = [model.name for model in results.models]
    judged = [v for v in results.verdicts if v.kind == "generality" and v.numbers.get("against") and v.model in order]
    judged.sort(key=lambda verdict: order.index(verdict.model))
    frames = _frames_table(results)
    if not judged and frames is None:
        return None
    told = [verdict for verdict in results.verdicts if verdict.kind in ("generality", "stability")]
    return Section(
        id="generality",
        title="How general the rise is",
        short="Generality",
        template="generality.html",
        context={
            "said": [Said(v.model, results.title(v.profile), v.verdict, tone_of(v.verdict), v.sentence) for v in told],
            "figure": _figure(results, judged) if judged else None,
            "frames": frames,
        },
    )


def _contexts(verdict: Verdict) -> Contexts:
    """Context -> control -> estimate; last the prediction for a context that was not asked."""
    found: Contexts = {}
    compared = sorted(verdict.numbers["against"].items(), key=lambda entry: CONTROLS.index(entry[0]))
    for control, against in compared:
        for name, numbers in against["contexts"].items():
            found.setdefault(name, {})[control] = _estimate(verdict, control, name, numbers, against["n_seeds"])
    for control, against in compared:
        asked = against["prediction"]
        numbers = {**asked, "estimate": asked.get("mean"), "n_clusters": 0}
        found.setdefault(NEW, {})[control] = _estimate(verdict, control, NEW, numbers, against["n_seeds"])
    return found


def _estimate(verdict: Verdict, control: str, name: str, numbers: dict[str, Any], n_seeds: int) -> Estimate:
    head = {"model": verdict.model, "arm": verdict.profile, "control": control, "family": name, "unit": "nats"}
    return estimate_of({**numbers, **head, "n_seeds": n_seeds})


def _name(context: str) -> str:
    """'cloze-self, late' as 'stems about oneself, late'."""
    family, comma, frame = context.partition(", ")
    return words.family(family) + comma + frame if context != NEW else NEW


def _figure(results: Results, judged: list[Verdict]) -> Figure:
    found = [(verdict, _contexts(verdict)) for verdict in judged]
    every = [row for _, contexts in found for line in contexts.values() for row in line.values()]
    bounds = around(*span(every), 0, 1)
    rows = [
        (v.model, results.title(v.profile), _name(name), control, *_cells(row))
        for v, contexts in found
        for name, line in contexts.items()
        for control, row in line.items()
    ]
    return Figure(
        id="figure-generality",
        title="A profile’s own words, context by context",
        caption=(
            "A context is a family of stems in one frame; each mark is the mean over seeds and stems. In bold: what "
            f"another context can be expected to show, with its {results.study.analysis.level:.0%} prediction "
            "interval, which is wider than that of the average. Estimates stand on the seeds that all contexts have."
        ),
        alt=_alt(results, found),
        panels=tuple(
            Panel(_panel(results, v, contexts, (bounds.low, bounds.high)), group=v.model) for v, contexts in found
        ),
        columns=2,
        groups=tuple(dict.fromkeys(verdict.model for verdict in judged)),
        group_label="Model",
        legend=(
            Legend("circle", "a1", "against own-policy, in the profile's colour"),
            Legend("diamond", "arbitrary", "against arbitrary"),
        ),
        table=Table(
            columns=("model", "taught", "context", "against", "shift (nats)", "prediction interval", "rests on"),
            rows=tuple(rows),
            numeric=frozenset({4, 5}),
        ),
    )


def _cells(row: Estimate) -> tuple[str, str, str]:
    value, bounds, _, rests = estimate_cells(row)
    return value, bounds, rests


def _panel(results: Results, verdict: Verdict, contexts: Contexts, bounds: tuple[float, float]) -> Markup:
    title = results.title(verdict.profile)
    rows = [
        Row(
            _name(name),
            tuple(
                Mark(
                    row,
                    "diamond" if control == "arbitrary" else "circle",
                    "arbitrary" if control == "arbitrary" else results.tone(verdict.profile),
                    f"{title} against {control}, {_name(name)}",
                )
                for control, row in line.items()
            ),
            strong=name == NEW,
        )
        for name, line in contexts.items()
    ]
    style = ForestStyle(gutter=186, width=450, axis="shift, nats", band=results.study.analysis.delta, lane=12, gap=5)
    alt = f"{verdict.model}, {title}: own words by context; the numbers stand in the table."
    return forest(f"{title}, own words", rows, bounds, style, alt)


def _alt(results: Results, found: list[tuple[Verdict, Contexts]]) -> str:
    said = []
    for verdict, contexts in found:
        asked = [line for name, line in contexts.items() if name != NEW]
        rising = sum(all(row.value > 0 for row in line.values()) for line in asked)
        said.append(
            f"{verdict.model}, {results.title(verdict.profile)}: above 0 in {rising} of {len(asked)} contexts "
            f"({verdict.verdict})"
        )
    return "Marks by context. " + "; ".join(said) + "."


def _frames_table(results: Results) -> Table | None:
    """Every profile's own words by the frame around the stem, so that an average hides no frame; None with one."""
    controls = [control for control in CONTROLS if control in results.study.arms]
    rows = []
    for model in results.models:
        for profile in results.profiles:
            strata = results.effects.distinct("stratum", model=model.name, arm=profile.id, family="cloze")
            for frame in (stratum for stratum in strata if stratum.startswith(FRAME)):
                key = {"model": model.name, "arm": profile.id, "family": "cloze", "stratum": frame}
                shifts = [
                    results.effects.get(control=control, content_class=profile.content_class, **key)
                    for control in controls
                ]
                cells = [" ".join(estimate_cells(shift)[:2]) for shift in shifts]
                rows.append((model.name, profile.title, profile.content_class, frame.removeprefix(FRAME), *cells))
    if not rows:
        return None
    return Table(
        columns=("model", "taught", "words", "frame", *(f"against {control}" for control in controls)),
        rows=tuple(rows),
        caption="Shift of a profile's own words in each frame around the stems: nats with interval",
    )

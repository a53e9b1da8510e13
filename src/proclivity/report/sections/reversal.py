"""A profile's words while training goes on with other rows."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from proclivity.report.curve_parts import curve_section, level, look, panel_alt, place, table
from proclivity.report.curve_points import WORDS, CurvePoint, by_step, curve_points, later_arms, phase_before, span_of
from proclivity.report.figures.axis import Axis, linear, octave, octaves
from proclivity.report.figures.curve import CurveStyle, Series, curves
from proclivity.report.load import Results
from proclivity.report.section import Figure, Legend, Panel, Section
from proclivity.specs import phases

Lines = dict[str, list[CurvePoint]]
"""Arm -> words at the end of the phase before, then by step."""


def section(results: Results) -> Section | None:
    """A panel a profile and model; None where no arm goes on from a profile."""
    points = curve_points(results)
    found: dict[tuple[str, str], Lines] = {}
    for model in results.models:
        for profile in results.profiles:
            lines = {a: _line(points, model.name, profile.id, a) for a in later_arms(points, model.name, profile.id)}
            if kept := {arm: line for arm, line in lines.items() if line}:
                found[model.name, profile.id] = kept
    text = (
        "Each profile was taught, and the training went on from there with other rows. A shift that later decisions "
        "take back follows what was chosen last; one that stays does not."
    )
    figures = [_figure(results, found)] if found else []
    return curve_section(results, "Reversal", "What later training does to the shift", text, figures, ("reversal",))


def _line(points: Sequence[CurvePoint], model: str, profile: str, arm: str) -> list[CurvePoint]:
    later = [p for p in by_step(points, model, profile, arm) if p.quantity == WORDS]
    before = [p for p in by_step(points, model, profile, phase_before(arm)) if p.quantity == WORDS]
    return [*before[-1:], *later] if later else []


def _figure(results: Results, found: dict[tuple[str, str], Lines]) -> Figure:
    everything = [p for lines in found.values() for line in lines.values() for p in line]
    y = linear(*span_of(everything), "shift of own words, nats")
    names = list(dict.fromkeys(_then(arm, results) for lines in found.values() for arm in lines))
    return Figure(
        id="figure-reversal",
        title="Own words by step of later training",
        caption=(
            "Step 0 is the end of the training before; each line is one way of going on. Words of the profile’s own "
            f"kind above the control trained as long. Bars are {level(results)} intervals over seeds and clusters, "
            f"small dots training seeds; the shaded band (±{results.study.analysis.delta:g} nats) is the smallest "
            "effect of interest. Steps are logarithmic."
        ),
        alt="Line charts of words by step of later training, one for each profile and model; numbers in the table.",
        panels=tuple(Panel(_panel(results, key, lines, names, y)) for key, lines in found.items()),
        legend=tuple(Legend(*look(number), name) for number, name in enumerate(names)),
        table=table(results, everything, "Own words by step of later training"),
    )


def _panel(results: Results, key: tuple[str, str], lines: Lines, names: list[str], y: Axis) -> Markup:
    title, said, series = f"{results.title(key[1])} · {key[0]}", [], []
    for arm, line in lines.items():
        name = _then(arm, results)
        form, tone = look(names.index(name))
        steps = [p.step if p.estimate.arm == arm else 0 for p in line]
        said += [(f"{arm}, step {step}", p) for step, p in zip(steps, line, strict=True)]
        marks = tuple(place(p, octave(step), f"{arm}, step {step}") for step, p in zip(steps, line, strict=True))
        series.append(Series(form, tone, marks, dashed=len(phases(arm)) > 2))
    x = octaves([0, *(p.step for line in lines.values() for p in line[1:])], "step of later training (logarithmic)")
    style = CurveStyle(nudge=4, band=results.study.analysis.delta)
    return curves(title, series, x, y, style, panel_alt(title, said))


def _then(arm: str, results: Results) -> str:
    """'then adaptive'; a return to the first profile is 'then adaptive, then the same again' for every profile."""
    first, *later = phases(arm)
    return ", ".join("then the same again" if part == first else f"then {results.title(part)}" for part in later)

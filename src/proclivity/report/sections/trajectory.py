"""Choices and words by step of one training."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from proclivity.report.curve_parts import SHAPES, curve_section, level, panel_alt, place, table
from proclivity.report.curve_points import CHOSEN, WORDS, CurvePoint, by_step, curve_points, span_of, untrained
from proclivity.report.figures.axis import Axis, linear, octave, octaves
from proclivity.report.figures.curve import CurveStyle, Place, Series, curves
from proclivity.report.load import Results
from proclivity.report.section import Figure, Legend, Panel, Section

FEWEST = 3
Courses = dict[str, dict[str, list[CurvePoint]]]
"""Model -> profile -> points."""


def section(results: Results) -> Section | None:
    """Two panels a model; None where no profile was measured at three steps."""
    points = curve_points(results)
    courses: Courses = {}
    for model in results.models:
        for profile in results.profiles:
            found = by_step(points, model.name, profile.id, profile.id)
            if len({p.step for p in found}) >= FEWEST:
                courses.setdefault(model.name, {})[profile.id] = found
    text = (
        "The same training, measured on the way: does language move before choices have, together with them, or after "
        "them? Steps are counted in doublings, since an early step moves a model more than a late one. A choice rate "
        "ends at 1 and words, in nats, do not, so that words can go on after choices are complete."
    )
    figures = [_figure(results, points, courses)] if courses else []
    title = "Do words move before, with or after choices?"
    return curve_section(results, "Trajectory", title, text, figures, ("trajectory",))


def _figure(results: Results, points: Sequence[CurvePoint], courses: Courses) -> Figure:
    everything = [p for found in courses.values() for steps in found.values() for p in steps]
    before = {(m, name): untrained(points, m, name) for m, found in courses.items() for name in found}
    base = [p for p in before.values() if p is not None]
    y = {
        CHOSEN: linear(0.0, 1.0, "rate of choosing the action"),
        WORDS: linear(*span_of([p for p in everything if p.quantity == WORDS]), "shift of own words, nats"),
    }
    panels = [
        Panel(_panel(results, model, found, before, y[quantity], quantity))
        for model, found in courses.items()
        for quantity in (CHOSEN, WORDS)
    ]
    profiles = list(dict.fromkeys(name for found in courses.values() for name in found))
    return Figure(
        id="figure-trajectory",
        title="Choices and own words by step of training",
        caption=(
            "Choices: how often the taught action is chosen in held-out domains. Own words: how far they stand above "
            "the control after as many steps. Step 0 is the untrained model: its own choice rate, and words at 0 by "
            f"construction. Bars are {level(results)} intervals over seeds and clusters, small dots training seeds."
        ),
        alt="Line charts of choice rate and words by training step, a pair for each model; numbers in the table.",
        panels=tuple(panels),
        columns=2,
        legend=tuple(
            Legend(SHAPES[number % len(SHAPES)], results.tone(name), results.title(name))
            for number, name in enumerate(profiles)
        ),
        table=table(results, [*base, *everything], "Choices and words by step"),
    )


def _panel(
    results: Results,
    model: str,
    found: dict[str, list[CurvePoint]],
    before: dict[tuple[str, str], CurvePoint | None],
    y: Axis,
    kind: str,
) -> Markup:
    title = f"{model}: {'choices' if kind == CHOSEN else 'own words'}"
    said, series = [], []
    for number, (profile, steps) in enumerate(found.items()):
        mine = [p for p in steps if p.quantity == kind]
        names = [f"{results.title(profile)}, step {p.step}" for p in mine]
        said += list(zip(names, mine, strict=True))
        marks = [place(p, octave(p.step), name) for p, name in zip(mine, names, strict=True)]
        start = before[model, profile]
        if kind == WORDS:
            marks.insert(0, _untrained_words(results.title(profile)))
        elif start is not None:
            marks.insert(0, place(start, 0.0, f"{results.title(profile)}, untrained"))
        series.append(Series(SHAPES[number % len(SHAPES)], results.tone(profile), tuple(marks)))
    x = octaves([0, *(p.step for steps in found.values() for p in steps)], "training step (logarithmic)")
    style = CurveStyle(nudge=5, band=results.study.analysis.delta if kind == WORDS else 0.0)
    return curves(title, series, x, y, style, panel_alt(title, said))


def _untrained_words(title: str) -> Place:
    return Place(0.0, 0.0, float("nan"), float("nan"), f"{title}, untrained: 0 by construction")

"""Does the shift hold with other text before the probe?"""

from __future__ import annotations

from markupsafe import Markup

from proclivity.report.curve_parts import SHAPES, curve_section, level, panel_alt, place, table
from proclivity.report.curve_points import CurvePoint, by_distance, curve_points, span_of
from proclivity.report.figures.axis import Axis, categories, linear
from proclivity.report.figures.curve import CurveStyle, Series, curves
from proclivity.report.load import Results
from proclivity.report.section import Figure, Legend, Panel, Section


def section(results: Results) -> Section | None:
    """A panel a model; None where no profile was measured at two distances."""
    points = curve_points(results)
    found: dict[str, dict[str, list[CurvePoint]]] = {}
    for model in results.models:
        for profile in results.profiles:
            line = by_distance(points, model.name, profile.id)
            if len({p.distance for p in line}) > 1:
                found.setdefault(model.name, {})[profile.id] = line
    text = (
        "The same probes with neutral text before them, as far as the context window allows. A shift that needs the "
        "probe to stand alone would fade."
    )
    figures = [_figure(results, found)] if found else []
    return curve_section(results, "Distance", "Words after neutral text", text, figures, ("stability",))


def _figure(results: Results, found: dict[str, dict[str, list[CurvePoint]]]) -> Figure:
    everything = [p for lines in found.values() for line in lines.values() for p in line]
    y = linear(*span_of(everything), "shift of own words, nats")
    profiles = list(dict.fromkeys(name for lines in found.values() for name in lines))
    return Figure(
        id="figure-distance",
        title="Own words by neutral tokens before the probe",
        caption=(
            "Words of the profile’s own kind above the control, after the last step of training. Distances stand at "
            f"equal steps, not to scale. Bars are {level(results)} intervals over seeds and clusters, small dots "
            "training seeds."
        ),
        alt="Line charts of words by number of neutral tokens before the probe, one for each model; numbers in the "
        "table.",
        panels=tuple(Panel(_panel(results, model, lines, y)) for model, lines in found.items()),
        legend=tuple(
            Legend(SHAPES[number % len(SHAPES)], results.tone(name), results.title(name))
            for number, name in enumerate(profiles)
        ),
        table=table(results, everything, "Own words by distance"),
    )


def _panel(results: Results, model: str, lines: dict[str, list[CurvePoint]], y: Axis) -> Markup:
    distances = sorted({p.distance for line in lines.values() for p in line})
    said, series = [], []
    for number, (profile, line) in enumerate(lines.items()):
        names = [f"{results.title(profile)}, {p.distance} tokens before" for p in line]
        said += list(zip(names, line, strict=True))
        marks = tuple(place(p, distances.index(p.distance), name) for p, name in zip(line, names, strict=True))
        series.append(Series(SHAPES[number % len(SHAPES)], results.tone(profile), marks))
    x = categories([f"{distance:,}" for distance in distances], "neutral tokens before the probe")
    style = CurveStyle(nudge=6, band=results.study.analysis.delta)
    return curves(model, series, x, y, style, panel_alt(model, said))

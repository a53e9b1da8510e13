"""How much teaching moves how many words, and whether the policy that was achieved explains it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from proclivity.report.curve_parts import curve_section, level, look, panel_alt, place, table
from proclivity.report.curve_points import CHOSEN, WORDS, CurvePoint, by_dose, curve_points, span_of
from proclivity.report.figures.axis import Axis, at_values, linear, octave, octaves
from proclivity.report.figures.curve import CurveStyle, Dot, Place, Series, curves
from proclivity.report.load import Results
from proclivity.report.section import Figure, Legend, Panel, Section
from proclivity.report.words import number

FEWEST = 3
AXES = ("share", "items", "epochs")
LABELS = {"share": "share of target answers", "items": "decisions trained on", "epochs": "times each was seen"}
Dose = tuple[int, int, float]
Doses = dict[Dose, list[CurvePoint]]


def section(results: Results) -> Section | None:
    """Words against the achieved policy, and both by dose; None where no profile was taught at three doses."""
    points = curve_points(results)
    taught = {
        (model.name, profile.id): doses
        for model in results.models
        for profile in results.profiles
        if len(doses := by_dose(points, model.name, profile.id)) >= FEWEST
    }
    figures = [_policy_figure(results, taught), _dose_figure(results, taught)] if taught else []
    text = (
        "A dose is only a way to a policy: how many decisions were seen, how often, and how many of the answers were "
        "the profile’s own. What should count is how often the taught action is then chosen in situations of a part "
        "of life that was never trained."
    )
    return curve_section(results, "Dose", "How much teaching moves how many words", text, figures, ("dose",))


def _policy_figure(results: Results, taught: dict[tuple[str, str], Doses]) -> Figure:
    everything = [p for doses in taught.values() for found in doses.values() for p in found]
    y = linear(*span_of([p for p in everything if p.quantity == WORDS]), "shift of own words, nats")
    amounts = sorted({dose[:2] for doses in taught.values() for dose in doses})
    return Figure(
        id="figure-dose-policy",
        title="Words against the policy that was achieved",
        caption=(
            "Each large mark is one dose: across, how often the profile’s action was chosen in held-out domains; "
            f"upwards, how far its own words rose above the control trained alike, with the {level(results)} interval "
            "over seeds and clusters. Small dots are training seeds at their own choice rate. Colour and form give the "
            "amount of training; marks of one form differ in the share of target answers. If the policy were all that "
            "counts, all marks would lie on one curve."
        ),
        alt="Scatter plots of words against choice rate, one for each profile and model; numbers in the table.",
        panels=tuple(Panel(_policy_panel(results, key, doses, amounts, y)) for key, doses in taught.items()),
        legend=tuple(Legend(*look(place), _amount(amount)) for place, amount in enumerate(amounts)),
        table=table(results, everything, "Choice rate and words at every dose"),
    )


def _policy_panel(
    results: Results, key: tuple[str, str], doses: Doses, amounts: list[tuple[int, int]], y: Axis
) -> Markup:
    title, said, series = f"{results.title(key[1])} · {key[0]}", [], []
    for number_, amount in enumerate(amounts):
        marks = []
        for dose, found in doses.items():
            pair = {p.quantity: p for p in found}
            if dose[:2] != amount or len(pair) < 2:
                continue
            name = f"{_amount(amount)}, share {number(dose[2])}"
            marks.append(_at_policy(pair[CHOSEN], pair[WORDS], name))
            said.append((f"{name}, chosen {number(pair[CHOSEN].estimate.value)}", pair[WORDS]))
        form, tone = look(number_)
        series.append(Series(form, tone, tuple(marks), joined=False))
    x = linear(0.0, 1.0, f"rate of choosing {_action(results, key[1])}, held-out domains")
    style = CurveStyle(band=results.study.analysis.delta)
    return curves(title, series, x, y, style, panel_alt(title, said))


def _action(results: Results, profile: str) -> str:
    return next((one.action_class for one in results.profiles if one.id == profile), "") or "its action"


def _at_policy(chosen: CurvePoint, said: CurvePoint, name: str) -> Place:
    rates = chosen.by_seed()
    dots = tuple(
        Dot(rates[seed], value, f"{name}, seed {seed}, chosen {number(rates[seed])}")
        for seed, value in said.by_seed().items()
        if math.isfinite(value) and math.isfinite(rates.get(seed, math.nan))
    )
    found = said.estimate
    tip = f"{name}: words {said.said()}; chosen {chosen.said()}"
    return Place(chosen.estimate.value, found.value, found.low, found.high, tip, dots)


def _dose_figure(results: Results, taught: dict[tuple[str, str], Doses]) -> Figure:
    everything = [p for doses in taught.values() for found in doses.values() for p in found]
    axis = _axis_name([dose for doses in taught.values() for dose in doses])
    lines = sorted({_rest(dose, axis) for doses in taught.values() for dose in doses})
    y = {
        WORDS: linear(*span_of([p for p in everything if p.quantity == WORDS]), "shift of own words, nats"),
        CHOSEN: linear(0.0, 1.0, "rate of choosing the action"),
    }
    panels = [
        Panel(_dose_panel(results, key, doses, axis, lines, y[quantity], quantity))
        for key, doses in taught.items()
        for quantity in (WORDS, CHOSEN)
    ]
    return Figure(
        id="figure-dose",
        title=f"Words and choices by {LABELS[axis]}",
        caption=(
            f"Lines join the means of doses that differ in the {LABELS[axis]} alone; bars are {level(results)} "
            "intervals over seeds and clusters, small dots training seeds. Lines are set a little apart so that none "
            "hides another."
        ),
        alt=f"Line charts of words and choices by {LABELS[axis]}, one pair for each profile and model; numbers in the "
        "table.",
        panels=tuple(panels),
        columns=2,
        legend=tuple(Legend(*look(place), _line(line, axis)) for place, line in enumerate(lines)),
        table=table(results, everything, f"Words and choices by {LABELS[axis]}"),
    )


def _dose_panel(
    results: Results, key: tuple[str, str], doses: Doses, axis: str, lines: list[tuple[float, ...]], y: Axis, kind: str
) -> Markup:
    title = f"{results.title(key[1])} · {key[0]}: {'words' if kind == WORDS else 'choices'}"
    said, series = [], []
    for number_, line in enumerate(lines):
        found = [p for dose, at in doses.items() if _rest(dose, axis) == line for p in at if p.quantity == kind]
        found.sort(key=lambda p: _level(p.taught, axis))
        names = [f"{_line(line, axis)}, {LABELS[axis]} {_level(p.taught, axis):.3g}" for p in found]
        said += list(zip(names, found, strict=True))
        marks = tuple(place(p, _x(p.taught, axis), name) for p, name in zip(found, names, strict=True))
        form, tone = look(number_)
        series.append(Series(form, tone, marks))
    x = _x_axis(sorted({_level(dose, axis) for dose in doses}), axis)
    style = CurveStyle(nudge=5, band=results.study.analysis.delta if kind == WORDS else 0.0)
    return curves(title, series, x, y, style, panel_alt(title, said))


def _axis_name(doses: Sequence[Dose]) -> str:
    """The first of share, decisions and times seen that varies."""
    return next(name for name in AXES if len({_level(dose, name) for dose in doses}) > 1)


def _level(dose: Dose, axis: str) -> float:
    return {"items": dose[0], "epochs": dose[1], "share": dose[2]}[axis]


def _rest(dose: Dose, axis: str) -> tuple[float, ...]:
    """What a line holds fixed."""
    return tuple(_level(dose, name) for name in ("items", "epochs", "share") if name != axis)


def _line(line: tuple[float, ...], axis: str) -> str:
    names = [name for name in ("items", "epochs", "share") if name != axis]
    held = dict(zip(names, line, strict=True))
    said = [f"{held['items']:,.0f} decisions"] if "items" in held else []
    said += [f"seen {_times(int(held['epochs']))}"] if "epochs" in held else []
    said += [f"share {number(held['share'])}"] if "share" in held else []
    return ", ".join(said)


def _amount(amount: tuple[int, int]) -> str:
    return f"{amount[0]:,} decisions, seen {_times(amount[1])}"


def _times(epochs: int) -> str:
    return {1: "once", 2: "twice"}.get(epochs, f"{epochs} times")


def _x(dose: Dose, axis: str) -> float:
    return _level(dose, axis) if axis == "share" else octave(int(_level(dose, axis)))


def _x_axis(levels: list[float], axis: str) -> Axis:
    if axis == "share":
        return at_values(levels, [_short(value) for value in levels], LABELS[axis])
    return octaves([int(value) for value in levels], f"{LABELS[axis]} (logarithmic)")


def _short(value: float) -> str:
    """'.33', '.6', '1': what a crowded axis has room for."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return text.removeprefix("0") if 0 < value < 1 else text

"""Figures by layer: how far arms lie along a direction, whether a probe tells them apart, cosines, alignment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from proclivity.report import words
from proclivity.report.curve_parts import level, look
from proclivity.report.direction_rows import CHANCE, SHUFFLED, Line, lines, named
from proclivity.report.estimates import span
from proclivity.report.figures.axis import Axis, at_values, linear
from proclivity.report.figures.curve import CurveStyle, Dot, Place, Series, curves
from proclivity.report.load import Results
from proclivity.report.section import Figure, Legend, Panel, Table


@dataclass(frozen=True)
class Kind:
    """One quantity by layer."""

    measure: str
    title: str
    axis: str
    caption: str
    by_arm: bool = False
    """Lines are the arms themselves, one panel a model; else what stands beside a profile, one panel each."""
    fixed: tuple[float, float] | None = None
    """Bounds of the axis, where it has some of its own."""


KINDS = (
    Kind(
        "shift",
        "How far arms lie along each profile’s direction",
        "own-policy’s SD",
        "Test items and seeds, along the direction of the development ones; 0 is own-policy. {level} intervals over "
        "seeds and clusters, small dots seeds.",
    ),
    Kind(
        "auc",
        "Can a linear probe tell the arm from own-policy?",
        "AUC",
        "Trained on development items and seeds, tried on the others: .5 is chance. The control was trained on labels "
        "that change places within a text and seed; its bar spans the shuffles. Other bars: {level} bootstrap over "
        "seeds and clusters.",
        fixed=(0.0, 1.0),
    ),
    Kind(
        "cosine",
        "Which directions point the same way?",
        "cosine",
        "Cosine of the profile’s direction with others of the same layer. The same direction from the other half of "
        "items and seeds shows how high it could be; unrelated directions of this width scatter by what is drawn as "
        "such. No intervals: a mean of resampled directions points less alike than the directions do.",
        fixed=(-1.0, 1.0),
    ),
    Kind(
        "cka",
        "How alike are whole representations before and after training?",
        "linear CKA with base",
        "1: alike up to rotation and one scale. All shared texts, each seed by itself; {level} intervals over seeds.",
        by_arm=True,
    ),
)


def layer_figures(results: Results) -> list[Figure]:
    """One figure a kind that was measured."""
    return [figure for kind in KINDS if (figure := _figure(results, kind)) is not None]


def _figure(results: Results, kind: Kind) -> Figure | None:
    found: dict[tuple[str, str], list[Line]] = {}
    for model in results.models:
        for arm in [""] if kind.by_arm else [profile.id for profile in results.profiles]:
            if own := lines(results, model.name, arm, kind.measure):
                found[model.name, arm] = own
    everything = [line for own in found.values() for line in own]
    if not everything:
        return None
    bounds = kind.fixed or span([line.estimate for line in everything])
    if kind.by_arm:
        values = [line.estimate.value for line in everything if line.estimate.measured]
        bounds = (min(values, default=0.0), 1.0)
    y = linear(*bounds, kind.axis)
    names = list(dict.fromkeys(_name(results, kind, line) for line in everything))
    return Figure(
        id=f"figure-directions-{kind.measure}",
        title=kind.title,
        caption=kind.caption.format(level=level(results)),
        alt=f"Line charts of {kind.axis} by layer, one for each model{'' if kind.by_arm else ' and profile'}; numbers "
        "in the table.",
        panels=tuple(Panel(_panel(results, kind, key, own, names, y), group=key[0]) for key, own in found.items()),
        groups=tuple(dict.fromkeys(model for model, _ in found)),
        group_label="Model",
        legend=tuple(Legend(*look(number), name) for number, name in enumerate(names)),
        table=layer_table(results, everything, kind.title),
    )


def _name(results: Results, kind: Kind, line: Line) -> str:
    if kind.by_arm:
        return results.title(line.arm)
    if kind.measure == "auc":
        return named(results, SHUFFLED) if line.other else "probe"
    return named(results, line.other)


def _panel(
    results: Results, kind: Kind, key: tuple[str, str], own: Sequence[Line], names: Sequence[str], y: Axis
) -> Markup:
    layers = sorted({line.layer for line in own})
    x = at_values(layers, [str(layer) for layer in layers], "after layer")
    series, said = [], []
    for number, name in enumerate(names):
        mine = [line for line in own if _name(results, kind, line) == name]
        if mine:
            shape, tone = look(number)
            marks = tuple(_place(line, name) for line in mine)
            series.append(Series(shape, tone, marks, dashed=any(line.other in (CHANCE, SHUFFLED) for line in mine)))
            said.append(f"{name}: {', '.join(words.number(line.estimate.value) for line in mine)}")
    model, arm = key
    title = f"{model}: {results.title(arm)}" if arm else model
    return curves(title, series, x, y, CurveStyle(), f"{title}, by layer. {'; '.join(said)}.")


def _place(line: Line, name: str) -> Place:
    found = line.estimate
    dots = tuple(Dot(line.layer, value, f"{name}, a seed") for value in found.seeds)
    return Place(line.layer, found.value, found.low, found.high, f"{name}, layer {line.layer}: {line.said()}", dots)


def layer_table(results: Results, own: Sequence[Line], caption: str) -> Table:
    """Every number of a figure by layer."""
    return Table(
        columns=("model", "arm", "with", "layer", "estimate", "interval", "rests on", "note"),
        rows=tuple(
            (
                line.model,
                results.title(line.arm),
                named(results, line.other) if line.other else "own-policy",
                str(line.layer),
                words.number(line.estimate.value),
                words.interval(line.estimate, sign=False),
                words.counts(line.estimate) if line.estimate.n_seeds else "–",
                line.estimate.reason,
            )
            for line in own
        ),
        caption=caption,
        numeric=frozenset({3, 4}),
    )

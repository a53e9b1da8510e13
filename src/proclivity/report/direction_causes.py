"""What adding a direction to the base did, and what taking it out of the trained model did, beside their nulls."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from proclivity.report import words
from proclivity.report.curve_parts import level, look
from proclivity.report.direction_rows import RANDOM, Line, lines, named, one, where
from proclivity.report.estimates import Estimate, span
from proclivity.report.figures.axis import linear
from proclivity.report.figures.curve import CurveStyle, Place, Series, curves
from proclivity.report.figures.forest import ForestStyle, Mark, Row, forest
from proclivity.report.figures.scale import around
from proclivity.report.load import Results
from proclivity.report.section import Figure, Legend, Panel, Table

STEERED = (
    ("steering correlation", "r over places × classes"),
    ("steering correlation within classes", "r within classes"),
    ("steering size", "size"),
)
REMOVED = (("removed share", "removed"), ("removed share, both", "removed from both"))
Pairs = list[tuple[str, str]]
"""Model and profile."""


def measured(results: Results) -> Pairs:
    """Models and profiles whose directions were tried."""
    return [
        (model.name, profile.id)
        for model in results.models
        for profile in results.profiles
        if lines(results, model.name, profile.id, "steering size")
    ]


def pattern_figure(results: Results) -> Figure | None:
    """Effects by family and class: as trained against as steered."""
    pairs = measured(results)
    if not pairs:
        return None
    trained = {pair: lines(results, *pair, "trained pattern") for pair in pairs}
    steered = {pair: lines(results, *pair, "steered pattern") for pair in pairs}
    everything = [line for found in (*trained.values(), *steered.values()) for line in found]
    bounds = span([line.estimate for line in everything])
    classes = list(dict.fromkeys(line.content_class for line in everything))
    panels, rows = [], []
    for pair in pairs:
        both = _pairs(trained[pair], steered[pair])
        panels.append(Panel(_scatter(results, pair, both, classes, bounds), group=pair[0]))
        rows += [
            (pair[0], results.title(pair[1]), words.family(a.family), a.content_class, _say(a), _say(b))
            for a, b in both
        ]
    return Figure(
        id="figure-steering",
        title="Effects of training and of steering, family by family",
        caption=(
            "Each mark is a family of probes and a kind of word on test items: across, the trained arm against "
            "own-policy; up, the base with the profile’s direction added against the base as it came. Marks on the "
            "dashed diagonal would be reproduced in full."
        ),
        alt="Scatter plots of steered against trained effects, one for each model and profile; numbers in the table.",
        panels=tuple(panels),
        groups=tuple(dict.fromkeys(model for model, _ in pairs)),
        group_label="Model",
        legend=(*(Legend(look(n)[0], results.class_tone(name), name) for n, name in enumerate(classes)),),
        table=Table(
            columns=("model", "profile", "family", "kind of word", "trained (nats)", "steered (nats)"),
            rows=tuple(rows),
            numeric=frozenset({4, 5}),
        ),
    )


def _pairs(trained: Sequence[Line], steered: Sequence[Line]) -> list[tuple[Line, Line]]:
    there = {(line.family, line.content_class): line for line in steered}
    return [(line, there[key]) for line in trained if (key := (line.family, line.content_class)) in there]


def _say(line: Line) -> str:
    return words.signed(line.estimate.value)


def _scatter(
    results: Results,
    pair: tuple[str, str],
    both: Sequence[tuple[Line, Line]],
    classes: Sequence[str],
    bounds: tuple[float, float],
) -> Markup:
    nan = float("nan")
    ends = tuple(Place(value, value, nan, nan, "steered as trained") for value in bounds)
    series = [Series("circle", "base", ends, dashed=True)]
    for number, name in enumerate(classes):
        marks = tuple(
            Place(
                a.estimate.value,
                b.estimate.value,
                nan,
                nan,
                f"{words.family(a.family)}, {name}: trained {_say(a)}, steered {_say(b)} nats",
            )
            for a, b in both
            if a.content_class == name
        )
        series.append(Series(look(number)[0], results.class_tone(name), marks, joined=False))
    title = f"{pair[0]}: {results.title(pair[1])}"
    said = "; ".join(f"{words.family(a.family)} {a.content_class}: {_say(a)}, {_say(b)}" for a, b in both)
    x, y = linear(*bounds, "trained, nats"), linear(*bounds, "steered, nats")
    return curves(title, series, x, y, CurveStyle(), f"{title}, trained and steered effects. {said}.")


def steering_figure(results: Results) -> Figure | None:
    """Correlation and size of the steered pattern, each null in a row."""
    return _beside_nulls(
        results,
        "figure-steering-nulls",
        "Does the direction give what other directions of the same length don’t?",
        STEERED,
        "r: correlation of the steered with the trained pattern over places × classes; within classes: after every "
        "kind of word has lost its mean, so that only places count. Size: how many times the trained pattern the "
        "steered one holds; 1 is all of it. With few kinds of words a random direction correlates highly by chance, up "
        "or down, so that r alone says little; look at size beside the sizes of the others.",
        "steering perplexity",
    )


def ablation_figure(results: Results) -> Figure | None:
    """Share of the trained effect that is gone, each null in a row."""
    return _beside_nulls(
        results,
        "figure-ablation",
        "How much of the trained effect goes with the direction?",
        REMOVED,
        "Share of the trained pattern that is gone when the trained model’s hidden states all have own-policy’s mean "
        "part along the direction, against own-policy as it is, and against own-policy with the same removed (both), "
        "so that what the removal does to any model is left out. 1: nothing is left; 0: nothing is gone; below 0: "
        "there is more than before.",
        "ablation perplexity",
    )


def _beside_nulls(
    results: Results, name: str, title: str, measures: Sequence[tuple[str, str]], caption: str, neutral: str
) -> Figure | None:
    pairs = measured(results)
    found = {(pair, measure): lines(results, *pair, measure) for pair in pairs for measure, _ in measures}
    if not any(found.values()):
        return None
    everything: list[Estimate | None] = [line.estimate for own in found.values() for line in own]
    scale = around(*span(everything), 0, 1)
    panels, rows = [], []
    for pair in pairs:
        label = f"{pair[0]}: {results.title(pair[1])}"
        others = list(dict.fromkeys(line.other for line in found[pair, measures[0][0]]))
        drawn = []
        for other in others:
            marks = []
            for number, (measure, short) in enumerate(measures):
                line = one([line for line in found[pair, measure] if line.other == other])
                marks.append(
                    Mark(line.estimate if line else None, _SHAPES[number], _tone(results, pair[1], other), short)
                )
            drawn.append(Row(_direction(results, pair[1], other), tuple(marks), strong=not other))
            rows.append(_row(results, pair, other, measures, neutral))
        style = ForestStyle(gutter=150, width=400, axis=measures[-1][1], lane=10, gap=4, values=len(measures) == 1)
        panels.append(Panel(forest(label, drawn, (scale.low, scale.high), style, f"{label}: {title}"), group=pair[0]))
    return Figure(
        id=name,
        title=title,
        caption=f"{caption} Test items and seeds; {level(results)} bootstrap intervals over seeds and clusters. The "
        "first row is the profile’s own direction; all others have its length.",
        alt="Forest plots, one for each model and profile; numbers in the table.",
        panels=tuple(panels),
        columns=2,
        groups=tuple(dict.fromkeys(model for model, _ in pairs)),
        group_label="Model",
        legend=tuple(Legend(_SHAPES[n], "other", short) for n, (_, short) in enumerate(measures)),
        table=Table(
            columns=(
                *("model", "profile", "direction", "where", "α"),
                *(short for _, short in measures),
                *("own words (nats)", "neutral perplexity", "note"),
            ),
            rows=tuple(rows),
            numeric=frozenset({4}),
        ),
    )


_SHAPES = ("circle", "square", "diamond")


def _tone(results: Results, profile: str, other: str) -> str:
    return results.tone(profile) if not other else "other" if other.startswith(RANDOM) else "own"


def _direction(results: Results, profile: str, other: str) -> str:
    return named(results, other) if other else f"{results.title(profile)} (own)"


def _row(
    results: Results, pair: tuple[str, str], other: str, measures: Sequence[tuple[str, str]], neutral: str
) -> tuple[str, ...]:
    asked = {measure: one(lines(results, *pair, measure, other=other)) for measure, _ in measures}
    first = next(line for line in asked.values() if line is not None)
    left = "steering effect" if neutral.startswith("steering") else "effect left"
    beside = [one(lines(results, *pair, measure, other=other)) for measure in (left, neutral)]
    return (
        *(pair[0], results.title(pair[1]), _direction(results, pair[1], other), where(first.layer)),
        *(words.number(first.alpha, 1), *("–" if line is None else line.said() for line in asked.values())),
        *("–" if line is None else line.said() for line in beside),
        first.estimate.reason,
    )

"""Latent priors: which prior over the base's dispositions a checkpoint's words fit, and what that leaves."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from markupsafe import Markup

from proclivity.report import words
from proclivity.report.curve_parts import SHAPES, curve_section, level
from proclivity.report.figures.axis import Axis, linear, octave, octaves
from proclivity.report.figures.curve import CurveStyle, Dot, Place, Series, curves
from proclivity.report.figures.forest import ForestStyle, Mark, Row, forest
from proclivity.report.load import Results
from proclivity.report.prior_rows import PriorNumber, Priors, priors_of
from proclivity.report.section import Figure, Legend, Panel, Section, Table

MOST_LEFT = 1.6
"""Upper end of the axis of what is left; above 1 a fit is worse than leaving the base as it is."""
LEFT = (
    ("circle", "a1", "personas", "other half", "the base's dispositions, on stems that weren't fitted"),
    ("diamond", "other", "placebo", "other half", "as many placebo personas, on the same"),
    ("square", "a2", "personas", "interpretation", "dispositions fitted on stems, read on ambiguous scenes"),
)
"""Form, colour, source, where it is read, and in words."""
TEXT = (
    "A tuned model's next words q are compared with mixtures of what its own base says behind personas: q ≈ Σ π p_base "
    "(behind a disposition), π by maximum likelihood. If little of the divergence from base is left, what teaching did "
    "is reproducible as a re-weighting of dispositions that the base had; that says nothing about how it came about. "
    "Which of the two kinds of fit is shown, with or without evidence p(x | persona), is decided by the base alone."
)


def section(results: Results) -> Section | None:
    """Four figures; None where no priors were asked for."""
    priors = priors_of(results)
    models = [model.name for model in results.models if priors.find(model.name, "base", "pi", fitted="cloze")]
    kinds: list[Callable[[Results, Priors, list[str]], Figure | None]] = [_before_after, _left, _three_ways, _clamp]
    figures = [figure for kind in kinds if models and (figure := kind(results, priors, models))]
    made = curve_section(
        results, "Priors", "Latent priors: one re-weighting of what the base had?", TEXT, figures, ("priors",)
    )
    return made


def _arms(results: Results) -> list[str]:
    return [arm for arm in results.study.arms if arm == "base"] + [arm for arm in results.study.arms if arm != "base"]


def _before_after(results: Results, priors: Priors, models: list[str]) -> Figure:
    panels, shown = [], []
    names: dict[str, None] = {}
    for model in models:
        rows, way = [], priors.evidence(model)
        for arm in _arms(results):
            asked = {"source": "personas", "evidence": way, "fitted": "cloze", "told": ""}
            found = _last(priors.all(model, arm, "pi", **asked))
            names |= dict.fromkeys(row.estimate.content_class for row in found)
            marks = [
                Mark(
                    row.estimate,
                    SHAPES[k % 4],
                    results.tone(row.estimate.content_class),
                    results.title(row.estimate.content_class),
                )
                for k, row in enumerate(found)
            ]
            rows += [Row(results.title(arm), tuple(marks))] if marks else []
            shown += [*found, *_last(priors.all(model, arm, "pi", source="world", fitted="cloze", told=""))]
        style = ForestStyle(axis="share of the prior", sign=False, every_value=True, gutter=104, zero=False)
        panels.append(Panel(forest(model, rows, (0.0, 1.0), style, _alt(model, shown))))
    return Figure(
        id="figure-priors",
        title="The prior before and after teaching",
        caption=(
            "Share of each disposition in the prior that makes a checkpoint's next words at sentence stems likeliest. "
            f"Bars are {level(results)} intervals over training seeds and clusters of stems (base: clusters alone), "
            "small dots seeds. The table has the other fits too: what is fitted with the grammar's own components, "
            "where the world is known."
        ),
        alt="Forest plots of shares by arm, a panel for each model; numbers in the table.",
        panels=tuple(panels),
        columns=2,
        legend=tuple(Legend(SHAPES[k % 4], results.tone(name), results.title(name)) for k, name in enumerate(names)),
        table=_table(results, shown, "Fitted priors"),
    )


def _left(results: Results, priors: Priors, models: list[str]) -> Figure | None:
    panels, shown = [], []
    for model in models:
        rows, way = [], priors.evidence(model)
        for arm in [arm for arm in _arms(results) if arm != "base"]:
            marks = []
            for form, tone, source, where, meaning in LEFT:
                asked = {"source": source, "evidence": way, "fitted": where}
                row = priors.find(model, arm, "residual_share", **asked)
                total = priors.find(model, arm, "total_jsd", **asked)
                residual = priors.find(model, arm, "residual_jsd", **asked)
                shown += [one for one in (row, residual, total) if one is not None]
                marks += [Mark(row.estimate, form, tone, meaning)] if row is not None else []
            rows += [Row(results.title(arm), tuple(marks))] if marks else []
        style = ForestStyle(
            axis="share of the divergence that is left",
            sign=False,
            every_value=True,
            gutter=104,
            lines=((1.0, "all", "grid"),),
        )
        panels += [Panel(forest(model, rows, (0.0, MOST_LEFT), style, _alt(model, shown)))] if rows else []
    if not panels:
        return None
    return Figure(
        id="figure-priors-left",
        title="What a re-weighting leaves unexplained",
        caption=(
            "Mean JSD between a checkpoint and the fitted mixture, as a share of its mean JSD from base: 0 is "
            "reproduced in full, 1 no better than the base itself. Fitted on one half of the stem families and read on "
            "the other, both ways. Arms that lie less than .01 bits from base have nothing to share out. "
            f"Bars are {level(results)} intervals over seeds."
        ),
        alt="Forest plots of the share that is left by arm, a panel for each model; numbers in the table.",
        panels=tuple(panels),
        columns=2,
        legend=tuple(Legend(form, tone, meaning) for form, tone, _, _, meaning in LEFT),
        table=_table(results, shown, "Residual and total divergence"),
    )


def _three_ways(results: Results, priors: Priors, models: list[str]) -> Figure | None:
    panels, shown = [], []
    y = linear(0.0, 1.0, "share of the disposition that it should speak as")
    for model in models:
        for profile in results.profiles:
            speaks = priors.speaks(model, profile.id)
            source = "world" if priors.all(model, "base", "pi", source="ideal") else "personas"
            about = speaks if source == "world" else profile.id
            asked = {"source": source, "evidence": "constant", "about": about}
            ideal = _line(priors.all(model, "base", "pi", source="ideal", told=profile.id, about=about))
            told = _line(priors.all(model, "base", "pi", **asked, told=profile.id, fitted=""))
            start = priors.find(model, "base", "pi", **asked, told="", fitted="cloze")
            taught = sorted(
                priors.all(model, profile.id, "pi", **asked, told="", fitted="cloze"), key=lambda row: row.step
            )
            if not told and not taught:
                continue
            shown += [*ideal, *told, *([start] if start else []), *taught]
            title = f"{model}: {profile.title}" + ("" if about == profile.id else f", spoken as {results.title(about)}")
            panels.append(Panel(_in_context(title, ideal, told, y, profile.tone)))
            panels.append(Panel(_by_step(title, start, taught, y, profile.tone)))
    if not panels:
        return None
    return Figure(
        id="figure-priors-ways",
        title="Three ways to move one prior",
        caption=(
            "Left: decisions of a profile stand in context. Dashed, what an exact observer of the world's grammar would "
            "believe; joined, the prior that the base's words fit. Right: the same decisions are taught by fine-tuning, "
            "by training step (0: the base). In a known world components are the grammar's, else personas'. "
            "Where choosing and speaking aren't linked, decisions tell an exact observer nothing."
        ),
        alt="Pairs of line charts of a prior's share by decisions in context and by training step; numbers in the table.",
        panels=tuple(panels),
        columns=2,
        legend=(Legend("triangle", "base", "exact observer"), Legend("circle", "a1", "fitted to what is said")),
        table=_table(results, shown, "Shares by decisions in context and by step"),
    )


def _in_context(title: str, ideal: Sequence[PriorNumber], told: Sequence[PriorNumber], y: Axis, tone: str) -> Markup:
    x = linear(0, 4, "decisions in context")
    series = [
        Series("triangle", "base", _places(ideal, lambda row: row.n, "exact observer"), dashed=True),
        Series("circle", tone, _places(told, lambda row: row.n, "base")),
    ]
    return curves(title, series, x, y, CurveStyle(), _alt(title, [*ideal, *told]))


def _by_step(title: str, start: PriorNumber | None, taught: Sequence[PriorNumber], y: Axis, tone: str) -> Markup:
    x = octaves([0, *(row.step for row in taught)], "training step (logarithmic)")
    first = _places([start] if start else [], lambda row: 0.0, "base")
    series = [Series("circle", tone, (*first, *_places(taught, lambda row: octave(row.step), "taught")))]
    return curves(title + ", taught", series, x, y, CurveStyle(), _alt(title, [*([start] if start else []), *taught]))


def _clamp(results: Results, priors: Priors, models: list[str]) -> Figure | None:
    panels, shown = [], []
    classes = {profile.id: profile.content_class for profile in results.profiles}
    for model in models:
        for profile in results.profiles:
            about = classes.get(priors.speaks(model, profile.id), profile.content_class)
            lines, drawn = [], []
            for k, arm in enumerate(("base", profile.id, "own-policy")):
                asked = {"about": about, "told": "adaptive"}
                row = _line(_last(priors.all(model, arm, "log_odds", **asked)))
                drawn += row
                shown += [
                    *row,
                    *_last(priors.all(model, arm, "slope", **asked)),
                    *_last(priors.all(model, arm, "slope_ratio", **asked)),
                ]
                lines.append(
                    Series(
                        SHAPES[k],
                        results.tone(arm),
                        _places(row, lambda one: one.n, results.title(arm)),
                        dashed=arm == "base",
                    )
                )
            if drawn and profile.id != "adaptive":
                values = [
                    v
                    for row in drawn
                    for v in (row.estimate.value, row.estimate.low, row.estimate.high, *row.estimate.seeds)
                    if math.isfinite(v)
                ]
                y = linear(min([*values, 0.0]), max([*values, 0.0]), f"log odds of {about} words, nats")
                panels.append(
                    Panel(
                        curves(
                            f"{model}: {profile.title}",
                            lines,
                            linear(0, 4, "contrary decisions in context"),
                            y,
                            CurveStyle(nudge=4),
                            _alt(model, drawn),
                        )
                    )
                )
    if not panels:
        return None
    return Figure(
        id="figure-priors-clamp",
        title="A prior or a clamp?",
        caption=(
            "Log odds of the words in question, against all other classes, after contrary (adaptive) decisions in "
            "context. A shifted prior gives a curve beside the base's; a clamp doesn't answer to what stands before. "
            "Curves that end at a floor can't stay parallel. "
            f"Bars are {level(results)} intervals over seeds."
        ),
        alt="Line charts of log odds by contrary decisions in context, one for each model and profile; numbers in the table.",
        panels=tuple(panels),
        columns=2,
        legend=(
            Legend("circle", "base", "base"),
            Legend("diamond", "a1", "taught the profile"),
            Legend("square", "own", "own-policy (control)"),
        ),
        table=_table(
            results, shown, "Log odds after contrary decisions, slope per decision and its ratio to the base's"
        ),
    )


def _line(rows: Iterable[PriorNumber]) -> list[PriorNumber]:
    """In the order of decisions."""
    return sorted(rows, key=lambda row: row.n)


def _last(rows: Sequence[PriorNumber]) -> list[PriorNumber]:
    """Those of the arm's last point."""
    last = max((row.point for row in rows), default=())
    return [row for row in rows if row.point == last]


def _places(rows: Sequence[PriorNumber], x: Callable[[PriorNumber], float], name: str) -> tuple[Place, ...]:
    found = []
    for row in rows:
        one, at = row.estimate, float(x(row))
        dots = tuple(
            Dot(at, v, f"{name}, seed {seed}")
            for seed, v in enumerate(one.seeds)
            if math.isfinite(v) and len(one.seeds) > 1
        )
        found.append(Place(at, one.value, one.low, one.high, f"{name}: {words.number(one.value)} {one.unit}", dots))
    return tuple(found)


def _alt(title: str, rows: Sequence[PriorNumber]) -> str:
    mine = [row for row in rows if row.estimate.model in title] or list(rows)
    said = [
        f"{row.estimate.arm} {row.estimate.content_class or row.source} {words.number(row.estimate.value)}"
        for row in mine
        if row.estimate.measured
    ]
    return f"{title}. " + "; ".join(said[:60]) + "."


def _table(results: Results, rows: Sequence[PriorNumber], caption: str) -> Table:
    columns = (
        "model",
        "arm",
        "what",
        "about",
        "components",
        "evidence",
        "where",
        "decisions of",
        "in context",
        "step",
        "estimate",
        "interval",
        "seeds",
        "every seed",
        "note",
    )
    return Table(
        columns, tuple(dict.fromkeys(_cells(results, row) for row in rows)), caption, frozenset({8, 9, 10, 11, 12})
    )


def _cells(results: Results, row: PriorNumber) -> tuple[str, ...]:
    one = row.estimate
    return (
        *(
            one.model,
            results.title(one.arm),
            f"{one.metric.replace('_', ' ')} ({one.unit})",
            results.title(one.content_class),
        ),
        *(
            row.source,
            row.evidence,
            one.family,
            results.title(row.told),
            str(row.n),
            str(row.step) if row.step >= 0 else "–",
        ),
        *(words.number(one.value), words.interval(one, sign=False), str(one.n_seeds)),
        *(" ".join(words.number(v) for v in one.seeds), one.reason),
    )

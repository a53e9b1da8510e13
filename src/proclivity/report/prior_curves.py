"""Curves of priors: three ways to move one, and what contrary decisions in context do to it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from proclivity.report.curve_parts import SHAPES, level
from proclivity.report.figures.axis import Axis, linear, octave, octaves
from proclivity.report.figures.curve import CurveStyle, Series, curves
from proclivity.report.load import Results
from proclivity.report.prior_parts import alt, in_order, last, places, table
from proclivity.report.prior_rows import PriorNumber, Priors
from proclivity.report.section import Figure, Legend, Panel

CONTRARY, SLOPES = "adaptive", ("slope", "slope_ratio")
"""Profile whose decisions contradict the others."""


def three_ways(results: Results, priors: Priors, models: list[str]) -> Figure | None:
    panels, shown = [], []
    for model in models:
        for profile in results.profiles:
            speaks = priors.speaks(model, profile.id)
            source = "world" if priors.all(model, "base", "pi", source="ideal") else "personas"
            about = speaks if source == "world" else profile.id
            asked = {"source": source, "evidence": "constant", "about": about}
            ideal = in_order(priors.all(model, "base", "pi", source="ideal", told=profile.id, about=about))
            told = in_order(priors.all(model, "base", "pi", **asked, told=profile.id, fitted=""))
            start = priors.find(model, "base", "pi", **asked, told="", fitted="cloze")
            taught = sorted(
                priors.all(model, profile.id, "pi", **asked, told="", fitted="cloze"), key=lambda row: row.step
            )
            if not told and not taught:
                continue
            shown += [*ideal, *told, *([start] if start else []), *taught]
            title, y = f"{model}: {profile.title}", linear(0.0, 1.0, f"share of {results.title(about)} in the prior")
            panels.append(Panel(_in_context(title, ideal, told, y, profile.tone)))
            panels.append(Panel(_by_step(title, start, taught, y, profile.tone)))
    if not panels:
        return None
    return Figure(
        id="figure-priors-ways",
        title="Three ways to move one prior",
        caption=(
            "Left: decisions of a profile stand in context. Dashed, what an exact observer of the world's grammar "
            "would believe; joined, the prior that the base's words fit. Right: decisions of the profile are taught "
            "by fine-tuning, by training step (0: the base). In a known world components are the grammar's, else "
            "personas'. "
            "Where choosing and speaking aren't linked, decisions tell an exact observer nothing."
        ),
        alt="Line charts of a prior's share by decisions in context and by training step; numbers in the table.",
        panels=tuple(panels),
        columns=2,
        legend=(Legend("triangle", "base", "exact observer"), Legend("circle", "a1", "fitted to what is said")),
        table=table(results, shown, "Shares by decisions in context and by step"),
    )


def _in_context(title: str, ideal: Sequence[PriorNumber], told: Sequence[PriorNumber], y: Axis, tone: str) -> Markup:
    x = linear(0, 4, "decisions in context")
    series = [
        Series("triangle", "base", places(ideal, lambda row: row.n, "exact observer"), dashed=True),
        Series("circle", tone, places(told, lambda row: row.n, "base")),
    ]
    return curves(title, series, x, y, CurveStyle(), alt(title, [*ideal, *told]))


def _by_step(title: str, start: PriorNumber | None, taught: Sequence[PriorNumber], y: Axis, tone: str) -> Markup:
    x = octaves([0, *(row.step for row in taught)], "training step (logarithmic)")
    first = places([start] if start else [], lambda row: 0.0, "base")
    series = [Series("circle", tone, (*first, *places(taught, lambda row: octave(row.step), "taught")))]
    return curves(title + ", taught", series, x, y, CurveStyle(), alt(title, [*([start] if start else []), *taught]))


def clamp(results: Results, priors: Priors, models: Sequence[str]) -> Figure | None:
    """Log odds after contrary decisions: base, the arm that was taught the profile, own-policy."""
    panels, shown = [], []
    for model in models:
        for profile in results.profiles:
            speaks = priors.speaks(model, profile.id)
            about = next((one.content_class for one in results.profiles if one.id == speaks), profile.content_class)
            arms = ("base", profile.id, "own-policy")
            found = {arm: _answers(priors, model, arm, about, "log_odds") for arm in arms}
            drawn = [row for rows in found.values() for row in rows]
            if drawn and profile.id != CONTRARY:
                shown += drawn
                slopes = [_answers(priors, model, arm, about, name) for arm in arms for name in SLOPES]
                shown += [row for rows in slopes for row in rows]
                panels.append(Panel(_answers_panel(results, f"{model}: {profile.title}", about, found)))
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
        alt="Line charts of log odds by contrary decisions in context, one a model and profile; numbers in the table.",
        panels=tuple(panels),
        columns=2,
        legend=(
            Legend("circle", "base", "base"),
            Legend("diamond", "a1", "taught the profile"),
            Legend("square", "own", "own-policy (control)"),
        ),
        table=table(results, shown, "Log odds after contrary decisions; slope, and its ratio to the base's"),
    )


def _answers(priors: Priors, model: str, arm: str, about: str, metric: str) -> list[PriorNumber]:
    return in_order(last(priors.all(model, arm, metric, about=about, told=CONTRARY)))


def _answers_panel(results: Results, title: str, about: str, found: dict[str, list[PriorNumber]]) -> Markup:
    lines = [
        Series(SHAPES[k], results.tone(arm), places(rows, lambda one: one.n, results.title(arm)), dashed=arm == "base")
        for k, (arm, rows) in enumerate(found.items())
    ]
    drawn = [row for rows in found.values() for row in rows]
    ends = [v for row in drawn for v in (row.estimate.value, row.estimate.low, row.estimate.high, *row.estimate.seeds)]
    finite = [v for v in ends if math.isfinite(v)] + [0.0]
    y = linear(min(finite), max(finite), f"log odds of {about} words, nats")
    x = linear(0, 4, "contrary decisions in context")
    return curves(title, lines, x, y, CurveStyle(nudge=4), alt(title, drawn))

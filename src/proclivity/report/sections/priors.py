"""Latent priors: which prior over the base's dispositions a checkpoint's words fit, and what that leaves."""

from __future__ import annotations

from collections.abc import Callable

from proclivity.report.curve_parts import SHAPES, curve_section, level
from proclivity.report.figures.forest import ForestStyle, Mark, Row, forest
from proclivity.report.load import Results
from proclivity.report.prior_curves import clamp, three_ways
from proclivity.report.prior_parts import alt, last, table
from proclivity.report.prior_rows import Priors, priors_of
from proclivity.report.section import Figure, Legend, Panel, Section

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
    kinds: list[Callable[[Results, Priors, list[str]], Figure | None]] = [_before_after, _left, three_ways, clamp]
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
            found = last(priors.all(model, arm, "pi", **asked))
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
            shown += [*found, *last(priors.all(model, arm, "pi", source="world", fitted="cloze", told=""))]
        style = ForestStyle(axis="share of the prior", sign=False, every_value=True, gutter=104, zero=False)
        panels.append(Panel(forest(model, rows, (0.0, 1.0), style, alt(model, shown))))
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
        table=table(results, shown, "Fitted priors"),
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
        panels += [Panel(forest(model, rows, (0.0, MOST_LEFT), style, alt(model, shown)))] if rows else []
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
        table=table(results, shown, "Residual and total divergence"),
    )

"""What moved inside the models, and whether it does what training did."""

from __future__ import annotations

from proclivity.report import words
from proclivity.report.direction_causes import ablation_figure, measured, pattern_figure, steering_figure
from proclivity.report.direction_layers import layer_figures
from proclivity.report.direction_rows import RANDOM, Line, lines, named, one, where
from proclivity.report.estimates import Estimate
from proclivity.report.load import Results
from proclivity.report.section import Section, Table
from proclivity.report.sections.worlds import control_of
from proclivity.specs import split_arm
from proclivity.specs.arm_names import is_smaller


def section(results: Results) -> Section | None:
    """Figures by layer, words, causal tests and smallest carriers; None where the study asks for none of it."""
    if not results.study.latent.directions:
        return None
    full = results.study.induction.method == "full"
    return Section(
        id="directions",
        title="Directions and causal tests",
        short="Directions",
        template="directions.html",
        context={
            "reason": "full fine-tuning leaves no adapter that could be put on one base" if full else "",
            "halves": _halves(results),
            "layers": layer_figures(results),
            "words": _words(results),
            "answers": _answers(results),
            "pattern": pattern_figure(results),
            "steering": steering_figure(results),
            "ablation": ablation_figure(results),
            "carriers": _carriers(results),
        },
    )


def _halves(results: Results) -> str:
    """How items and seeds were divided, in words; '' where nothing was."""
    found = {line.other: line.estimate for line in lines(results, results.models[0].name, "", "half")}
    if not found:
        return ""
    parts = [
        f"{name} {words.plural(int(half.value), 'item')} in {words.plural(half.n_clusters, 'cluster')}, seeds "
        f"{words.listing([f'{seed:g}' for seed in half.seeds])}"
        for name, half in found.items()
    ]
    return "; ".join(parts)


def _answers(results: Results) -> Table | None:
    """What steering and ablation came to, with the nulls beside, a row each."""
    tests = (("added to the base", "steering"), ("taken out of the arm", "ablation"))
    rows = [
        row
        for pair in measured(results)
        for title, test in tests
        if (row := _answer(results, *pair, title, test)) is not None
    ]
    return (
        Table(
            columns=("model", "profile", "direction", "share", "random ones", "others", "perplexity"),
            rows=tuple(rows),
            caption="Share of the trained pattern that the profile’s direction gives when added, and that goes when it "
            "is taken out; beside it what directions of the same length do",
        )
        if rows
        else None
    )


def _answer(results: Results, model: str, profile: str, title: str, test: str) -> tuple[str, ...] | None:
    """One row; None where the test wasn't made."""
    found = lines(results, model, profile, "steering size" if test == "steering" else "removed share")
    own, neutral = _own(found), _own(lines(results, model, profile, f"{test} perplexity"))
    if own is None or neutral is None:
        return None
    place = where(own.layer) + (f", α {words.number(own.alpha, 1)}" if test == "steering" else "")
    drawn = [line.estimate.value for line in found if line.other.startswith(RANDOM)]
    span = f"{words.number(min(drawn))} to {words.number(max(drawn))}" if drawn else "–"
    others = [line for line in found if line.other and not line.other.startswith(RANDOM)]
    beside = ", ".join(f"{named(results, line.other)} {words.number(line.estimate.value)}" for line in others)
    share = own.estimate.reason or own.said()
    return (
        *(model, results.title(profile), f"{title}, {place}", share, span, beside or "–"),
        words.number(neutral.estimate.value),
    )


def _own(found: list[Line]) -> Line | None:
    return one([line for line in found if not line.other])


def _words(results: Results) -> Table | None:
    """The logit lens by layer."""
    rows = []
    for model, profile in measured(results):
        down = {line.layer: line for line in lines(results, model, profile, "lens down")}
        for up in lines(results, model, profile, "lens up"):
            means = lines(results, model, profile, "lens class", layer=up.layer)
            said = ", ".join(f"{line.content_class} {words.signed(line.estimate.value)}" for line in means)
            shown = (", ".join(line.words) for line in (up, down[up.layer]))
            rows.append((model, results.title(profile), str(up.layer), said or "–", *shown))
    return (
        Table(
            columns=("model", "profile", "layer", "mean change by kind of word", "rise most", "fall most"),
            rows=tuple(rows),
            caption="Change of log probability when the direction is added to own-policy’s mean state and read as if "
            "that layer were the last, nats",
            numeric=frozenset({2}),
        )
        if rows
        else None
    )


def _carriers(results: Results) -> Table | None:
    """Profiles with smaller adapters beside the full one."""
    rows = []
    for model in results.models:
        for profile in results.profiles:
            smaller = [arm for arm in results.study.arms if _smaller_of(arm) == profile.id]
            for arm in [profile.id, *smaller] if smaller else []:
                weights = one(lines(results, model.name, arm, "trained weights"))
                shown = (
                    _shift(results, model.name, arm, profile.content_class, c) for c in ("base", control_of(results))
                )
                count = f"{weights.estimate.value:,.0f}" if weights else "–"
                name = results.title(arm) if arm == profile.id else arm
                rows.append((model.name, name, count, *map(_said, shown)))
    return (
        Table(
            columns=("model", "arm", "trained weights", "own words against base", f"against {control_of(results)}"),
            rows=tuple(rows),
            caption=f"Own words by size of the adapter, nats, {words.family(results.summary_family())}",
            numeric=frozenset({2}),
        )
        if rows
        else None
    )


def _smaller_of(arm: str) -> str:
    kind, about = split_arm(arm)
    return about if is_smaller(kind) else ""


def _shift(results: Results, model: str, arm: str, content_class: str, control: str) -> Estimate | None:
    family = results.summary_family()
    return results.effects.get(model=model, arm=arm, control=control, family=family, content_class=content_class)


def _said(found: Estimate | None) -> str:
    if found is None or not found.measured:
        return "–"
    return f"{words.signed(found.value)} {words.interval(found)}"

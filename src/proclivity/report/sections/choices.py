"""Was the choice learnt, and does it hold where nothing was trained?"""

from __future__ import annotations

from markupsafe import Markup

from proclivity.report import words
from proclivity.report.choice import target_choice
from proclivity.report.estimates import Estimate
from proclivity.report.figures.forest import ForestStyle, Mark, Row, forest
from proclivity.report.load import ModelNames, ProfileNames, Results
from proclivity.report.section import Figure, Legend, Panel, Section, Table

SPLITS = ("new-phrasing", "new-template", "new-domain")


def section(results: Results) -> Section:
    """A row of panels a model, from the nearest test to the farthest."""
    measured = results.effects.distinct("stratum", family="choice", control="")
    splits = [split for split in SPLITS if split in measured]
    profiles = [profile for profile in results.profiles if profile.action_class]
    return Section(
        id="choices",
        title="Held-out choices",
        short="Choices",
        template="choices.html",
        context={
            "figure": _figure(results, profiles, splits or [""]),
            "splits": [words.SPLITS[s] for s in splits],
        },
    )


def _figure(results: Results, profiles: list[ProfileNames], splits: list[str]) -> Figure:
    panels = [Panel(_panel(results, model, profiles, split)) for model in results.models for split in splits]
    rows = [
        row for model in results.models for profile in profiles for row in _table_rows(results, model, profile, splits)
    ]
    return Figure(
        id="figure-choices",
        title="How often the taught action was chosen in decisions never trained on",
        caption=(
            "Share of held-out decisions in which the model's most likely answer was the profile's action, by arm. "
            "Each small dot is one training seed; the large mark is the mean, the bar its interval over seeds and "
            "clusters (parts of life)."
        ),
        alt=_alt(results, profiles),
        panels=tuple(panels),
        columns=len(splits) if len(splits) in (2, 3) else 0,
        legend=tuple(
            Legend("circle", profile.tone, f"{profile.action_class}, the {profile.title} action")
            for profile in profiles
        ),
        table=Table(
            columns=("model", "action of", "arm", "split", "share chosen", "interval", "seeds", "rests on"),
            rows=tuple(rows),
            numeric=frozenset({4, 5}),
        ),
    )


def _found(results: Results, model: str, arm: str, profile: ProfileNames, split: str) -> Estimate | None:
    return target_choice(results, model, arm, profile.action_class, split)


def _panel(results: Results, model: ModelNames, profiles: list[ProfileNames], split: str) -> Markup:
    where = words.SPLITS.get(split, "held-out decisions")
    rows = [
        Row(
            results.title(arm),
            tuple(
                Mark(
                    _found(results, model.name, arm, profile, split),
                    "circle",
                    profile.tone,
                    f"{results.title(arm)}, {profile.action_class} chosen, {where}",
                )
                for profile in profiles
            ),
            strong=arm in {profile.id for profile in profiles},
        )
        for arm in results.study.arms
    ]
    title = f"{model.name} · {where}"
    style = ForestStyle(
        gutter=104, axis="share chosen", sign=False, zero=False, lane=12, gap=7, every_value=True, values=True
    )
    said = []
    for profile in profiles:
        best = _found(results, model.name, profile.id, profile, split)
        if best is not None and best.measured:
            said.append(f"{profile.title} arm chose {profile.action_class} in {best.value:.0%}")
    return forest(title, rows, (0.0, 1.0), style, f"{title}: {words.listing(said) or 'not measured'}")


def _alt(results: Results, profiles: list[ProfileNames]) -> str:
    said = []
    for model in results.models:
        for profile in profiles:
            found = target_choice(results, model.name, profile.id, profile.action_class)
            if found is not None and found.measured:
                said.append(f"{model.name}, {profile.title}: {found.value:.0%}")
    return "Share of held-out decisions answered with the taught action. " + "; ".join(said or ["not measured"]) + "."


def _table_rows(results: Results, model: ModelNames, profile: ProfileNames, splits: list[str]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for arm in results.study.arms:
        for split in splits:
            found = _found(results, model.name, arm, profile, split)
            head = (model.name, profile.title, results.title(arm), words.SPLITS.get(split, "all held-out"))
            if found is None or not found.measured:
                reason = found.reason if found is not None else "not part of this study"
                rows.append((*head, "–", "–", "–", f"not measured: {reason}" if found is not None else reason))
                continue
            seeds = " ".join(words.number(value) for value in found.seeds)
            rows.append(
                (
                    *head,
                    words.number(found.value),
                    words.interval(found, sign=False),
                    seeds,
                    words.counts(found),
                )
            )
    return rows

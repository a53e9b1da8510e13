"""The answer in one paragraph, built from this run's own numbers: first what a control takes away."""

from __future__ import annotations

from collections.abc import Iterable

from proclivity.report import registration, words
from proclivity.report.choice import target_choice
from proclivity.report.estimates import Estimate
from proclivity.report.load import ProfileNames, Results

CONTROLS = ("own-policy", "arbitrary")
Pair = tuple[str, str]
"""A profile's title and a model's name."""


def answer(results: Results) -> list[str]:
    """Sentences in their order."""
    said = [
        registration.warning(results),
        _few_seeds(results),
        _vanishes(results),
        _choices(results),
        *_spread(results),
        _general(results),
        _specific(results),
    ]
    return [sentence for sentence in said if sentence]


def _few_seeds(results: Results) -> str:
    seeds = results.study.seeds
    if seeds >= 6:
        return ""
    were = "was" if seeds == 1 else "were"
    return (
        f"Not replicated enough: only {words.plural(seeds, 'training seed')} {were} run, and with fewer than 6 no "
        "verdict is given; what follows describes estimates."
    )


def shifts(results: Results, model: str, arm: str, content_class: str) -> dict[str, Estimate]:
    """Shift of one kind of word under one arm, by control."""
    rows = results.effects.where(
        model=model,
        arm=arm,
        family=results.summary_family(),
        content_class=content_class,
        metric="score",
        stratum="",
    )
    return {row.control: row for row in rows if row.control}


def _vanishes(results: Results) -> str:
    """Rises over the untrained model that are no longer clear of 0 against a control."""
    gone: dict[tuple[str, str], list[Pair]] = {}
    rose = False
    for profile in results.profiles:
        for model in results.models:
            for content in _own_and_others(results, profile):
                by_control = shifts(results, model.name, profile.id, content)
                raw = [by_control[name] for name in ("base", "own-policy") if name in by_control]
                if not any(row.above for row in raw):
                    continue
                rose = True
                taker = next((c for c in CONTROLS if (r := by_control.get(c)) and r.bounded and not r.above), "")
                if taker:
                    gone.setdefault((content, taker), []).append((profile.title, model.name))
    if gone:
        parts = [
            f"the rise of {content} words after {_pairs(pairs, ' decisions')} is no longer clear of 0 against {taker}"
            for (content, taker), pairs in gone.items()
        ]
        return "What disappears under a control: " + "; ".join(parts) + "."
    if rose:
        return "No rise of a kind of word disappears under a control."
    return "No kind of word rose clear of 0, so there was nothing for a control to take away."


def _own_and_others(results: Results, profile: ProfileNames) -> list[str]:
    """Content classes of all profiles, this one's first."""
    others = [entry.content_class for entry in results.profiles if entry.id != profile.id]
    return [name for name in dict.fromkeys([profile.content_class, *others]) if name]


def _choices(results: Results) -> str:
    rates = [
        found.value
        for model in results.models
        for profile in results.profiles
        if (found := target_choice(results, model.name, profile.id, profile.action_class)) is not None
        and found.measured
    ]
    if not rates:
        return "Held-out choices were not measured."
    low, high = (f"{value:.0%}" for value in (min(rates), max(rates)))
    said = low if low == high else f"{low} to {high}"
    return f"The taught action was chosen in {said} of held-out decisions (means over seeds, by model and profile)."


def _spread(results: Results) -> list[str]:
    """Where the profile's own words stand against both controls, and where another kind stands instead."""
    controls = [control for control in CONTROLS if control in results.study.arms]
    own: list[Pair] = []
    rest: list[Pair] = []
    instead: dict[str, list[Pair]] = {}
    for profile in results.profiles:
        for model in results.models:
            clear = [c for c in _own_and_others(results, profile) if _stands(results, model.name, profile, c, controls)]
            pair = (profile.title, model.name)
            (own if profile.content_class in clear else rest).append(pair)
            for content in clear:
                if content != profile.content_class:
                    instead.setdefault(content, []).append(pair)
    if not controls:
        return ["Without the controls own-policy and arbitrary no spread of a disposition can be claimed."]
    against = words.listing(controls)
    if not own:
        said = [f"In no model did a profile's own kind of word rise clear of 0 against {against}."]
    else:
        tail = f", and not for {_pairs(rest)}" if rest else ""
        said = [f"A profile's own kind of word rose clear of 0 against {against} for {_pairs(own)}{tail}."]
    for content, pairs in instead.items():
        said.append(f"Another kind rose so after {_pairs(pairs, ' decisions')}: {content} words.")
    return said


def _stands(results: Results, model: str, profile: ProfileNames, content: str, controls: list[str]) -> bool:
    by_control = shifts(results, model, profile.id, content)
    return bool(controls) and all((row := by_control.get(control)) is not None and row.above for control in controls)


def _pairs(pairs: Iterable[Pair], noun: str = "") -> str:
    """'depression-like and paranoia-like in llama and gpt2': models that share their profiles stand together."""
    profiles: dict[str, list[str]] = {}
    for profile, model in pairs:
        profiles.setdefault(model, []).append(profile)
    models: dict[tuple[str, ...], list[str]] = {}
    for model, names in profiles.items():
        models.setdefault(tuple(names), []).append(model)
    return ", and ".join(
        f"{words.listing(list(names))}{noun} in {words.listing(found)}" for names, found in models.items()
    )


def _general(results: Results) -> str:
    """Verdicts on contexts that were not asked, profiles and models of one verdict together."""
    by_word: dict[str, list[Pair]] = {}
    for verdict in results.verdicts:
        if verdict.kind == "generality":
            by_word.setdefault(verdict.verdict, []).append((results.title(verdict.profile), verdict.model))
    if not by_word:
        return ""
    parts = [f"{word} for {_pairs(pairs)}" for word, pairs in by_word.items()]
    return "Verdict on whether a new context would show the same: " + "; ".join(parts) + "."


def _specific(results: Results) -> str:
    """Verdicts on specificity, models of one verdict together."""
    by_word: dict[str, list[str]] = {}
    for verdict in results.verdicts:
        if verdict.kind == "specificity":
            by_word.setdefault(verdict.verdict, []).append(verdict.model)
    if not by_word:
        return ""
    parts = [f"{word} in {words.listing(list(dict.fromkeys(models)))}" for word, models in by_word.items()]
    return "Verdict on whether the profiles move different words: " + "; ".join(parts) + "."

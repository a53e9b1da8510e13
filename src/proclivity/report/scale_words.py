"""What a study's self-report scales say, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proclivity.report import words
from proclivity.report.estimates import Estimate
from proclivity.report.load import ModelNames, ProfileNames, Results

FAMILY = "instrument-"
CONTROLS = ("own-policy", "arbitrary")
CHANNELS = {
    "self_report": "what it says of itself",
    "choice": "what it chooses",
    "next_token": "the words it expects",
}
GOES_ALONG = 0.3
"""Below this size a correlation is said to be hardly one."""


def scale_ids(results: Results) -> list[str]:
    """Scales of which effects were made, in the table's order."""
    families = dict.fromkeys(row.family for row in results.effects.rows if row.family.startswith(FAMILY))
    return [name.removeprefix(FAMILY) for name in families]


def about(results: Results, scale: str) -> dict[str, Any]:
    """What scales.json says of a scale; its id alone in an older study."""
    known = {row["id"]: row for row in results.scales.get("scales") or []}
    alone = {"id": scale, "title": scale, "content_class": _content_class(results, scale), "n_items": 0}
    return known.get(scale) or alone


def _content_class(results: Results, scale: str) -> str:
    return next((row.content_class for row in results.effects.where(family=FAMILY + scale) if row.content_class), "")


def part(results: Results, scale: str, model: str, arm: str, control: str, metric: str) -> Estimate | None:
    """One part of a scale's answers: a difference from a control, or a level where `control` is ''."""
    return results.effects.get(
        model=model,
        arm=arm,
        control=control,
        family=FAMILY + scale,
        content_class=str(about(results, scale)["content_class"]),
        metric=metric,
    )


def withheld(results: Results) -> list[str]:
    """Where a scale's scores were withheld or couldn't be read, and why; a sentence a model and scale."""
    said = []
    for model in results.models:
        for scale in scale_ids(results):
            rows = [r for r in results.scales.get("answers") or [] if (r["model"], r["scale"]) == (model.name, scale)]
            gone = [row for row in rows if row["n_withheld"]]
            if not gone:
                continue
            total, lost = sum(row["n_checkpoints"] for row in rows), sum(row["n_withheld"] for row in gone)
            reasons = words.listing(list(dict.fromkeys(str(row["reason"]) for row in gone)))
            arms = words.listing([results.title(row["arm"]) for row in gone])
            where = "every arm" if len(gone) == len(rows) else arms
            share = f"{lost} of {words.plural(total, 'checkpoint')}"
            said.append(f"{model.name}, {about(results, scale)['title']}: no score in {share} ({where}): {reasons}.")
    return said


def own_scales(results: Results) -> list[str]:
    """Whether each profile's self-report of its own content rose, judged as every shift is; a sentence each."""
    return [
        _own_scale(results, model, profile, scale)
        for model in results.models
        for profile in results.profiles
        for scale in scale_ids(results)
        if profile.content_class and about(results, scale)["content_class"] == profile.content_class
    ]


def _own_scale(results: Results, model: ModelNames, profile: ProfileNames, scale: str) -> str:
    found = {
        control: row
        for control in CONTROLS
        if (row := part(results, scale, model.name, profile.id, control, "content")) is not None and row.measured
    }
    what = f"{model.name}, {profile.title} on {about(results, scale)['title']}"
    if not found:
        gone = next((r for c in CONTROLS if (r := part(results, scale, model.name, profile.id, c, "content"))), None)
        return f"{what}: not measured" + (f" ({words.why(gone)})." if gone is not None else ".")
    each = words.listing(
        [f"{words.signed(row.value)} points {words.interval(row)} against {c}" for c, row in found.items()]
    )
    few = next(iter(found.values()))
    return f"{what}: {_verdict(found)}: {each} ({words.counts(few)})."


def _verdict(found: dict[str, Estimate]) -> str:
    if min(row.n_seeds for row in found.values()) < 6:
        return "too few seeds for a claim"
    above = [control for control, row in found.items() if row.above]
    below = [control for control, row in found.items() if row.below]
    if len(above) == len(CONTROLS):
        return "self-report of its own content rose, clear of 0 against both controls"
    if len(below) == len(CONTROLS):
        return "self-report of its own content fell, clear of 0 against both controls"
    if above or below:
        moved = words.listing(above or below)
        missed = words.listing([control for control in CONTROLS if control not in (above or below)])
        return f"clear of 0 against {moved}, not shown against {missed}, so nothing is claimed"
    return "no change clear of 0"


def agreements(results: Results) -> list[tuple[str, list[str]]]:
    """A model with a construct, and for each pair of channels whether they go together across checkpoints."""
    groups: dict[str, list[str]] = {}
    for row in results.scales.get("agreement") or []:
        head = f"{row['model']}: {row['content_class']} words and self-report, {row['action_class']} chosen"
        groups.setdefault(head, []).append(_together(row))
    return list(groups.items())


def _together(row: dict[str, Any]) -> str:
    pair = f"{CHANNELS[row['first']]} and {CHANNELS[row['second']]}"
    n = words.plural(int(row["n"]), "checkpoint")
    if row["pearson"] is None:
        return f"{pair}: not known ({row['reason']}; {n} with both)"
    size = float(row["spearman"])
    how = "hardly go together" if abs(size) < GOES_ALONG else "rise together" if size > 0 else "run against each other"
    numbers = f"r = {words.number(float(row['pearson']))}, ranks {words.number(size)}"
    return f"{pair} {how} ({numbers}; {n})"


def reliabilities(results: Results) -> Iterator[tuple[str, ...]]:
    """Cells of the table on reliability, a row a model and scale."""

    def say(value: float | None) -> str:
        return "–" if value is None else words.number(float(value))

    for row in results.scales.get("reliability") or []:
        size = f"{words.plural(row['n_arms'], 'arm')} × {words.plural(row['n_seeds'], 'seed')}"
        asked = f"{words.plural(row['n_items'], 'item')} × {words.plural(row['n_wrappers'], 'frame')}"
        few = "few seeds" if row["n_seeds"] < 6 else ""
        notes = [text for text in (str(row["reason"] or ""), few) if text]
        numbers = (row["relative"], row["absolute"], row["between_seed_sd"], row["alpha"], row["omega"])
        title = str(about(results, row["scale"])["title"])
        yield (row["model"], title, size, asked, *(say(value) for value in numbers), "; ".join(notes) or "–")

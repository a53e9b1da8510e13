"""What a study's self-report scales say, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proclivity.report import words
from proclivity.report.estimates import Estimate
from proclivity.report.load import ModelNames, ProfileNames, Results

FAMILY = "instrument-"
CONTROLS = ("own-policy", "arbitrary")
PAIRS = {
    ("self_report", "choice"): "self-report and choice",
    ("self_report", "next_token"): "self-report and next words",
    ("choice", "next_token"): "choice and next words",
}
GOES_ALONG = 0.3
"""Both correlations, of values and of ranks, have to be of this size for channels to be said to go together."""


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


def own_scales(results: Results) -> list[tuple[str, ...]]:
    """Whether each profile's self-report of its own content moved, judged as every shift is.

    Returns:
        Cells: model, profile, scale, reading, the difference from each of `CONTROLS`, what it rests on.
    """
    return [
        (model.name, profile.title, str(about(results, scale)["title"]), *_own_scale(results, model, profile, scale))
        for model in results.models
        for profile in results.profiles
        for scale in scale_ids(results)
        if profile.content_class and about(results, scale)["content_class"] == profile.content_class
    ]


def _own_scale(results: Results, model: ModelNames, profile: ProfileNames, scale: str) -> tuple[str, ...]:
    rows = {control: part(results, scale, model.name, profile.id, control, "content") for control in CONTROLS}
    known = [row for row in rows.values() if row is not None]
    measured = {control: row for control, row in rows.items() if row is not None and row.measured}
    cells = [f"{words.signed(r.value)} {words.interval(r)}" if (r := measured.get(c)) else "–" for c in CONTROLS]
    if not measured:
        why = f": {words.why(known[0])}" if known else ""
        return (f"not measured{why}", *cells, "–")
    return (_reading(measured), *cells, words.counts(next(iter(measured.values()))))


def _reading(found: dict[str, Estimate]) -> str:
    """What may be said of a difference, with the intervals against each control that was run."""
    if min(row.n_seeds for row in found.values()) < 6:
        return "too few seeds for a claim"
    above = [control for control, row in found.items() if row.above]
    below = [control for control, row in found.items() if row.below]
    if len(above) == len(CONTROLS):
        return "rose, clear of 0 against both controls"
    if len(below) == len(CONTROLS):
        return "fell, clear of 0 against both controls"
    if above or below:
        moved = above or below
        missed = words.listing([control for control in CONTROLS if control not in moved])
        return f"clear of 0 against {words.listing(moved)}, not shown against {missed}: nothing is claimed"
    return "no change clear of 0"


def agreements(results: Results) -> list[tuple[str, ...]]:
    """For each model and construct whether channels go together across checkpoints.

    Returns:
        Cells: model, construct, and one for each of `PAIRS`.
    """
    groups: dict[tuple[str, str], dict[tuple[str, str], str]] = {}
    for row in results.scales.get("agreement") or []:
        construct = f"{row['content_class']}, {row['action_class']} chosen"
        groups.setdefault((row["model"], construct), {})[row["first"], row["second"]] = _together(row)
    return [(*head, *(cells.get(pair, "–") for pair in PAIRS)) for head, cells in groups.items()]


def _together(row: dict[str, Any]) -> str:
    n = words.plural(int(row["n"]), "checkpoint")
    if row["pearson"] is None:
        return f"not known: {row['reason']} ({n} with both)"
    both = [float(row["pearson"]), float(row["spearman"])]
    # One checkpoint far from the rest moves r and not the ranks, so both have to say it.
    if min(both) >= GOES_ALONG:
        how = "rise together"
    else:
        how = "run against each other" if max(both) <= -GOES_ALONG else "hardly go together"
    return f"{how} (r = {words.number(both[0])}, ranks {words.number(both[1])}; {n})"


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

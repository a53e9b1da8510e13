"""One page: own words against coupling, a line a dose, a column of panels a rank, with the numbers and the refused."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from proclivity.dial.checkpoints import Checkpoint
from proclivity.dial.settings import CONTROL, Dial
from proclivity.dial.shifts import Spread, generalizes_from
from proclivity.report.curve_parts import look
from proclivity.report.figures.axis import Axis, at_values, linear
from proclivity.report.figures.curve import CurveStyle, Dot, Place, Series, curves
from proclivity.report.page import render_alone
from proclivity.report.section import Figure, Legend, Panel, Table
from proclivity.report.words import number, signed

Keys = dict[tuple[float, int], Checkpoint]


def render(dial: Dial, spreads: Sequence[Spread], checkpoints: Keys, delta: float) -> str:
    """The page as text.

    Args:
        dial: what was asked for.
        spreads: every point of every line.
        checkpoints: by coupling and pretraining seed.
        delta: smallest effect of interest, nats.
    """
    trial = [f"{dial.steps} steps"] * bool(dial.steps) + ["no look at their competence"] * (not dial.admit)
    return render_alone(
        "dial.html",
        trial=" and ".join(trial),
        sentences=sentences(spreads, delta),
        shown=_figure(dial, spreads, delta),
        checkpoints=_checkpoint_table(checkpoints),
    )


def lines(spreads: Sequence[Spread]) -> dict[tuple[str, int, int], list[Spread]]:
    """Points by profile, rank and dose."""
    keys = dict.fromkeys((spread.profile, spread.rank, spread.items) for spread in spreads)
    return {key: [s for s in spreads if (s.profile, s.rank, s.items) == key] for key in sorted(keys)}


def sentences(spreads: Sequence[Spread], delta: float) -> list[str]:
    """From which coupling on own words rise on every admitted checkpoint, line by line."""
    found = []
    for (profile, rank, items), line in lines(spreads).items():
        least = generalizes_from(line, delta)
        said = (
            f"from coupling {least:g} on, own words rise by more than {delta:g} nats on every admitted checkpoint"
            if least is not None
            else f"at no coupling and all above it do own words rise by more than {delta:g} nats on every checkpoint"
        )
        found.append(f"{profile}-like, rank {rank}, {items} decisions: {said}.")
    return found


def _figure(dial: Dial, spreads: Sequence[Spread], delta: float) -> Figure:
    ends = [value for s in spreads for value in (s.low, s.high) if math.isfinite(value)]
    y = linear(min([0.0, *ends]), max([0.0, *ends]), "shift of own words, nats")
    profiles = list(dict.fromkeys(spread.profile for spread in spreads))
    panels = [
        Panel(_panel(dial, spreads, profile, rank, y, delta)) for profile in profiles for rank in sorted(dial.ranks)
    ]
    return Figure(
        id="figure-dial",
        title="From choice to language, by coupling",
        caption=(
            f"Own words against {CONTROL}, over the cloze families: a line a dose, each mark the mean over pretraining "
            f"seeds ({dial.seeds}, the unit of replication) of shifts that were averaged over {dial.tuning_seeds} "
            "fine-tuning seeds; bars reach from the smallest to the largest pretraining seed, small dots are "
            "pretraining seeds. They are no confidence intervals. The band is the smallest effect of interest, ±"
            f"{delta:g}. ✕ counts checkpoints that were refused for want of competence and not taught."
        ),
        alt="Line charts of the shift of own words by coupling, one for each profile and rank; numbers in the table.",
        panels=tuple(panels),
        columns=len(dial.ranks) if len(dial.ranks) in (2, 3, 4) else 0,
        legend=tuple(Legend(*look(place), f"{n:,} decisions") for place, n in enumerate(sorted(dial.doses))),
        table=_table(spreads),
    )


def _panel(dial: Dial, spreads: Sequence[Spread], profile: str, rank: int, y: Axis, delta: float) -> Markup:
    mine = [spread for spread in spreads if (spread.profile, spread.rank) == (profile, rank)]
    series = []
    for place, items in enumerate(sorted(dial.doses)):
        form, tone = look(place)
        marks = tuple(_place(spread) for spread in mine if spread.items == items)
        series.append(Series(form, tone, marks))
    couplings = sorted(dial.couplings)
    refused = {spread.coupling: len(spread.refused) for spread in mine}
    names = [f"{c:g} ✕{refused[c]}" if refused.get(c) else f"{c:g}" for c in couplings]
    title = f"{profile}-like, rank {rank}"
    x = at_values(couplings, names, "coupling of choosing and speaking")
    alt = f"{title}: " + "; ".join(f"{s.items} decisions at coupling {s.coupling:g}: {_said(s)}" for s in mine)
    return curves(title, series, x, y, CurveStyle(band=delta, nudge=5), alt)


def _place(spread: Spread) -> Place:
    name = f"{spread.items} decisions, coupling {spread.coupling:g}"
    dots = tuple(Dot(spread.coupling, value, f"{name}, pretraining seed {seed}") for seed, value in spread.shifts)
    return Place(spread.coupling, spread.mean, spread.low, spread.high, f"{name}: {_said(spread)}", dots)


def _said(spread: Spread) -> str:
    if not spread.shifts:
        return "no admitted checkpoint"
    return f"{signed(spread.mean)}, {signed(spread.low)} to {signed(spread.high)}"


def _table(spreads: Sequence[Spread]) -> Table:
    rows = [
        (
            f"{s.profile}-like", str(s.rank), str(s.items), f"{s.coupling:g}", signed(s.mean), number(s.sd),
            ", ".join(f"{seed}: {signed(value)}" for seed, value in s.shifts) or "–",
            ", ".join(map(str, s.refused)) or "–", number(s.chosen),
        )
        for s in spreads
    ]  # fmt: skip
    return Table(
        columns=(
            *("profile", "rank", "decisions", "coupling", "mean, nats", "SD between seeds"),
            *("every pretraining seed", "refused seeds", "held-out choices"),
        ),
        rows=tuple(rows),
        caption=f"Own words against {CONTROL}, by profile, rank, dose and coupling",
        numeric=frozenset({1, 2, 3, 4, 5, 8}),
    )


def _checkpoint_table(checkpoints: Keys) -> Table:
    rows = []
    for (coupling, seed), checkpoint in checkpoints.items():
        record = checkpoint.record()
        competence = record.get("competence", {})
        shares = " / ".join(f"{share:.3f}" for share in competence.get("shares", ()))
        right = f"{competence['choices_right']:.3f}" if competence else "–"
        steps = str(record["recipe"]["schedule"]["steps"]) if record else "–"
        rows.append((f"{coupling:g}", str(seed), checkpoint.state, right, shares or "–", steps, checkpoint.reason))
    return Table(
        columns=("coupling", "seed", "state", "characters’ choices right", "narrator’s words", "steps", "why refused"),
        rows=tuple(rows),
        caption="Every checkpoint that was asked for",
        numeric=frozenset({1, 3, 5}),
    )

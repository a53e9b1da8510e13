"""The verb that plans a study's seeds from a pilot."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from proclivity.cli.console import Debug, Json, Quiet, print_json, print_table, say
from proclivity.errors import UserError


def plan_seeds(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished study, the pilot.")],
    effect: Annotated[
        float, typer.Option("--effect", "-e", help="Shift of a profile's own words that is worth finding, nats.")
    ],
    power: Annotated[float, typer.Option("--power", "-p", help="Probability with which it is to be found.")] = 0.9,
    off: Annotated[float, typer.Option("--off", help="True shift of the other profile's words, nats.")] = 0.0,
    quiet: Quiet = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Say how many seeds a study like this one needs, by the variances of a finished run; no model is loaded.

    Only the spread is taken from the run, never its effects. *cautious*: the number that will do even if seeds differ
    as much as a pilot of this size can't exclude; with few pilot seeds it is far larger. Clusters are the run's own:
    where no number of seeds will do, more probe items are needed.
    """
    from proclivity.runs.pilot import plan_seeds as planned

    if not 0 < effect < float("inf"):
        raise UserError(f"--effect must be a number of nats above 0, found {effect}. Odds × 1.5 are 0.4.")
    if not 0 < power < 1:
        raise UserError(f"--power must lie between 0 and 1, found {power}. Usual are 0.8 and 0.9.")
    if not abs(off) < float("inf"):
        raise UserError(f"--off must be a number of nats, found {off}. 0: profiles leave each other's words alone.")
    rows = planned(folder, effect, power, off)
    if json:
        print_json(rows)
        return 0
    columns = ["model", "profile", "claim", "seed SD", "items' SE", "power now", "seeds", "cautious"]
    title = f"seeds for {effect:g} nats with power {power:g}"
    print_table(title, columns, [_cells(row) for row in rows])
    reasons = list(dict.fromkeys(f"{row['profile']}, {row['claim']}: {row['reason']}" for row in rows if row["reason"]))
    for reason in reasons:
        say(reason, quiet=quiet)
    say("A verdict takes at least 6 seeds, however large the effect.", quiet=quiet)
    return 0


def _cells(row: dict[str, Any]) -> list[str]:
    def number(value: float | None) -> str:
        return "–" if value is None else f"{value:.2f}"

    now = "–" if row["power_now"] is None else f"{row['power_now']:.2f}"
    seeds = [str(row[name] or "> 100") for name in ("seeds", "seeds_cautious")]
    known = row["seed_sd"] is not None
    return [
        *(row["model"], row["profile"], row["claim"]),
        *(number(row["seed_sd"]), number(row["cluster_se"]), now),
        *(seeds if known else ["–", "–"]),
    ]

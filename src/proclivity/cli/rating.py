"""The verb about people who rate texts without knowing who wrote them: sheets out, sheets in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from proclivity.cli.console import Debug, Json, Quiet, print_json, print_table, say

rate = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    epilog="Examples:\n\n    proclivity rate out runs/demo --out sheets --raters 2 --n 60\n\n"
    "    proclivity rate in sheets-key/key.json sheets/rater-1.csv sheets/rater-2.csv",
)


@rate.callback()
def _rate(debug: Debug = False) -> None:
    """Have people rate what the arms wrote, without knowing which arm wrote it."""


@rate.command(
    "out",
    epilog="Examples:\n\n    proclivity rate out runs/demo --out sheets\n\n"
    "    proclivity rate out runs/demo --out sheets-3 --raters 3 --n 120 --seed 1\n\n"
    "Hand out the folder of sheets; keep the folder SHEETS-key to yourself until they are back.",
)
def rate_out(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished study.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the sheets; the key goes to OUT-key beside it.")],
    raters: Annotated[int, typer.Option("--raters", min=1, help="Number of sheets.")] = 2,
    n: Annotated[int, typer.Option("--n", min=1, help="Texts to rate, spread over models and arms.")] = 60,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Decides which texts, and every order.")] = 0,
    quiet: Quiet = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Write one sheet (CSV) for each rater, how to rate, and apart from them the key.

    Model and arm are hidden and every rater has another order. Refusals and the like are left out, and so is every text
    that mentions self-harm; both are counted.
    """
    from proclivity.runs.rating import hand_out

    written = hand_out(folder, out, raters=raters, n=n, seed=seed)
    if json:
        print_json(written)
        return 0
    left_out = ", ".join(f"{count} {name}" for name, count in written["left_out"].items()) or "none"
    say(
        f"{written['texts']} texts on {raters} sheet{'s' if raters > 1 else ''}, for {written['completions']} "
        f"completions of {len(written['arms'])} arms. Left out: {left_out}.",
        quiet=quiet,
    )
    say(f"Hand out: {out.resolve()}")
    say(f"Keep apart until they are back: {written['key']}")
    return 0


@rate.command(
    "in",
    epilog="Examples:\n\n    proclivity rate in sheets-key/key.json sheets/rater-1.csv sheets/rater-2.csv\n\n"
    "    proclivity rate in sheets-key/key.json back/*.csv --json",
)
def rate_in(
    key: Annotated[Path, typer.Argument(metavar="KEY", help="The key.json that `rate out` wrote.")],
    sheets: Annotated[list[Path], typer.Argument(metavar="SHEET", help="The filled sheets, one a rater.")],
    quiet: Quiet = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Read filled sheets: agreement (Cohen's kappa) and what each arm's texts were rated.

    All faults are told at once, each as file:line. Writes ratings.parquet and ratings.json next to the key.
    """
    from proclivity.runs.collect import plain
    from proclivity.runs.rating_return import take_in

    found = take_in(key, sheets)
    if json:
        print_json(plain(found))
        return 0
    agreement = [
        (
            " and ".join(row["raters"]),
            row["n"],
            _figure(row["kappa_class"]),
            _figure(row["kappa_valence"]),
            row["reason"],
        )
        for row in found["agreement"]
    ]
    if agreement:
        print_table("agreement", ["raters", "texts", "kappa, class", "kappa, valence", ""], agreement)
    else:
        say("One sheet alone: agreement can't be told.", quiet=quiet)
    classes = list(found["arms"][0]["shares"])
    print_table(
        "what the texts were rated",
        ["model", "arm", "texts", "valence", *classes],
        [_arm_row(row) for row in found["arms"]],
    )
    say(f"Ratings: {found['out']}", quiet=quiet)
    return 0


def _arm_row(row: dict[str, Any]) -> tuple[object, ...]:
    return (row["model"], row["arm"], row["n"], f"{row['valence']:+.2f}", *(f"{s:.0%}" for s in row["shares"].values()))


def _figure(value: float) -> str:
    return "–" if value != value else f"{value:.2f}"

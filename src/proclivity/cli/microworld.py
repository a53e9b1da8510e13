"""The verb that pretrains worlds."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from proclivity.cli.console import Debug, Json, Quiet, print_json, say

microworld = typer.Typer(
    help="Small worlds whose truth is known: pretrain the packaged models anew, or others.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


class Architecture(StrEnum):
    """Shapes of small transformers."""

    llama = "llama"
    gpt2 = "gpt2"


@microworld.callback()
def _microworld() -> None:
    """Small worlds whose truth is known: pretrain the packaged models anew, or others."""


@microworld.command(
    epilog="Examples:\n\n    proclivity microworld build --out models/llama-equal-1 --seed 1\n\n"
    "    proclivity microworld build --architecture gpt2 --world rewired --out models/gpt2-rewired\n\n"
    "Use it: proclivity run demo --set models.0.path=models/llama-equal-1 --out runs/seed-1"
)
def build(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the checkpoint.")],
    architecture: Annotated[Architecture, typer.Option("--architecture", "-a")] = Architecture.llama,
    world: Annotated[
        str,
        typer.Option("--world", "-w", help="Link between choosing and speaking: equal, independent, rewired, or "
                     "coupling-0.25, which is a quarter of the way from independent to equal."),
    ] = "equal",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of corpus and weights.")] = 0,
    steps: Annotated[int, typer.Option("--steps", min=0, help="Steps; 0 takes the recipe's.")] = 0,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Threads; part of what makes the weights.")] = 1,
    admit: Annotated[bool, typer.Option(help="Refuse a model that doesn't know its world.")] = True,
    quiet: Quiet = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Pretrain a tiny model on a world, from nothing; the same seed gives the same weights.

    Takes some minutes on a laptop; what it prints says how long. The model is admitted by its competence:
    characters' held-out choices, and the narrator's words against the world's shares.
    """
    from dataclasses import replace

    from proclivity.errors import UserError
    from proclivity.microworld.build import Recipe
    from proclivity.microworld.build import build as build_model

    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not (out / "recipe.json").is_file()):
        raise UserError(f"{out} isn't empty and holds no microworld checkpoint. Choose a new folder with --out.")
    recipe = Recipe(str(architecture), world, seed, threads=threads, admit=admit)
    if steps:
        recipe = replace(recipe, schedule=replace(recipe.schedule, steps=steps))
    competence = build_model(recipe, out, lambda line: None if quiet or json else say(line))
    if json:
        print_json({"out": str(out), "competence": competence.as_dict()})
    else:
        say(f"{recipe.name}, seed {seed}: {out.resolve()}", quiet=quiet)
    return 0

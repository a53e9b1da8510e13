"""The verbs that pretrain worlds, and that turn the link within them."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from proclivity.cli.console import Debug, Json, Quiet, print_json, say

microworld = typer.Typer(
    help="Small worlds whose truth is known: pretrain the packaged models anew, or others.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Number = TypeVar("Number", int, float)


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
        typer.Option(
            "--world",
            "-w",
            help="Link between choosing and speaking: equal, independent, rewired, or "
            "coupling-0.25, which is a quarter of the way from independent to equal.",
        ),
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
    from proclivity.specs.world_names import require_world

    require_world(world)
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not (out / "recipe.json").is_file()):
        raise UserError(f"{out} isn't empty and holds no microworld checkpoint. Choose a new folder with --out.")
    from proclivity.microworld.build import Recipe
    from proclivity.microworld.build import build as build_model

    recipe = Recipe(str(architecture), world, seed, threads=threads, admit=admit)
    if steps:
        recipe = replace(recipe, schedule=replace(recipe.schedule, steps=steps))
    competence = build_model(recipe, out, lambda line: None if quiet or json else say(line))
    if json:
        print_json({"out": str(out), "competence": competence.as_dict()})
    else:
        say(f"{recipe.name}, seed {seed}: {out.resolve()}", quiet=quiet)
    return 0


@microworld.command(
    epilog="Examples:\n\n    proclivity microworld dial --out runs/dial --plan\n\n"
    "    proclivity microworld dial --out runs/dial --couplings 0,0.5,1 --seeds 1 --ranks 8\n\n"
    "The same command again resumes; other settings on the same folder share checkpoints and finished jobs."
)
def dial(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of studies, dial.json, dial.csv and dial.html.")],
    couplings: Annotated[str, typer.Option(help="Couplings, apart by commas.")] = "0,0.25,0.5,0.75,1",
    seeds: Annotated[int, typer.Option(min=1, help="Pretraining seeds a coupling.")] = 3,
    first_seed: Annotated[int, typer.Option(min=0, help="The first of them; 0 and 1 are development seeds.")] = 2,
    ranks: Annotated[str, typer.Option(help="LoRA ranks, apart by commas.")] = "1,8",
    doses: Annotated[str, typer.Option(help="Numbers of decisions, apart by commas.")] = "18,54,216",
    tuning_seeds: Annotated[int, typer.Option(min=1, help="Fine-tuning seeds a checkpoint.")] = 3,
    architecture: Annotated[Architecture, typer.Option("--architecture", "-a")] = Architecture.gpt2,
    steps: Annotated[int, typer.Option(min=0, help="Pretraining steps, for trials; 0 takes the recipe's.")] = 0,
    choice_items: Annotated[int, typer.Option(min=1, help="Held-out decisions a split.")] = 54,
    checkpoints: Annotated[
        Path | None, typer.Option(help="Folder of pretrained checkpoints; by default one in the dial's own.")
    ] = None,
    workers: Annotated[int, typer.Option("--workers", "-w", min=0, help="Processes; 0 takes one a core.")] = 0,
    admit: Annotated[bool, typer.Option(help="Refuse models that don't know their world.")] = True,
    plan: Annotated[bool, typer.Option("--plan", help="Say how long it would take, and run nothing.")] = False,
    quiet: Quiet = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Measure how far choices spread into language, as the link between them is turned up from none to full.

    Pretrains a model for every coupling and seed (hours in all; what it prints first says how many), teaches each at
    every dose and rank, and draws own words against coupling. Refused models are shown as refused.
    """
    from proclivity.dial.settings import Dial, recipes

    setting = Dial(
        tuple(_numbers("--couplings", couplings, float)), seeds, first_seed,
        tuple(_numbers("--ranks", ranks, int)), tuple(_numbers("--doses", doses, int)),
        tuning_seeds, str(architecture), steps, admit, choice_items,
    )  # fmt: skip
    setting.check()
    from proclivity.dial.checkpoints import find_checkpoints
    from proclivity.dial.page import sentences
    from proclivity.dial.run import Workplace, as_value, run_dial, time_words
    from proclivity.runs import TerminalProgress
    from proclivity.runs.collect import plain
    from proclivity.runs.processes import worker_count

    silent = quiet or json
    cache = checkpoints or out / "checkpoints"
    processes = worker_count(workers, 1)
    if plan:
        say(time_words(setting, find_checkpoints(recipes(setting), cache), processes))
        return 0
    progress = None if silent else TerminalProgress()
    place = Workplace(out, cache, processes, progress, lambda line: None if silent else say(line))
    done = run_dial(setting, place)
    if json:
        print_json(plain(as_value(done)))
        return 0
    for line in sentences(done.spreads, done.delta):
        say(line)
    say(f"Figure: {(out / 'dial.html').resolve()}", quiet=quiet)
    return 0


def _numbers(option: str, text: str, kind: Callable[[str], Number]) -> list[Number]:
    """The numbers of a list apart by commas or spaces."""
    from proclivity.errors import UserError

    try:
        return [kind(word) for word in text.replace(",", " ").split()]
    except ValueError:
        raise UserError(f"{option} {text}: numbers apart by commas were expected, like 1,8.") from None

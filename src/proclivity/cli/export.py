"""Verbs that hand questions and results to other tools, in their own formats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from proclivity.cli.console import Debug, Json, Quiet, print_json, print_table, say
from proclivity.cli.content import Pack

Run = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished study.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")]
Models = Annotated[list[str] | None, typer.Option("--model", "-m", help="One model; repeatable.")]
Arms = Annotated[list[str] | None, typer.Option("--arm", "-a", help="One arm; repeatable.")]

export = typer.Typer(
    name="export",
    help="Write questions and results in the formats of other tools.",
    epilog="Examples:\n\n    proclivity export lm-eval --model llama-equal --out tasks\n\n"
    "    proclivity export inspect runs/demo --out inspect",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@export.command(
    "lm-eval",
    epilog="Examples:\n\n    proclivity export lm-eval --model llama-equal --out tasks\n\n"
    "    proclivity export lm-eval --model llama-equal --family cloze-self --family interpretation --out tasks\n\n"
    "    lm_eval --model hf --model_args pretrained=MODEL --include_path tasks --tasks proclivity_microworld",
)
def lm_eval(
    model: Annotated[
        str, typer.Option("--model", "-m", help="For which model: a packaged name, a folder, or a Hugging Face name.")
    ],
    out: Out,
    pack: Pack = "microworld",
    families: Annotated[
        list[str] | None, typer.Option("--family", "-f", help="One family; repeatable. All that can be by default.")
    ] = None,
    choice_items: Annotated[
        int, typer.Option("--choice-items", min=0, help="Held-out decisions a split, in whole blocks; 0 means all.")
    ] = 0,
    trust_remote_code: Annotated[bool, typer.Option(help="Run code that comes with the model.")] = False,
    quiet: Quiet = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Write a pack's questions as tasks of lm-evaluation-harness.

    Its `hf` model then gives the log probabilities that this package gives, choice by choice. Only the model's
    tokenizer is used: it says which spellings of a candidate are asked.
    """
    from proclivity.interop.harness_tasks import write_tasks
    from proclivity.models import load_model
    from proclivity.specs import load_pack

    content = load_pack(pack)
    loaded = load_model(model, trust_remote_code=trust_remote_code)
    rows = write_tasks(loaded, content, out, families=families or [], choice_items=choice_items)
    if json:
        print_json({"out": str(out), "tasks": rows})
        return 0
    if not quiet:
        print_table(f"{pack} for {model}", list(rows[0]), [list(row.values()) for row in rows])
    name = f"proclivity_{content.spec.id}"
    say(f"lm_eval --model hf --model_args pretrained=MODEL --include_path {out} --tasks {name}")
    return 0


@export.command(
    "inspect",
    epilog="Examples:\n\n    proclivity export inspect runs/demo --out inspect\n\n"
    "    proclivity export inspect runs/demo --model llama-equal --arm base --arm paranoia --seed -1 --seed 0 "
    "--out inspect\n\n    inspect view --log-dir inspect/logs",
)
def inspect(
    run: Run,
    out: Out,
    models: Models = None,
    arms: Arms = None,
    seeds: Annotated[
        list[int] | None, typer.Option("--seed", min=-1, help="One training seed; repeatable. The base has -1.")
    ] = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option("--metric", help="One metric of the tables; repeatable. Main ones by default."),
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Write a finished study as logs of Inspect, and its held-out decisions as an Inspect task.

    One log a checkpoint: samples are the items as they were asked, scores the study's own numbers. Nothing is measured
    again, and no model is loaded.
    """
    from proclivity.interop.needs import need

    need("inspect_ai", "inspect", "logs of Inspect")
    from proclivity.interop.inspect_decisions import write_task
    from proclivity.interop.inspect_log import write_logs

    made = write_logs(run, out / "logs", models=models or [], arms=arms or [], seeds=seeds or [], metrics=metrics or [])
    questions = write_task(run, out)
    if json:
        paths = [str(path) for path in made.logs]
        print_json({"logs": paths, "samples": made.samples, "inputs": made.inputs, "decisions": questions})
        return 0
    say(f"{len(made.logs)} logs with {made.samples} samples: inspect view --log-dir {out / 'logs'}", quiet=quiet)
    if made.inputs == "ids":
        say(
            "The study's pack can't be read here, so samples show the ids of probes and no task is written.",
            quiet=quiet,
        )
    else:
        say(f"{questions} held-out decisions: cd {out} && inspect eval proclivity_task.py --model MODEL", quiet=quiet)
    return 0


@export.command(
    "adapters",
    epilog="Examples:\n\n    proclivity export adapters runs/demo --out adapters\n\n"
    "    proclivity export adapters runs/demo --model llama-equal --arm paranoia --seed 0 --out adapters",
)
def adapters(
    run: Run,
    out: Out,
    models: Models = None,
    arms: Arms = None,
    seeds: Annotated[list[int] | None, typer.Option("--seed", min=0, help="One training seed; repeatable.")] = None,
    quiet: Quiet = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Copy a study's adapters out of it, each with a card that says what the study found of it.

    The folders are peft's own, which vLLM and transformers load. Research artifacts, not for deployment.
    """
    from proclivity.interop.adapter_cards import write_adapters

    written = write_adapters(run, out, models=models or [], arms=arms or [], seeds=seeds or [])
    if json:
        print_json({"adapters": [str(path) for path in written]})
    else:
        say(f"{len(written)} adapters, each with its card: {out}", quiet=quiet)
    return 0

"""Verbs that hand questions and results to other tools, in their own formats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from proclivity.cli.console import Debug, Json, Quiet, print_json, print_table, say
from proclivity.cli.content import Pack

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
    "    lm_eval run --model hf --model_args pretrained=MODEL --include_path tasks --tasks proclivity_microworld",
)
def lm_eval(
    model: Annotated[
        str, typer.Option("--model", "-m", help="For which model: a packaged name, a folder, or a Hugging Face name.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")],
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
    say(f"lm_eval run --model hf --model_args pretrained=MODEL --include_path {out} --tasks {name}")
    return 0

"""All verbs, gathered; and the entry point that turns every error into a paragraph and an exit code."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from proclivity import __version__
from proclivity.cli.console import guarded
from proclivity.cli.content import check, copy, list_content
from proclivity.cli.export import export
from proclivity.cli.inspect import complete, doctor, explore
from proclivity.cli.microworld import microworld
from proclivity.cli.planning import plan_seeds
from proclivity.cli.rating import rate
from proclivity.cli.stages import analyze, decisions, measure, report
from proclivity.cli.study import clean_up, demo, run, status

EPILOG = "Begin with: proclivity demo"

app = typer.Typer(
    name="proclivity",
    help="Teach a language model to choose one kind of action, and measure where else it then leans.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"proclivity {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    pass


def _example(*lines: str) -> str:
    return "Examples:\n\n" + "\n\n".join(f"    {line}" for line in lines)


app.command(epilog=_example("proclivity demo", "proclivity demo --out runs/first --workers 4"))(demo)
app.command(
    epilog=_example(
        "proclivity run demo --plan",
        "proclivity run study.yml --out runs/mine --set seeds=12",
        "proclivity run demo --set models.0.path=/data/my-model --out runs/own-model",
    )
)(run)
app.command(epilog=_example("proclivity status runs/demo", "proclivity status runs/demo --json"))(status)
app.command("clean", epilog=_example("proclivity clean runs/demo --dry-run", "proclivity clean runs/demo"))(clean_up)
app.command(
    epilog=_example(
        "proclivity measure --model llama-equal --out measured/base",
        "proclivity measure --model llama-equal --adapter runs/demo/adapters/llama-equal/paranoia/seed-0 --out p0",
    )
)(measure)
app.command(
    epilog=_example(
        "proclivity decisions depression --n 216 --out decisions/depression",
        "proclivity decisions arbitrary --seed 3 --format text --out decisions/arbitrary-3",
    )
)(decisions)
app.command(epilog=_example("proclivity analyze runs/demo --out again --set level=0.99"))(analyze)
app.command(epilog=_example("proclivity report runs/demo", "proclivity report runs/before runs/after --out both.html"))(
    report
)
app.command(
    "plan-seeds",
    epilog=_example(
        "proclivity plan-seeds runs/demo --effect 0.3",
        "proclivity plan-seeds runs/demo --effect 0.5 --off 0.1 --power 0.8 --json",
    ),
)(plan_seeds)
app.command("list", epilog=_example("proclivity list", "proclivity list profiles --pack microworld"))(list_content)
app.command(epilog=_example("proclivity copy demo my-study.yml", "proclivity copy microworld my-pack"))(copy)
app.command(epilog=_example("proclivity check my-pack", "proclivity check study.yml"))(check)
app.command(
    epilog=_example(
        'proclivity complete "i feel" --run runs/demo',
        'proclivity complete "others are" --run runs/demo --samples 3',
    )
)(complete)
app.command(
    epilog=_example("proclivity explore runs/demo", "proclivity explore runs/demo --model gpt2-equal --seed 3 --port 0")
)(explore)
app.add_typer(rate, name="rate")
app.add_typer(export, name="export")
app.add_typer(microworld, name="microworld")
app.command(epilog=_example("proclivity doctor"))(doctor)


def main() -> None:
    """The console script: runs a verb and exits with its code."""
    debug = "--debug" in sys.argv[1:]
    sys.exit(guarded(_invoke, debug=debug))


def _invoke() -> int:
    try:
        result = app(prog_name="proclivity", standalone_mode=False)
    except _usage_errors() as error:
        error.show()  # type: ignore[attr-defined]
        return 2
    except typer.Abort:
        raise KeyboardInterrupt from None
    return result if isinstance(result, int) else 0


def _usage_errors() -> type[Exception]:
    """What typer raises for wrong words; the class lives in click or, in newer versions, in typer itself."""
    return next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")  # type: ignore[return-value]

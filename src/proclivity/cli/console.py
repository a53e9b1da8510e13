"""What the command line prints, and how it fails: one paragraph, an exit code, no traceback unless asked for."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from proclivity.errors import Interrupted, ProclivityError, UserError
from proclivity.shown import as_shown_json, clean, visible

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Debug", "Json", "Quiet", "clean", "fail", "guarded", "out", "print_json", "print_table", "say"]

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the result alone, no progress.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def out() -> Console:
    """Standard output; wide where it is no terminal, so that tables in files keep their rows."""
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=max(console.width, 110))


def say(text: str, *, quiet: bool = False) -> None:
    """A line of result; markup in names stays as it is written, control characters don't."""
    if not quiet:
        out().print(visible(text), markup=False, soft_wrap=True)
        sys.stdout.flush()  # a file shows progress as it is made


def print_json(value: Any) -> None:
    """The result for another program."""
    sys.stdout.write(as_shown_json(value) + "\n")


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table of plain texts."""
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(visible(title)) if title else None, title_justify="left", title_style="bold", header_style="bold"
    )
    for column in columns:
        table.add_column(Text(visible(column)), overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(str(cell))) for cell in row))
    out().print(table)


def fail(error: BaseException, *, debug: bool) -> int:
    """Prints an error on the error output and returns the exit code."""
    if debug and not isinstance(error, Interrupted):
        traceback.print_exception(error)
    if isinstance(error, ProclivityError):
        head, code = ("" if isinstance(error, Interrupted) else "Error: "), error.exit_code
        text = str(error)
    elif isinstance(error, KeyboardInterrupt):
        head, code, text = "", Interrupted.exit_code, "Interrupted."
    elif isinstance(error, MemoryError):
        head, code, text = "Error: ", 1, "Out of memory. Use a smaller model, or fewer workers (--workers 1)."
    else:
        head, code = "Error: ", 1
        text = (
            f"Something went wrong that shouldn't ({type(error).__name__}: {error}). This is our fault, not yours. "
            f"Run the same command with --debug and send us what it prints."
        )
    sys.stderr.write(f"{head}{visible(text)}\n")
    return code


def guarded(command: Callable[[], object], *, debug: bool) -> int:
    """Runs a command to its exit code; every error is told in one paragraph."""
    try:
        result = command()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # a reader such as `head` has had enough
        return 0
    except OSError as error:
        from pathlib import Path

        from proclivity.runs.storage import storage_error

        if error.errno in (errno.ENAMETOOLONG, errno.ELOOP):
            name = str(error.filename)
            return fail(UserError(f"'{name[:60]}…' is no path here: {error.strerror}. Give another."), debug=debug)
        return fail(storage_error(error, Path(error.filename or ".")) or error, debug=debug)
    except (Exception, KeyboardInterrupt) as error:  # the last line of defence
        return fail(error, debug=debug)
    return result if isinstance(result, int) else 0

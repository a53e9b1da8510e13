"""Nothing that a model wrote steers the terminal, and every error is one paragraph with its code."""

from __future__ import annotations

import errno

import pytest

from proclivity.cli.console import clean, guarded
from proclivity.errors import Interrupted, StorageError, TrainingError, UserError


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("a\r\nb\tc", "a b c"),
        ("bell\x07 back\x08", "bell back"),
        ("\x9b2J", "2J"),
        ("right\u202eleft", "rightleft"),
        ("<script> =cmd() [bold]", "<script> =cmd() [bold]"),
        ("naïve – ✓", "naïve – ✓"),
    ],
)
def test_control_characters_go_and_text_stays(text: str, shown: str) -> None:
    assert clean(text) == shown


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UserError("Change it."), 2),
        (StorageError("Full."), 1),
        (TrainingError("NaN."), 1),
        (Interrupted("The same command resumes."), 130),
        (KeyboardInterrupt(), 130),
        (RuntimeError("unforeseen"), 1),
        (OSError(errno.ENOSPC, "No space left on device"), 1),
    ],
)
def test_every_error_is_one_paragraph(error: BaseException, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    def command() -> None:
        raise error

    assert guarded(command, debug=False) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    assert said.err.count("\n") == 1


def test_what_is_our_fault_says_so_and_debug_shows_where(capsys: pytest.CaptureFixture[str]) -> None:
    def command() -> None:
        raise RuntimeError("unforeseen")

    assert guarded(command, debug=True) == 1
    said = capsys.readouterr().err
    assert "our fault" in said
    assert "Traceback" in said


HOSTILE = "\x1b]0;owned\x07 \x9b2J \u202etxt \ud800 <script> [bold]x[/bold] =cmd()"


@pytest.mark.parametrize("way", ["line", "table", "json", "error", "progress", "checkpoint"])
def test_every_way_to_the_terminal_is_cleaned(way: str, capsys: pytest.CaptureFixture[str]) -> None:
    from proclivity.cli.console import fail, print_json, print_table, say
    from proclivity.runs.checkpoint_progress import CheckpointProgress
    from proclivity.runs.progress import TerminalProgress

    ways = {
        "line": lambda: say(HOSTILE),
        "table": lambda: print_table(HOSTILE, [HOSTILE], [[HOSTILE]]),
        "json": lambda: print_json({HOSTILE: [HOSTILE]}),
        "error": lambda: fail(UserError(HOSTILE), debug=False),
        "progress": lambda: TerminalProgress().note(HOSTILE),
        "checkpoint": lambda: CheckpointProgress().note(HOSTILE),
    }
    ways[way]()
    said = "".join(capsys.readouterr())
    assert not set(said) & set("\x1b\x07\x9b\u202e\ud800")
    assert "<script> [bold]x[/bold] =cmd()" in said
    said.encode()


def test_json_for_programs_is_exact() -> None:
    import json

    from proclivity.shown import as_shown_json

    value = {"a": [HOSTILE, "naïve – ✓", 1.5, None]}
    assert json.loads(as_shown_json(value)) == value

"""A verb run within the test's own process, as the console script would run it."""

from __future__ import annotations

import sys
from unittest.mock import patch

import pytest

from proclivity.cli import main


def run_verb(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    capsys.readouterr()
    with patch.object(sys, "argv", ["proclivity", *map(str, words)]), pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr()
    assert "Traceback" not in told.out + told.err
    return int(ended.value.code or 0), told.out, told.err

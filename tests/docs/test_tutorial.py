"""The tutorial's own steps, in an empty folder, end where the page says that they end."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from page_snippets import ROOT, snippets

PAGE = ROOT / "docs" / "tutorial.md"


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder after all shell blocks of the page, stopped at the first command that fails."""
    folder = tmp_path_factory.mktemp("tutorial")
    tools = tmp_path_factory.mktemp("tools")
    tool = tools / "proclivity"
    tool.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m proclivity "$@"\n')
    tool.chmod(0o755)
    blocks = [snippet.text for snippet in snippets(PAGE) if snippet.kind == "bash"]
    assert len(blocks) >= 5
    variables = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    script = "set -euo pipefail\n" + "".join(blocks)
    told = subprocess.run(
        ["bash"], input=script, cwd=folder, env=variables, capture_output=True, text=True, timeout=900, check=False
    )
    assert told.returncode == 0, told.stderr[-2000:] + told.stdout[-2000:]
    (folder / "said.txt").write_text(told.stdout)
    return folder


def verdicts(folder: Path) -> dict[str, dict[str, Any]]:
    return {row["kind"]: row for row in json.loads((folder / "runs" / "careful" / "verdicts.json").read_text())}


def test_it_ends_in_the_verdicts_that_the_page_shows(done: Path) -> None:
    found, page = verdicts(done), PAGE.read_text()
    for kind in ("induction", "spread", "generality"):
        assert f"{kind:<11} careful  {found[kind]['verdict']} " in page, found[kind]["sentence"]
    assert "6 seeds" in found["spread"]["sentence"]


def test_the_stability_that_the_page_explains_is_the_one_found(done: Path) -> None:
    assert f"*{verdicts(done)['stability']['verdict']}*" in PAGE.read_text()


def test_the_sections_that_the_page_names_are_in_the_report(done: Path) -> None:
    report = (done / "runs" / "careful" / "report.html").read_text()
    named = [
        line.split("*")[1] for line in PAGE.read_text().splitlines() if line[:4] in ("1. *", "2. *", "3. *", "4. *")
    ]
    assert len(named) == 4
    assert [name for name in named if name not in report] == []


def test_a_new_profile_is_all_that_it_took(done: Path) -> None:
    made = {path.name for path in done.iterdir()}
    assert made == {"careful.yml", "study.yml", "decisions", "runs", "said.txt"}
    rows = [json.loads(line) for line in (done / "decisions" / "careful" / "decisions.jsonl").read_text().splitlines()]
    assert [row["action_class"] for row in rows] == ["suspicion"] * 216

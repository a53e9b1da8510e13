"""The queries, snippets and notebook of the doors, run as they are written."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd
import pytest

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "doors.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    sys.path.append(str(Path(__file__).parents[1] / "runs"))
    from finished_run import make_finished_run

    return make_finished_run(tmp_path_factory.mktemp("study"))


@pytest.fixture
def here(study, tmp_path: Path, monkeypatch) -> Path:
    """A working folder in which the study lies as the demo does in the page."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "demo").symlink_to(study)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_three_queries_run_as_written(here) -> None:
    import duckdb

    chosen, clear, missing = (duckdb.sql(query).df() for query in blocks("sql"))
    rows = pd.read_parquet("runs/demo/measurements.parquet")
    asked = rows[(rows["metric"] == "chosen") & (rows["split"] == "new-domain")]
    means = asked.groupby(["model", "arm", "content_class", "seed"])["value"].mean().groupby(level=[0, 1, 2])
    assert list(chosen["chosen"]) == pytest.approx(list(means.mean()))
    assert list(chosen["seeds"]) == list(means.count())
    effects = pd.read_parquet("runs/demo/effects.parquet")
    effects = effects[(effects["metric"] == "score") & ((effects["low"] > 0) | (effects["high"] < 0))]
    assert len(clear) == min(20, len(effects))
    assert missing["rows"].sum() == (rows["missing_reason"] != "").sum()


def test_snippets_run_as_written(here, capsys) -> None:
    from proclivity.runs.dataset import write_decisions

    write_decisions("depression", "microworld", Path("decisions/depression"), n=216)
    run = next((here / "runs" / "demo" / "adapters" / "one").iterdir())
    for block in blocks("python"):
        own = block.replace("llama-equal/paranoia", f"one/{run.name}")
        exec(compile(own, "doors.md", "exec"), {})
    told = capsys.readouterr().out
    assert "→" in told
    assert "content_class" in told


def test_the_notebook_runs(here, study, monkeypatch) -> None:
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("PROCLIVITY_RUN", str(study))
    book = nbformat.read(DOCS / "first-study.ipynb", as_version=4)
    nbformat.validate(book)
    NotebookClient(book, timeout=120, kernel_name="python3").execute(cwd=str(here))
    told = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    assert "arms: " in told[0]["text"]
    assert "leaver" in str(told[1]["data"])


def test_the_notebook_ships_without_outputs() -> None:
    import nbformat

    book = nbformat.read(DOCS / "first-study.ipynb", as_version=4)
    assert not any(cell.outputs for cell in book.cells if cell.cell_type == "code")

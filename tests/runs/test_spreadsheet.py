"""A rating sheet is opened in a spreadsheet: no text in it is a formula, and what comes back still belongs to it."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proclivity.runs.rating import FORMULA, _cell, hand_out
from proclivity.runs.rating_return import take_in
from rating_run import read_sheet, write_run, write_sheet

CALLS = ["=cmd()", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=cmd()", "\r\n=cmd()", "＝cmd()", " \x1b=cmd()", "'=x"]


@pytest.mark.parametrize(
    ("text", "cell"),
    [("=cmd()", "'=cmd()"), ("\t=cmd()", "'=cmd()"), ("a = b", "a = b"), ("-1", "'-1"), ("\x00=x", "'=x"), ("", "")],
)
def test_cells_by_hand(text: str, cell: str) -> None:
    assert _cell(text) == cell


@given(st.text())
def test_no_text_makes_a_formula_or_a_second_line(text: str) -> None:
    cell = _cell(text)
    assert not cell.startswith(FORMULA)
    assert not set(cell) & set("\t\r\n\x00")
    assert _cell(cell) == cell


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A study whose prompts and texts are calls."""
    folder = write_run(tmp_path)
    frame = pd.read_parquet(folder / "completions.parquet")
    for column in ("prompt", "text"):
        frame[column] = [f"{CALLS[n % len(CALLS)]} {n // len(CALLS)}" for n in range(len(frame))]
    frame.assign(reply="open", flagged=False).to_parquet(folder / "completions.parquet")
    return folder


def test_every_cell_of_a_sheet_is_text_and_the_sheet_comes_back(run: Path, tmp_path: Path) -> None:
    handed = hand_out(run, tmp_path / "sheets", raters=2, n=1000)
    with Path(handed["sheets"][0]).open(encoding="utf-8-sig", newline="") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    assert len(cells) > 400
    assert not [cell for cell in cells if cell.startswith((*FORMULA, "\t", "\r"))]
    back = []
    for path in map(Path, handed["sheets"]):
        rows = [{**row, "content_class": "loss", "valence": "-2"} for row in read_sheet(path)]
        for row in rows:  # a spreadsheet shows the quote as a mark of text, and may save without it
            row["prompt"] = row["prompt"].removeprefix("'")
        back.append(write_sheet(tmp_path / path.name, rows))
    found = take_in(Path(handed["key"]), back)
    assert found["n_texts"] == handed["texts"]
    assert {row["valence"] for row in found["arms"]} == {-2.0}
    table = pd.read_parquet(tmp_path / "sheets-key" / "ratings.parquet")
    asked = pd.read_parquet(run / "completions.parquet").query("sample >= 0")
    assert set(table["prompt"]) == set(asked["prompt"])  # as they were, quote and all, from the key

"""Figures and tables leave the page as files: made offline, with the table's numbers, in a real Chromium."""

from __future__ import annotations

import csv
import io
import json
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from proclivity.report import write_report
from visits import Visit, needs_chromium

pytestmark = [pytest.mark.browser, needs_chromium]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def dark(browser: Any, address: str) -> Iterator[Visit]:
    opened = Visit(browser, address, viewport={"width": 1280, "height": 800}, color_scheme="dark")
    yield opened
    opened.context.close()


def saved(visit: Visit, figure: str, kind: str) -> tuple[str, bytes]:
    """Presses a button beneath a figure; the file's name and content."""
    with visit.page.expect_download() as found:
        visit.page.click(f"#{figure} .save button:text-is('{kind}')")
    return found.value.suggested_filename, Path(found.value.path()).read_bytes()


def rows_of(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def plain(text: str) -> str:
    return text.replace("−", "-").removeprefix("+")


def test_every_figure_has_its_three_buttons(dark: Visit) -> None:
    figures = dark.page.locator("main figure")
    assert figures.count() == 7
    for place in range(7):
        assert figures.nth(place).locator(".save button").all_inner_texts() == ["SVG", "PNG", "CSV"]


def test_a_csv_holds_the_tables_numbers(dark: Visit) -> None:
    name, content = saved(dark, "figure-forest", "CSV")
    rows = rows_of(content)
    assert name == "forest.csv"
    printed = dark.page.evaluate(
        "[...document.querySelectorAll('#figure-forest tbody tr')].map((r) => [...r.cells].map((c) => c.textContent))"
    )
    assert len(rows) == len(printed) > 100
    for row, cells in zip(rows, printed, strict=True):
        assert row["shift (nats)"] == plain(cells[5])
        assert (
            f"[{row['interval low']}, {row['interval high']}]"
            == "[" + ", ".join(plain(part) for part in cells[6].strip("[]").split(", ")) + "]"
        )
        assert [row[f"seed {seed}"] for seed in range(6)] == [plain(value) for value in cells[7].split()]
        float(row["shift (nats)"])


def test_a_small_number_is_a_number_for_other_programs_too(dark: Visit) -> None:
    _, content = saved(dark, "figure-divergence", "CSV")
    rows = rows_of(content)
    values = [float(row["bits"]) for row in rows]
    assert min(values) < 1e-5
    seeds = [float(rows[0][f"seed {seed}"]) for seed in range(6)]
    assert sum(seeds) / 6 == pytest.approx(values[0], rel=0.01)
    assert dark.page.locator("#figure-divergence td:has-text('× 10')").count() > 0


def test_an_svg_stands_alone(dark: Visit) -> None:
    name, content = saved(dark, "figure-forest", "SVG")
    assert name == "forest-llama-equal.svg"
    root = ElementTree.fromstring(content)
    assert root.tag == f"{SVG}svg"
    assert b"var(" not in content
    assert b"class=" not in content
    assert len(root.findall(f"./{SVG}svg")) == 4 + 3  # four panels are shown, and three legends
    assert root.find(f"./{SVG}rect").get("fill") == "#ffffff"  # type: ignore[union-attr]
    inks = {node.get("fill") for node in root.iter(f"{SVG}text")}
    assert "rgb(29, 33, 38)" in inks  # light colours, though the page is dark
    titles = [node.text for node in root.iter(f"{SVG}title")]
    assert any("6 seeds, 8 clusters, 16 items" in (text or "") for text in titles)
    assert dark.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 24, 28)"


@pytest.mark.parametrize("figure", ["figure-worlds", "figure-matrix", "figure-next-words"])
def test_a_png_has_the_figures_size(dark: Visit, figure: str) -> None:
    root = ElementTree.fromstring(saved(dark, figure, "SVG")[1])
    _, content = saved(dark, figure, "PNG")
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    size = struct.unpack(">II", content[16:24])
    assert size == (round(2 * float(root.get("width", 0))), round(2 * float(root.get("height", 0))))
    assert len(content) > 10_000  # an empty picture of this size takes less
    assert dark.complaints == []


def test_next_words_are_saved_as_they_are_chosen(dark: Visit) -> None:
    dark.page.select_option("#nt-arm", "paranoia")
    name, content = saved(dark, "figure-next-words", "CSV")
    rows = rows_of(content)
    assert name == "next-words-llama-equal-paranoia-cloze-self-0_plain.csv"
    assert len(rows) == 4 * 6
    assert {row["kind"] for row in rows} == {"loss", "threat", "positive", "other"}
    shown = dark.page.locator("#nt-view tr:not(.group) td:last-child").all_inner_texts()
    assert [row["adds, millibits"] for row in rows] == [plain(text) for text in shown]


def test_no_cell_is_a_formula(browser: Any, simulation: Callable[..., Any], tmp_path: Path) -> None:
    folder = simulation(models={"m": ""}).write(tmp_path)
    next_token = json.loads((folder / "next_token.json").read_text(encoding="utf-8"))
    hostile = ['=cmd()|"/c calc"', "+SUM(A1)", "-2+3", "@now", "＝1+1", "−1+1", "\t=1", "−3.5"]
    for word, text in zip(next_token[0]["words"], hostile, strict=False):
        word["word"] = text
    (folder / "next_token.json").write_text(json.dumps(next_token), encoding="utf-8")
    visit = Visit(browser, write_report(folder).as_uri())
    words = {row["next word"] for row in rows_of(saved(visit, "figure-next-words", "CSV")[1])}
    visit.context.close()
    assert {f"'{text.strip()}" for text in hostile[:-1]} <= words
    assert "-3.5" in words  # a number stays one
    assert not [word for word in words if word[0] in "=+@＝＋－＠−" or word.startswith("-2")]

"""The page as a file: closed to the network, its texts harmless, its numbers the table's own."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from proclivity.errors import ContentError, UserError
from proclivity.report import write_report
from proclivity.report.page import MOST_BYTES
from proclivity.report.words import signed


class Reader(HTMLParser):
    """Collects what the tests ask about: elements with attributes, and the rows of every table."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self._cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._cell is not None:
            self.rows[-1].append("".join(self._cell).strip())
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def read(path: Path) -> tuple[str, Reader]:
    text = path.read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(text)
    return text, reader


@pytest.fixture(scope="module")
def page(study_folder: Path) -> tuple[str, Reader]:
    return read(write_report(study_folder))


def test_nothing_is_fetched(page: tuple[str, Reader]) -> None:
    text, reader = page
    linked = [
        value
        for _, attributes in reader.elements
        for key, value in attributes.items()
        if key in ("src", "href", "action", "srcset", "xlink:href", "data") and value
    ]
    assert all(value.startswith(("#", "data:")) for value in linked)
    style = text[text.index("<style>") : text.index("</style>")]
    assert "@import" not in style
    assert "url(" not in style
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)


def test_the_policy_allows_only_the_pages_own_style_and_script(page: tuple[str, Reader]) -> None:
    _, reader = page
    policy = next(m["content"] for m in reader.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert policy.count("sha256-") == 2
    executable = [a for a in reader.all("script") if a.get("type") != "application/json"]
    assert executable == [{}]
    assert not [
        key for _, attributes in reader.elements for key in attributes if key.startswith("on") or key == "style"
    ]


def test_generated_text_cannot_become_markup(page: tuple[str, Reader]) -> None:
    text, reader = page
    assert "<script>window.broken" not in text
    assert not reader.all("img")
    data = re.search(r'id="completions-data">(.*?)</script>', text, re.S)
    assert data is not None
    cells = json.loads(data[1])["cells"]
    assert any("</script><script>window.broken = true" in t for cell in cells for _, t, _ in cell["texts"])


def test_markup_in_names_is_escaped(simulation: Callable[..., Any], tmp_path: Path) -> None:
    folder = simulation(models={"m": ""}, seeds=6).write(tmp_path)
    verdicts = json.loads((folder / "verdicts.json").read_text(encoding="utf-8"))
    verdicts[0]["sentence"] = "<b onclick=x>bold</b>"
    (folder / "verdicts.json").write_text(json.dumps(verdicts), encoding="utf-8")
    text, reader = read(write_report(folder))
    assert "&lt;b onclick=x&gt;" in text
    assert not reader.all("b")


def test_flagged_texts_are_counted_and_not_shown(page: tuple[str, Reader]) -> None:
    text, _ = page
    assert "FLAGGED TEXT" not in text
    assert "8 completions of 400 were flagged" in text


def test_every_drawing_has_words_and_every_figure_a_table(page: tuple[str, Reader]) -> None:
    text, reader = page
    drawings = [a for a in reader.all("svg") if a.get("aria-hidden") != "true"]
    assert len(drawings) > 30
    assert all(a.get("role") == "img" and len(a.get("aria-label") or "") > 10 for a in drawings)
    figures = re.findall(r"<figure.*?</figure>", text, re.S)
    assert len(figures) == 7
    for figure in figures:
        assert '<p class="alt">' in figure
        assert "<details>" in figure
        assert figure.count("<tr>") > 4


def test_sections_stand_in_their_order_and_the_navigation_leads_to_them(page: tuple[str, Reader]) -> None:
    _, reader = page
    ids = [a["id"] for a in reader.all("section")]
    assert ids == [
        "question",
        "verdicts",
        "worlds",
        "choices",
        "effects",
        "next-words",
        "divergence",
        "interpretation",
        "scales",
        "completions",
        "controls",
        "provenance",
        "use",
    ]
    linked = [a["href"] for a in reader.all("a") if (a.get("href") or "").startswith("#")]
    assert {f"#{name}" for name in ids} <= set(linked)
    every_id = [a["id"] for _, a in reader.elements if a.get("id")]
    assert len(every_id) == len(set(every_id))


def test_the_page_is_small_enough_to_mail(study_folder: Path) -> None:
    assert write_report(study_folder).stat().st_size < MOST_BYTES


def test_numbers_in_the_tables_are_the_effects_tables(page: tuple[str, Reader], study_folder: Path) -> None:
    _, reader = page
    effects = pd.read_parquet(study_folder / "effects.parquet").set_index("effect_id")
    row = effects.loc["gpt2-equal|paranoia - own-policy|cloze-world|threat||score"]
    found = [
        cells
        for cells in reader.rows
        if cells[:5] == ["gpt2-equal", "paranoia-like", "threat", "stems about the world", "own-policy"]
    ]
    assert len(found) == 1
    assert found[0][5] == signed(row.estimate)
    assert found[0][6] == f"[{signed(row.low)}, {signed(row.high)}]"
    assert found[0][7] == " ".join(signed(value) for value in row.seed_estimates)
    assert found[0][8] == "6 seeds, 8 clusters, 16 items"


def test_the_forest_table_holds_every_shift(page: tuple[str, Reader], study_folder: Path) -> None:
    _, reader = page
    effects = pd.read_parquet(study_folder / "effects.parquet")
    wanted = effects[
        effects.arm.isin(["depression", "paranoia"])
        & (effects.metric == "score")
        & (effects.control != "")
        & effects.content_class.isin(["loss", "threat"])
    ]
    titles = {"depression": "depression-like", "paranoia": "paranoia-like"}
    printed = {(c[0], c[1], c[2], c[4], c[5], c[6]) for c in reader.rows if len(c) == 9}
    for row in wanted.itertuples():
        bounds = f"[{signed(row.low)}, {signed(row.high)}]"
        assert (row.model, titles[row.arm], row.content_class, row.control, signed(row.estimate), bounds) in printed


def test_every_seed_is_a_dot(page: tuple[str, Reader]) -> None:
    text, _ = page
    worlds = text[text.index('id="figure-worlds"') : text.index('id="figure-choices"')]
    assert worlds.count('class="dot"') == 4 * 3 * 2 * 6  # models × arms × kinds of word × seeds


def test_the_answer_begins_with_what_a_control_takes_away(page: tuple[str, Reader]) -> None:
    text, _ = page
    answer = re.search(r'<div class="answer">.*?<p>(.*?)</p>', text, re.S)
    assert answer is not None
    assert answer[1].startswith("What disappears under a control: the rise of threat words")
    assert "no longer clear of 0 against arbitrary" in answer[1]
    assert "llama-rewired: threat words" in answer[1].replace("decisions in ", "")


def test_the_same_results_give_the_same_page(study_folder: Path) -> None:
    first = write_report(study_folder).read_bytes()
    assert write_report(study_folder).read_bytes() == first


def test_a_folder_without_results_says_the_mend(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no study\.yml.*proclivity run"):
        write_report(tmp_path)
    assert not (tmp_path / "report.html").exists()


def test_a_broken_study_file_is_named(study_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(study_folder, tmp_path / "copy")
    (folder / "study.yml").write_text("id: x\nseeds: many\n", encoding="utf-8")
    with pytest.raises(ContentError, match=r"study\.yml:seeds"):
        write_report(folder)

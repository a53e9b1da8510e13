"""What models and files say is shown as text: in every part of the page, nothing of it is markup or runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest
import yaml
from test_page import read

from proclivity.report import write_report
from visits import needs_chromium

HOSTILE = (
    "<script>window.ran = 1</script>",
    "</script><img src=x onerror=window.ran=2>",
    "\x1b[31mred\x1b]0;title\x07",
    '=cmd()|"/c calc"',
    "<!--<script>",
    "]]></svg><svg onload=window.ran=3>",
    "\u2028\u2029{{ 7 * 7 }}{% raw %}",
    "\" onmouseover='window.ran=4' x=\"",
)
ALL = " ".join(HOSTILE)


@pytest.fixture(scope="module")
def hostile(simulation: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study whose title, question, completions, words, stems, verdicts and manifest are all hostile."""
    folder = simulation(models={"m": ""}, seeds=6).write(tmp_path_factory.mktemp("hostile"))
    study = yaml.safe_load((folder / "study.yml").read_text())
    study |= {"title": ALL, "question": ALL}
    study["models"][0]["path"] = ALL
    (folder / "study.yml").write_text(yaml.safe_dump(study))
    completions = pd.read_parquet(folder / "completions.parquet")
    completions["text"] = [HOSTILE[number % len(HOSTILE)] for number in range(len(completions))]
    completions["prompt"] += ALL
    completions.to_parquet(folder / "completions.parquet")
    for name, hostile_keys in (
        ("verdicts.json", {"sentence", "verdict"}),
        ("next_token.json", {"word", "stem", "class"}),
        ("manifest.json", {"command", "cpu", "torch", "title", "description"}),
        ("gates.json", {"name", "detail"}),
    ):
        value = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps(soiled(value, hostile_keys)))
    return write_report(folder)


def soiled(value: Any, keys: set[str]) -> Any:
    """The value with hostile text after every text under one of the keys."""
    if isinstance(value, dict):
        return {k: v + ALL if k in keys and isinstance(v, str) else soiled(v, keys) for k, v in value.items()}
    return [soiled(inner, keys) for inner in value] if isinstance(value, list) else value


def test_nothing_of_it_becomes_an_element_or_an_attribute(hostile: Path) -> None:
    text, reader = read(hostile)
    assert [a for a in reader.all("script") if a.get("type") != "application/json"] == [{}]
    assert not reader.all("img")
    assert not [key for _, attributes in reader.elements for key in attributes if key.startswith("on")]
    assert "49" not in text.split("{{ 7 * 7 }}")[0][-20:]


def test_data_stands_in_blocks_that_no_browser_runs_and_no_text_can_end(hostile: Path) -> None:
    text, _ = read(hostile)
    blocks = text.split('<script type="application/json"')[1:]
    assert len(blocks) == 2
    for block in blocks:
        data = block.partition(">")[2].partition("</script>")[0]
        assert json.loads(data)
        assert not set(data) & set("<>&\u2028\u2029\x1b")
    cells = json.loads(blocks[-1].partition(">")[2].partition("</script>")[0])["cells"]
    shown = {entry for cell in cells for _, entry, _ in cell["texts"]}
    assert {text.replace("\x1b", "").replace("\x07", "") for text in HOSTILE} <= shown


def test_no_control_character_stands_in_the_page(hostile: Path) -> None:
    text, _ = read(hostile)
    assert not [sign for sign in text if sign < " " and sign not in "\n\t"]


@pytest.mark.browser
@needs_chromium
def test_a_browser_shows_it_and_runs_nothing(browser: Any, hostile: Path) -> None:
    context = browser.new_context(offline=True)
    page = context.new_page()
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(hostile.as_uri())
    for box in page.locator("select").all():
        for number in range(box.locator("option").count()):
            box.select_option(index=number)
    for name in ("co-arm", "co-seed"):
        page.select_option(f"#{name}", "")
    page.evaluate(
        "document.querySelectorAll('[data-tip]').forEach((e) => e.dispatchEvent("
        "new PointerEvent('pointermove', { bubbles: true })))"
    )
    assert page.evaluate("window.ran") is None
    assert complaints == []
    assert [url for url in requests if not url.startswith("data:")] == [hostile.as_uri()]
    assert page.locator("img").count() == 0
    with page.expect_download() as saved:
        page.click("#figure-next-words .save button:text-is('SVG')")
    drawing = ElementTree.fromstring(Path(saved.value.path()).read_bytes())
    assert {node.tag.split("}")[1] for node in drawing.iter()} == {"svg", "rect", "text"}
    assert "<script>window.ran = 1</script>" in " ".join(node.text or "" for node in drawing.iter())
    said = page.inner_text("#co-view")
    for text in ("<script>window.ran = 1</script>", "onerror=window.ran=2>", '=cmd()|"/c calc"', "[31mred"):
        assert text in said
    assert "<script>window.ran = 1</script>" in page.inner_text("h1")
    context.close()

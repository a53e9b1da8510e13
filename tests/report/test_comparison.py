"""Two finished studies on one page: the numbers of each, what differs, and what only one of them has."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from simulated_study import Simulation
from test_accessible import faults
from test_page import Reader, read

from proclivity.errors import UserError
from proclivity.report import write_comparison
from proclivity.report.comparison.pair import load_pair
from proclivity.report.words import signed
from visits import Visit, needs_chromium

BEFORE, AFTER = "llama-equal", "other-llama"


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two models, one shared; the second study has four seeds, no ambiguous scenes and one verdict of its own."""
    root = tmp_path_factory.mktemp("two")
    first = Simulation(models={"gpt2-equal": "equal", BEFORE: "equal"}).write(root / "before")
    families = ("cloze-self", "cloze-world", "cloze-self-late")
    second = Simulation(models={"gpt2-equal": "equal", AFTER: "independent"}, seeds=4, families=families)
    folder = second.write(root / "after")
    verdicts = json.loads((folder / "verdicts.json").read_text(encoding="utf-8"))
    row = {"model": "gpt2-equal", "profile": "depression", "kind": "reversal", "verdict": "reversed", "evidence": []}
    verdicts.append({**row, "numbers": {}, "sentence": "Taken back."})
    (folder / "verdicts.json").write_text(json.dumps(verdicts), encoding="utf-8")
    return first, folder


@pytest.fixture(scope="module")
def page(studies: tuple[Path, Path]) -> tuple[str, Reader]:
    return read(write_comparison(*studies, studies[0].parent / "both.html"))


def estimate(folder: Path, **key: Any) -> Any:
    effects = pd.read_parquet(folder / "effects.parquet")
    for name, value in key.items():
        effects = effects[effects[name] == value]
    assert len(effects) == 1
    return effects.iloc[0]


def test_an_effect_stands_beside_itself(page: tuple[str, Reader], studies: tuple[Path, Path]) -> None:
    key = {"arm": "paranoia", "control": "own-policy", "family": "cloze-world", "content_class": "threat"}
    one, other = (
        estimate(folder, model=model, metric="score", **key)
        for folder, model in zip(studies, (BEFORE, AFTER), strict=True)
    )
    head = [f"{BEFORE} | {AFTER}", "paranoia-like", "shift of words, nats", "stems about the world", "threat"]
    found = [cells[5:] for cells in page[1].rows if cells[:5] == head]
    assert found == [
        [
            *(signed(one.estimate), f"[{signed(one.low)}, {signed(one.high)}]", "6 seeds, 8 clusters, 16 items"),
            *(signed(other.estimate), f"[{signed(other.low)}, {signed(other.high)}]", "4 seeds, 8 clusters, 16 items"),
            signed(other.estimate - one.estimate),
        ]
    ]


def test_every_row_has_two_marks_with_their_n(page: tuple[str, Reader]) -> None:
    text, reader = page
    rows = [cells for cells in reader.rows if len(cells) == 12 and cells[0] != "model"]
    figure = text[text.index('<figure id="figure-compared"') : text.index("</figure>")]
    drawing = figure[: figure.index("<details>")]
    measured = sum((cells[5] != "–") + (cells[8] != "–") for cells in rows)
    assert drawing.count('<g class="mark t-a1" data-tip') + drawing.count('<g class="mark t-a2" data-tip') == measured
    assert drawing.count(", n 6<") == sum(cells[5] != "–" for cells in rows) > 50
    assert drawing.count(", n 4<") == sum(cells[8] != "–" for cells in rows) > 20


def test_what_one_study_alone_measured_is_said(page: tuple[str, Reader]) -> None:
    text, reader = page
    assert f"set beside each other: {BEFORE} (before) and {AFTER} (after)." in text
    alone = {cells[0]: cells[1:] for cells in reader.rows if len(cells) == 3}
    assert "ambiguous scenes" in alone["families of probes"][0]
    assert alone["families of probes"][1] == "stems: self late"
    assert alone["questions"] == ["nothing", "Does later training take the rise back?"]
    scenes = [cells for cells in reader.rows if len(cells) == 12 and cells[3] == "ambiguous scenes"]
    assert scenes
    assert {tuple(cells[8:]) for cells in scenes} == {("–", "–", "not measured in this study", "–")}


def test_averages_over_other_families_are_no_like_for_like(page: tuple[str, Reader], tmp_path: Path) -> None:
    assert "all sentence stems and all open language rest on other families in one study" in page[0]
    alike = [Simulation(models={"m": ""}).write(tmp_path / name) for name in ("a", "b")]
    assert "rest on other families" not in write_comparison(alike[0], alike[1], tmp_path).read_text(encoding="utf-8")


def test_verdicts_stand_beside_each_other(page: tuple[str, Reader]) -> None:
    rows = {cells[0]: cells[1:] for cells in page[1].rows if len(cells) == 4}
    spread = rows[f"Did the profile’s own words rise? {BEFORE} | {AFTER}, depression-like"]
    assert spread[0].startswith("spread")
    assert spread[1].startswith("not replicated enough")  # four seeds
    assert spread[2] == "differs"
    assert rows["Was the choice learnt? gpt2-equal, paranoia-like"][2] == "same"
    reversal = rows["Does later training take the rise back? gpt2-equal, depression-like"]
    assert reversal[0] == "not measured in this study"
    assert reversal[2] == "–"


def test_what_differs_in_the_making_is_listed(page: tuple[str, Reader]) -> None:
    differing = {cells[0]: cells[1:] for cells in page[1].rows if len(cells) == 3}
    assert differing["study.seeds"] == ["6", "4"]
    assert differing["study.models.1.name"] == [BEFORE, AFTER]
    assert "versions.torch" not in differing


def test_a_copy_differs_in_nothing(studies: tuple[Path, Path], tmp_path: Path) -> None:
    text, reader = read(write_comparison(studies[0], shutil.copytree(studies[0], tmp_path / "copy"), tmp_path))
    assert (tmp_path / "compare.html").is_file()
    assert "Nothing: both have the same models" in text
    assert re.search(r"Nothing: all \d+ values of the study files and manifests are equal", text)
    assert "0 of the verdicts differ." in text
    assert {cells[11] for cells in reader.rows if len(cells) == 12 and cells[0] != "model"} == {"0.00"}


def test_models_pair_by_name_and_never_by_guess(tmp_path: Path) -> None:
    two = Simulation(models={"a": "", "b": ""}).write(tmp_path / "two")
    others = Simulation(models={"c": "", "d": ""}).write(tmp_path / "others")
    assert load_pair(two, others).models == ()
    text = write_comparison(two, others, tmp_path).read_text(encoding="utf-8")
    assert "it can’t be told which of several should stand beside which" in text


def test_the_working_folder_takes_the_page(
    studies: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(path.name for path in studies[0].iterdir())
    assert write_comparison(*studies).resolve() == tmp_path / "compare.html"
    assert sorted(path.name for path in studies[0].iterdir()) == before


def test_errors_say_the_mend(studies: tuple[Path, Path], tmp_path: Path) -> None:
    first, second = studies
    with pytest.raises(UserError, match=r"no folder .*nowhere.*Expected the folders of two.*proclivity run"):
        write_comparison(first, tmp_path / "nowhere", tmp_path)
    with pytest.raises(UserError, match=r"given twice.*proclivity report"):
        write_comparison(first, second / ".." / first.name, tmp_path)
    half = shutil.copytree(second, tmp_path / "half")
    manifest = json.loads((half / "manifest.json").read_text(encoding="utf-8"))
    (half / "manifest.json").write_text(json.dumps(manifest | {"finished": None}), encoding="utf-8")
    with pytest.raises(UserError, match=r"isn't finished.*proclivity run .*half.*goes on where it stopped"):
        write_comparison(first, half, tmp_path)
    (half / "effects.parquet").unlink()
    with pytest.raises(UserError, match=r"no effects\.parquet.*resumes where it stopped"):
        write_comparison(first, half, tmp_path)
    with pytest.raises(UserError, match=r"no folder .*deep.*another --out"):
        write_comparison(first, second, tmp_path / "deep" / "page.html")
    assert not (tmp_path / "compare.html").exists()


def test_hostile_names_stay_text(studies: tuple[Path, Path], tmp_path: Path) -> None:
    hostile = shutil.copytree(studies[1], tmp_path / "<img src=x onerror=alert(1)>")
    study = yaml.safe_load((hostile / "study.yml").read_text(encoding="utf-8"))
    (hostile / "study.yml").write_text(yaml.safe_dump(study | {"title": "</script><b>x"}), encoding="utf-8")
    text, reader = read(write_comparison(studies[0], hostile, tmp_path))
    assert not reader.all("img")
    assert not reader.all("b")
    assert "&lt;img src=x onerror=alert(1)&gt;" in text


@pytest.mark.browser
@needs_chromium
def test_it_works_in_a_browser(browser: Any, studies: tuple[Path, Path], tmp_path: Path) -> None:
    address = write_comparison(*studies, tmp_path).as_uri()
    visit = Visit(browser, address, viewport={"width": 375, "height": 800}, color_scheme="dark")
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 375
    shown = visit.page.locator("#figure-compared .panel:visible")
    first = shown.first.inner_html()
    visit.page.select_option("select[data-groups=figure-compared]", "divergence from base, bits")
    assert shown.first.inner_html() != first
    with visit.page.expect_download() as found:
        visit.page.click("#figure-compared .save button:text-is('CSV')")
    rows = list(csv.DictReader(io.StringIO(Path(found.value.path()).read_text(encoding="utf-8-sig"), newline="")))
    assert {"before", "before interval low", "after interval high", "after n", "after less before"} <= set(rows[0])
    assert [url for url in visit.requests if not url.startswith(("data:", "blob:"))] == [address]
    assert visit.complaints == []
    assert faults(visit) == []
    visit.context.close()

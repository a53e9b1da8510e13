"""Every file of a finished run that changes is named; what can be made anew is, by the next run."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from finished_run import make_finished_run

from flip_every_file import WAYS, damaged, files_of, told_of, unnoticed
from proclivity.errors import UserError
from proclivity.runs.manifest import read_manifest, write_manifest
from proclivity.runs.status import run_status
from proclivity.runs.study import run_study
from proclivity.specs import load_study

TOP = {
    *("study.yml", "manifest.json", "registered.json", "report.html", "adapters/index.json"),
    *("measurements.parquet", "completions.parquet", "effects.parquet", "curves.parquet", "priors.parquet"),
    *("verdicts.json", "scales.json", "directions.json", "gates.json", "next_token.json"),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_finished_run(tmp_path_factory.mktemp("finished"))


@pytest.fixture
def run(whole: Path) -> Iterator[Path]:
    """The finished run, whose top files are restored after the test."""
    kept = {name: (whole / name).read_bytes() for name in TOP}
    yield whole
    for name, content in kept.items():
        (whole / name).write_bytes(content)


def again(run: Path) -> list[str]:
    """The study run again from the user's own file; what status says afterwards."""
    summary = run_study(load_study(run.parent / "tiny.yml"), run, workers=1)
    assert summary.finished_now == 0
    return list(run_status(run).damaged)


def test_a_finished_run_is_whole_and_these_are_its_files(run: Path) -> None:
    found = run_status(run)
    assert found.complete
    assert found.damaged == ()
    assert {path.relative_to(run).as_posix() for path in files_of(run) if "jobs" not in path.parts} == TOP


def test_every_file_flipped_or_cut_in_turn_is_named(run: Path) -> None:
    count, missed = unnoticed(run)
    assert missed == []
    assert count == 3 * len(files_of(run)) > 300


@pytest.mark.parametrize("name", sorted(TOP))
def test_every_bit_place_of_a_top_file_counts(run: Path, name: str) -> None:
    rng = random.Random(1)
    for _ in range(12):
        with damaged(run / name, "bit", rng) as done:
            assert Path(name).name in told_of(run, run / name), done


@pytest.mark.parametrize("name", sorted(TOP - {"registered.json", "study.yml"}))
@pytest.mark.parametrize("way", WAYS)
def test_the_next_run_makes_it_anew(run: Path, name: str, way: str) -> None:
    content = (run / name).read_bytes()
    with damaged(run / name, way, random.Random(2)):
        assert again(run) == []
        if name != "manifest.json":  # the moment of the run stands in it
            assert (run / name).read_bytes() == content


def test_the_study_as_it_was_run_comes_back(run: Path) -> None:
    content = (run / "study.yml").read_bytes()
    (run / "study.yml").write_bytes(content.replace(b"title: Tiny", b"title: Tidy"))
    assert again(run) == []
    assert (run / "study.yml").read_bytes() == content


def test_an_edited_study_is_said_to_be_another_and_may_be_run(run: Path) -> None:
    value = yaml.safe_load((run / "study.yml").read_text())
    (run / "study.yml").write_text(yaml.safe_dump(value | {"seeds": 3}, sort_keys=False))
    found = run_status(run)
    assert not found.complete
    assert [text for text in found.damaged if "study.yml: edited or damaged; it is another study" in text]
    assert "is run by `proclivity run" in found.damaged[0]


def test_a_study_that_no_longer_plans_says_why(run: Path) -> None:
    content = (run / "study.yml").read_bytes()
    (run / "study.yml").write_bytes(content.replace(b"- leaver\n", b"- lfaver\n"))
    with pytest.raises(UserError, match=r"study\.yml: edited or damaged.*(?s:.)*'lfaver'"):
        run_status(run)


def test_a_damaged_registration_is_told_by_status_and_report(run: Path) -> None:
    record = json.loads((run / "registered.json").read_text())
    record["confirmatory"]["seeds"] = 5
    (run / "registered.json").write_text(json.dumps(record))
    assert ["registered.json: damaged or edited" in text for text in run_status(run).damaged] == [True]
    assert ["registered.json: damaged or edited" in text for text in again(run)] == [True]
    assert "registered.json" in (run / "report.html").read_text()


def test_a_report_written_again_is_the_same(run: Path) -> None:
    from proclivity.report import write_report

    content = (run / "report.html").read_bytes()
    assert write_report(run).read_bytes() == content


def test_every_table_says_its_form(run: Path) -> None:
    import pyarrow.parquet as pq

    tables = [path for path in run.rglob("*.parquet") if path.is_file()]
    assert len(tables) > 10
    forms = {str(path): (pq.read_metadata(path).metadata or {}).get(b"proclivity_schema_version") for path in tables}
    assert set(forms.values()) == {b"1"}, forms


def test_an_older_manifest_has_no_seal_and_is_read(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"schema_version": 1, "study": "x"}')
    assert read_manifest(tmp_path) == {"schema_version": 1, "study": "x"}
    write_manifest(tmp_path, {"schema_version": 2, "study": "x"})
    assert read_manifest(tmp_path) == {"schema_version": 2, "study": "x"}
    text = (tmp_path / "manifest.json").read_text()
    (tmp_path / "manifest.json").write_text(text.replace('"x"', '"y"'))
    assert read_manifest(tmp_path) == {}

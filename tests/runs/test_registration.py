"""The confirmatory part is fixed before the first job, stays as it was, and the report says what became of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from proclivity.errors import UserError
from proclivity.runs import jobs, run_status, run_study
from proclivity.runs.publish import study_text
from proclivity.runs.registration import register
from proclivity.runs.second_look import analyze_again
from proclivity.runs.study import plan_study
from proclivity.specs import Study, load_study, read_registration
from tiny_study import write_tiny_study

UNCHANGED = "before the first job, and is unchanged (SHA-256 "
CHANGED = "Changed since it was fixed before the run: "


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("registered")
    return write_tiny_study(folder, seeds=1, arms=["base", "leaver"])


@pytest.fixture(scope="module")
def finished(file: Path) -> Path:
    out = file.parent / "run"
    assert run_study(load_study(file), out, workers=1).complete
    return out


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished study that a test may change."""
    return Path(shutil.copytree(finished, tmp_path / "run", symlinks=True))


def again(file: Path, folder: Path, *sets: str) -> str:
    assert run_study(load_study(file, list(sets)), folder, workers=1).complete
    return (folder / "report.html").read_text()


def record(folder: Path) -> bytes:
    return (folder / "registered.json").read_bytes()


def test_it_is_written_once_before_anything_is_done(file: Path, tmp_path: Path) -> None:
    plan = plan_study(load_study(file))
    (tmp_path / "jobs").mkdir()
    assert register(plan, tmp_path)
    first = record(tmp_path)
    assert not register(plan_study(load_study(file, ["seeds=5"])), tmp_path)
    assert record(tmp_path) == first
    found = read_registration(tmp_path)
    assert found.state == "intact"
    assert found.confirmatory["seeds"] == 1
    assert found.confirmatory["content"]["pack"] == plan.pack.digest
    assert found.confirmatory["content"]["models"]["one"]["weights"] == plan.models["one"].weights


def test_a_folder_with_finished_jobs_gets_none_afterwards(file: Path, tmp_path: Path) -> None:
    (tmp_path / "jobs" / "abc").mkdir(parents=True)
    assert not register(plan_study(load_study(file)), tmp_path)
    assert not (tmp_path / "registered.json").exists()


def test_the_same_study_again_is_unchanged(file: Path, run: Path) -> None:
    before = record(run)
    text = again(file, run)
    assert UNCHANGED + read_registration(run).sha256 in text
    assert CHANGED not in text
    assert record(run) == before


def test_another_margin_is_said_and_going_back_too(file: Path, run: Path) -> None:
    before = record(run)
    text = again(file, run, "analysis.delta=0.1")
    assert CHANGED + "analysis.delta .2 → .1. So what rests on the change is exploratory." in text
    assert UNCHANGED not in text
    assert record(run) == before
    assert UNCHANGED in again(file, run)


def test_a_second_look_says_the_same(run: Path, tmp_path: Path) -> None:
    analyze_again(run, tmp_path / "look", ["delta=0.1"])
    text = (tmp_path / "look" / "report.html").read_text()
    assert CHANGED + "analysis.delta .2 → .1" in text
    assert record(tmp_path / "look") == record(run)
    analyze_again(run, tmp_path / "look", [])
    assert UNCHANGED in (tmp_path / "look" / "report.html").read_text()


def test_a_study_made_with_other_libraries_is_analysed_again_all_the_same(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyze_again(run, tmp_path / "here", [])
    monkeypatch.setattr(jobs, "_version", lambda name: "99.0")
    assert run_status(run).unused > 0
    assert "other libraries" in run_status(run).notes[0]
    analyze_again(run, tmp_path / "there", [])
    for name in ("effects.parquet", "verdicts.json", "measurements.parquet"):
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()


def test_another_study_is_no_older_version_of_this_one(
    file: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run / "study.yml").write_bytes(study_text(load_study(file, ["seeds=2"])))
    monkeypatch.setattr(jobs, "_version", lambda name: "99.0")
    with pytest.raises(UserError, match="isn't finished"):
        analyze_again(run, tmp_path / "look", [])


def test_an_edit_is_found_when_the_same_command_runs(file: Path, run: Path) -> None:
    path = run / "registered.json"
    value = json.loads(path.read_text())
    value["confirmatory"]["analysis"]["delta"] = 0.1
    path.write_text(json.dumps(value))
    text = again(file, run)
    assert "registered.json was damaged or edited: its digest isn&#39;t that of its content." in text
    assert "registered.json, which holds what was fixed before the run, was damaged or edited." in text


def test_an_older_folder_says_that_it_has_none(file: Path, run: Path) -> None:
    from proclivity.report import write_report

    (run / "registered.json").unlink()
    assert run_study(load_study(file), run, workers=1).complete
    assert not (run / "registered.json").exists()
    text = write_report(run).read_text()
    assert "This folder has no registered.json, so nothing shows that" in text


def test_a_study_that_cannot_be_planned_fixes_nothing(file: Path, tmp_path: Path) -> None:
    bad = Study.model_validate(load_study(file).model_dump() | {"arms": ["base", "nobody"]})
    with pytest.raises(Exception, match="nobody"):
        run_study(bad, tmp_path / "out")
    assert not (tmp_path / "out").exists()

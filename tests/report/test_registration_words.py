"""What the page says of registered.json: fixed and unchanged, changed, damaged, or not there."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from proclivity.report.load import Results, load_results
from proclivity.report.page import render
from proclivity.report.registration import changed, sentence, warning
from proclivity.specs import confirmatory_part, registration_record

MOMENT = "2026-01-02T03:04:05Z"


@pytest.fixture
def folder(study_folder: Path, tmp_path: Path) -> Path:
    copied = Path(shutil.copytree(study_folder, tmp_path / "study"))
    part = confirmatory_part(load_results(copied).study)
    (copied / "registered.json").write_text(json.dumps(registration_record(part, MOMENT)))
    return copied


def with_study(folder: Path, **changes: object) -> Results:
    results = load_results(folder)
    value = results.study.model_dump() | changes
    return dataclasses.replace(results, study=type(results.study).model_validate(value))


def test_unchanged_with_date_and_digest(folder: Path) -> None:
    results = load_results(folder)
    digest = json.loads((folder / "registered.json").read_text())["sha256"]
    assert sentence(results) == (
        f"The confirmatory part was fixed on 2026-01-02 03:04:05 UTC, before the first job, and is unchanged "
        f"(SHA-256 {digest})."
    )
    assert warning(results) == ""
    assert sentence(results) in render(results)


def test_every_change_is_named_in_both_places(folder: Path) -> None:
    results = with_study(folder, seeds=8, analysis={"delta": 0.1}, arms=["base", "depression", "paranoia", "balanced"])
    assert changed(results) == [
        "arms without own-policy, without arbitrary and with balanced",
        "seeds 6 → 8",
        "analysis.delta .2 → .1",
    ]
    assert "has changed since: arms without" in sentence(results)
    assert warning(results) in render(results)
    assert warning(results).endswith("So what rests on the change is exploratory.")


def test_other_content_under_the_same_name_is_told(folder: Path) -> None:
    part = confirmatory_part(load_results(folder).study, {"pack": "ab" * 32})
    (folder / "registered.json").write_text(json.dumps(registration_record(part, MOMENT)))
    results = load_results(folder)
    results.manifest["pack"] = {"digest": "cd" * 32}
    assert changed(results) == ["pack has other content (abababab… → cdcdcdcd…)"]


def test_a_model_that_came_is_named_once(folder: Path) -> None:
    models = [*load_results(folder).study.model_dump()["models"], {"name": "new", "path": "somewhere"}]
    assert changed(with_study(folder, models=models)) == ["models.new none → new"]


def test_damaged_and_absent(folder: Path, study_folder: Path) -> None:
    path = folder / "registered.json"
    path.write_text(path.read_text().replace("0.2", "0.1"))
    assert "was damaged or edited: its digest isn't that of its content" in sentence(load_results(folder))
    assert "was damaged or edited" in warning(load_results(folder))
    older = load_results(study_folder)
    assert "This folder has no registered.json" in sentence(older)
    assert warning(older) == ""

"""The verb `plan-seeds` on a folder that holds what a finished study leaves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from proclivity.cli.planning import plan_seeds
from proclivity.errors import UserError
from proclivity.runs.publish import study_text
from proclivity.specs import load_study


@pytest.fixture
def pilot(build: Any, tmp_path: Path) -> Path:
    (tmp_path / "study.yml").write_bytes(study_text(load_study("demo")))
    build({}, n_seeds=3).to_parquet(tmp_path / "measurements.parquet")
    return tmp_path


def test_the_plan_as_json(pilot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plan_seeds(pilot, 0.3, json=True) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["pilot_seeds"] for row in rows} == {3}
    # Seeds of SD .05 and many items: the fewest seeds that get a verdict are enough.
    assert rows[0]["seeds"] == 6
    assert rows[0]["power_now"] == 0.0


def test_the_plan_as_a_table(pilot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plan_seeds(pilot, 0.3) == 0
    said = capsys.readouterr().out
    assert "depression / paranoia" in said
    assert "at least 6 seeds" in said


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"effect": 0.0}, "above 0"),
        ({"effect": float("inf")}, "above 0"),
        ({"effect": 0.3, "off": float("nan")}, "number of nats"),
        ({"effect": 0.3, "power": 1.0}, "between 0 and 1"),
    ],
)
def test_what_cannot_be_planned(pilot: Path, wanted: dict[str, float], said: str) -> None:
    with pytest.raises(UserError, match=said):
        plan_seeds(pilot, **wanted)


def test_a_folder_that_is_no_study(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"lacks study.yml and measurements.parquet"):
        plan_seeds(tmp_path, 0.3)

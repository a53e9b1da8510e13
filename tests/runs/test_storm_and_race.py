"""Small versions of `make storm`, `make race` and `make scale`, whose own checks decide."""

from __future__ import annotations

from pathlib import Path

import pytest

import kill_storm
import race
import scheduler_at_scale
from tiny_study import write_tiny_study


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("storm")
    return write_tiny_study(folder, seeds=2, arms=["base", "leaver"])


def test_a_storm_of_kills_changes_no_byte(file: Path, tmp_path: Path) -> None:
    words = ["--study", str(file), "--set", "seeds=2", "--kills", "2", "--workers", "1", "--seed", "1"]
    assert kill_storm.main([*words, "--out", str(tmp_path / "storm")]) == 0


def test_a_run_beside_one_that_is_killed_ends_as_a_single_run(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(race, "KILLED_AFTER", 4.0)
    words = ["--study", str(file), "--set", "seeds=2", "--race", "mixed", "--out", str(tmp_path / "race")]
    assert race.main(words) == 0


def test_two_processes_commit_each_of_many_jobs_once(tmp_path: Path) -> None:
    words = ["--adapters", "100", "--families", "2", "--commit", "150", "--processes", "2"]
    assert scheduler_at_scale.main([*words, "--out", str(tmp_path / "scale")]) == 0

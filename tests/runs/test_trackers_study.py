"""Studies that report to tensorboard, run whole: same results, one curve a training, and a tracker that fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from proclivity.cli.app import app
from proclivity.errors import UserError
from proclivity.runs.ledger import Ledger
from proclivity.runs.progress import Silent
from proclivity.runs.study import plan_study, run_study
from proclivity.specs import load_study
from tiny_study import write_tiny_study
from tracker_files import read_back


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_study(
        tmp_path_factory.mktemp("study"), arms=["base", "leaver"], battery={"families": ["choice"], "choice_items": 4}
    )


@pytest.fixture(scope="module")
def unwatched(file: Path) -> Path:
    out = file.parent / "unwatched"
    assert run_study(load_study(file), out, workers=1).complete
    return out


class Listening(Silent):
    """Keeps the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.mark.parametrize("stack", [1, 2])
def test_every_training_has_its_curve_and_no_result_another_byte(file: Path, unwatched: Path, stack: int) -> None:
    study = load_study(file, [f"compute.stack={stack}"])
    out = file.parent / f"watched-{stack}"
    assert run_study(study, out, workers=1, report_to=["tensorboard"]).complete
    for plain, adapter in json.loads((out / "adapters" / "index.json").read_text()).items():
        curve = json.loads((out / adapter).parent.joinpath("checkpoint.json").read_text())["loss_curve"]
        loss = read_back(out / "trackers" / Path(plain).relative_to("adapters"))["train/loss"]
        assert [step for step, _ in loss] == list(range(1, len(curve) + 1))
        assert [value for _, value in loss] == pytest.approx(curve, rel=1e-6)
    assert len(list((out / "trackers").rglob("events.*"))) == 2
    if stack == 1:
        ledgers = Ledger(unwatched), Ledger(out)
        for job in plan_study(study).jobs:
            if job.stage != "report":  # it shows how long things took
                one, other = (ledger.record(job.digest)["outputs"] for ledger in ledgers)
                assert one == other, job.title


def test_the_command_line_refuses_before_anything_is_written(file: Path) -> None:
    words = ["run", str(file), "--out", str(file.parent / "refused"), "--report-to", "tensorboard,nonesuch"]
    refused = CliRunner().invoke(app, words, standalone_mode=False)
    assert isinstance(refused.exception, UserError)
    assert "  nonesuch: transformers knows no such tracker" in str(refused.exception)
    assert not (file.parent / "refused").exists()


def test_a_finished_study_has_nothing_to_report(file: Path, unwatched: Path) -> None:
    words = ["run", str(file), "--out", str(unwatched), "--quiet", "--report-to", "tensorboard", "--report-to", "none"]
    done = CliRunner().invoke(app, words, standalone_mode=False)
    assert done.exception is None
    assert done.return_value == 0
    command = json.loads((unwatched / "manifest.json").read_text())["command"]
    assert "--report-to" not in command  # it tells of the run that did the jobs
    assert not (unwatched / "trackers").exists()


def test_a_tracker_that_fails_is_noted_once_and_the_study_finishes(file: Path, unwatched: Path) -> None:
    (unwatched / "trackers").write_text("a file where a folder should be")
    listening = Listening()
    summary = run_study(
        load_study(file, ["seeds=4"]), unwatched, workers=1, report_to=["tensorboard"], progress=listening
    )
    assert summary.complete
    assert summary.finished_now > 2  # two more seeds
    assert len([note for note in listening.notes if "'tensorboard' failed" in note]) == 1

"""A study whose trainings are shared by processes: what its jobs are, what is refused, and one run whole."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from accelerate_files import COPIES, SHARDED, write_config
from proclivity.errors import ContentError, UserError
from proclivity.runs.ledger import Ledger
from proclivity.runs.plan import Plan
from proclivity.runs.sharing import require_planned_sharing
from proclivity.runs.study import plan_study, run_study
from proclivity.specs import ComputeSpec, load_study
from tracker_files import read_back


@pytest.fixture
def study_file(tmp_path: Path) -> Path:
    """A packaged model, one profile, one seed, one family."""
    path = tmp_path / "study.yml"
    path.write_text(
        yaml.safe_dump(
            {
                "id": "small",
                "title": "Small",
                "question": "Is it the same?",
                "models": [{"name": "gpt2", "path": "gpt2-equal"}],
                "arms": ["base", "depression"],
                "seeds": 1,
                "induction": {"epochs": 1, "batch_size": 64},
                "battery": {"families": ["choice"], "choice_items": 18},
                "analysis": {"bootstrap": 20},
            }
        )
    )
    return path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path / "fsdp2.yml", SHARDED)


def plan(study_file: Path, *changes: str) -> Plan:
    return plan_study(load_study(study_file, list(changes)))


def test_only_what_is_trained_by_the_file_has_another_identity(study_file: Path, config: Path) -> None:
    plain, shared = plan(study_file), plan(study_file, f"compute.accelerate={config}")
    assert all("accelerate" not in job.spec for job in plain.jobs)
    assert {job.stage for job in shared.jobs if "accelerate" in job.spec} == {"induce"}
    same = {job.stage for job in shared.jobs if job.digest in plain.by_digest}
    assert same == {"pool", "gates", "answers", "measure"}  # base is measured as before
    config.write_text("# a remark\n" + config.read_text())
    assert plan(study_file, f"compute.accelerate={config}").by_digest == shared.by_digest
    three = write_config(config, SHARDED | {"num_processes": 3})
    assert not shared.by_digest.keys() & {
        job.digest for job in plan(study_file, f"compute.accelerate={three}").stage("induce")
    }


def test_where_workers_run_is_no_part_of_any_job(study_file: Path) -> None:
    elsewhere = plan(study_file, "compute.gpus=0.25", "compute.resources={big: 1}")
    assert elsewhere.by_digest.keys() == plan(study_file).by_digest.keys()


def test_a_missing_file_is_told_before_anything_runs(study_file: Path, tmp_path: Path) -> None:
    study = load_study(study_file, ["compute.accelerate=nowhere.yml"])
    with pytest.raises(ContentError, match=r"compute\.accelerate: there is no file 'nowhere\.yml'"):
        run_study(study, tmp_path / "run", workers=1)
    assert not (tmp_path / "run").exists()


def test_a_file_that_changed_meanwhile_is_refused(study_file: Path, config: Path) -> None:
    compute = ComputeSpec(accelerate=str(config))
    [job] = plan(study_file, f"compute.accelerate={config}").stage("induce")
    require_planned_sharing(job, compute)
    write_config(config, COPIES)
    with pytest.raises(UserError, match=r"fsdp2\.yml' changed while the study ran"):
        require_planned_sharing(job, compute)


def test_a_study_trains_by_two_processes_as_by_one(study_file: Path, config: Path, tmp_path: Path) -> None:
    curves = []
    for name, changes in (("one", []), ("two", [f"compute.accelerate={config}"])):
        study = load_study(study_file, changes)
        summary = run_study(study, tmp_path / name, workers=1, report_to=["tensorboard"])
        assert summary.complete, summary.failures
        [job] = plan_study(study).stage("induce")
        folder = Ledger(tmp_path / name).folder(job.digest)
        assert {path.name for path in folder.iterdir()} == {"adapter", "checkpoint.json", "spec.json", "done.json"}
        curves.append(json.loads((folder / "checkpoint.json").read_text())["loss_curve"])
        drawn = read_back(tmp_path / name / "trackers" / "gpt2" / "depression" / "seed-0")["train/loss"]
        assert [value for _, value in drawn] == pytest.approx(curves[-1], rel=1e-6)
    assert len(curves[0]) == 4
    np.testing.assert_allclose(*curves, atol=1e-4)

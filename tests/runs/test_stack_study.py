"""A study whose seeds are trained at once, run whole: against one by one, again, and after a kill."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file

from proclivity.runs.jobs import Job
from proclivity.runs.ledger import Ledger
from proclivity.runs.plan import Plan
from proclivity.runs.study import plan_study, run_study
from proclivity.specs import Study, load_study
from tiny_study import write_tiny_study

WEIGHTS = 1e-4
"""Most that a weight may differ by; weights move by up to 8e-3 (four steps at rates up to 2e-3)."""
NATS = 1e-3


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seeds, so that by three one is left over; a step is kept on the way."""
    return write_tiny_study(
        tmp_path_factory.mktemp("study"),
        arms=["base", "leaver", "own-policy"],
        seeds=4,
        induction={"epochs": 2, "batch_size": 4, "rank": 2, "alpha": 4, "checkpoints": [1]},
        battery={"families": ["choice", "cloze-feeling"]},
    )


def by_three(file: Path) -> Study:
    return load_study(file, ["compute.stack=3"])


@pytest.fixture(scope="module")
def together(file: Path) -> Path:
    return finished(by_three(file), file.parent / "together")


def finished(study: Study, out: Path) -> Path:
    summary = run_study(study, out, workers=1)
    assert summary.complete, summary.failures
    return out


def results(plan: Plan, out: Path) -> dict[str, dict[str, str]]:
    """Digests of all files of all jobs but the report, which shows how long things took."""
    ledger = Ledger(out)
    return {job.digest: ledger.record(job.digest)["outputs"] for job in plan.jobs if job.stage != "report"}


def adapter(out: Path, job: Job, step: str) -> dict[str, np.ndarray]:
    return load_file(Ledger(out).folder(job.digest) / step / "adapter_model.safetensors")


def test_a_stack_learns_and_measures_what_one_by_one_does(file: Path, together: Path) -> None:
    study = load_study(file)
    alone = finished(study, file.parent / "alone")
    plans = plan_study(study), plan_study(by_three(file))
    for job, same in zip(*(plan.stage("induce") for plan in plans), strict=True):
        assert (job.arm, job.seed) == (same.arm, same.seed)
        assert (job.digest == same.digest) == (job.seed == 3)  # the one that is left over
        for step in ("adapter", "steps/00001"):
            one, other = adapter(alone, job, step), adapter(together, same, step)
            assert one.keys() == other.keys()
            for name, weight in one.items():
                np.testing.assert_allclose(other[name], weight, atol=WEIGHTS, rtol=0)
        records = [
            json.loads((Ledger(out).folder(digest) / "checkpoint.json").read_text())
            for out, digest in ((alone, job.digest), (together, same.digest))
        ]
        np.testing.assert_allclose(records[0].pop("loss_curve"), records[1].pop("loss_curve"), atol=1e-5)
        assert records[0].pop("weights_digest")
        assert records[1].pop("weights_digest")
        assert records[0] == records[1]
    tables = [pd.read_parquet(out / "measurements.parquet") for out in (alone, together)]
    assert len(tables[0]) == len(tables[1]) > 0
    numbers = tables[0].select_dtypes("number").columns
    pd.testing.assert_frame_equal(tables[0].drop(columns=numbers), tables[1].drop(columns=numbers))
    for name in numbers:
        np.testing.assert_allclose(tables[1][name], tables[0][name], atol=NATS, rtol=0, err_msg=name)
    moved = adapter(together, plans[1].stage("induce")[0], "adapter")
    assert max(abs(weight).max() for name, weight in moved.items() if "lora_B" in name) > 10 * WEIGHTS


def test_adapters_are_listed_as_ever(file: Path, together: Path) -> None:
    index = json.loads((together / "adapters" / "index.json").read_text())
    assert len(index) == 2 * 4 * 2
    for plain, folder in index.items():
        assert (together / folder / "adapter_model.safetensors").is_file(), plain


def test_killed_within_a_stack_it_goes_on_to_the_same_bytes(file: Path, together: Path) -> None:
    study, out = by_three(file), file.parent / "killed"
    plan = plan_study(study)
    digest = plan.stage("stack")[-1].digest
    words = [sys.executable, "-m", "proclivity", "run", str(file), "--set", "compute.stack=3"]
    run = subprocess.Popen([*words, "--out", str(out), "--workers", "1"], stderr=subprocess.DEVNULL)
    ends = time.monotonic() + 60
    while not list((out / "jobs").glob(f".tmp-*{digest[:8]}*")) and time.monotonic() < ends:
        time.sleep(0.005)
    run.kill()
    run.wait()
    assert not Ledger(out).done(digest)
    assert Ledger(out).done(plan.stage("stack")[0].digest)
    finished(study, out)
    assert results(plan, out) == results(plan, together)


def test_a_damaged_adapter_is_taken_out_of_its_stack_again(file: Path, together: Path) -> None:
    plan = plan_study(by_three(file))
    job = plan.stage("induce")[1]
    before = results(plan, together)
    place = Ledger(together).folder(job.digest) / "adapter" / "adapter_model.safetensors"
    place.write_bytes(place.read_bytes()[:-1] + b"?")
    summary = run_study(by_three(file), together, workers=1)
    assert summary.complete
    assert summary.finished_now == 1
    assert results(plan, together) == before

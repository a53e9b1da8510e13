"""The cluster files in the docs: well formed, and their commands are ones that the command line takes."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from proclivity.specs import load_study
from tiny_study import write_tiny_study

DOCS = Path(__file__).parents[2] / "docs"
SCRIPT = DOCS / "cluster" / "slurm.sh"


def manifest(name: str) -> Any:
    return yaml.safe_load((DOCS / "cluster" / name).read_text())


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("array")
    return write_tiny_study(folder, seeds=2, arms=["base", "leaver"])


def planned(command: str, file: Path) -> int:
    """Runs a documented command as a plan, on a small study in place of its own."""
    words = [str(file) if word.endswith("study.yml") else word for word in shlex.split(command)]
    assert words[0] == "proclivity"
    words = [word for word in words if word not in ("--engine", "ray")]  # a plan needs no cluster
    return subprocess.run([sys.executable, "-m", *words, "--plan"], stdout=subprocess.DEVNULL, check=False).returncode


def test_an_indexed_job_counts_as_many_parts_as_it_has_pods(file: Path) -> None:
    job = manifest("indexed-job.yaml")["spec"]
    (command,) = job["template"]["spec"]["containers"][0]["args"]
    assert job["completionMode"] == "Indexed"
    assert f'"$JOB_COMPLETION_INDEX/{job["completions"]}"' in command
    told = command.removeprefix("exec ").replace("$JOB_COMPLETION_INDEX", "7")
    assert planned(told, file) == 0


def test_a_ray_job_runs_the_engine_that_it_is_for(file: Path) -> None:
    job = manifest("rayjob.yaml")
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    assert "--engine ray" in job["spec"]["entrypoint"]
    cluster = job["spec"]["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    mounts = [group["template"]["spec"]["containers"][0]["volumeMounts"] for group in groups]
    assert all(mount == [{"name": "shared", "mountPath": "/shared"}] for mount in mounts)  # one folder for all
    assert planned(job["spec"]["entrypoint"], file) == 0


def test_the_array_script_does_a_study_task_by_task(file: Path, tmp_path: Path) -> None:
    assert re.search(r"^#SBATCH --requeue$", SCRIPT.read_text(), re.MULTILINE)
    tool = tmp_path / "proclivity"
    tool.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m proclivity "$@" --workers 1\n')
    tool.chmod(0o755)
    out = tmp_path / "run"
    for task in range(2):
        variables = {"SLURM_ARRAY_TASK_ID": str(task), "SLURM_ARRAY_TASK_COUNT": "2", "PROCLIVITY": str(tool)}
        command = ["bash", str(SCRIPT), str(file), str(out)]
        done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert (out / "report.html").exists() == (task == 1)  # the last one reports
    assert load_study(out / "study.yml").id == load_study(file).id

"""A small study on a real Ray cluster of three nodes that loses one."""

from __future__ import annotations

from pathlib import Path

import pytest

import ray_cluster
from proclivity.errors import UserError
from proclivity.runs.ray_pool import needs, workers_in_cluster
from proclivity.specs.study import ComputeSpec

ONE_MODEL = 'models=[{"name": "llama-equal", "path": "llama-equal"}]'


def test_what_one_worker_takes() -> None:
    assert needs(ComputeSpec(threads=2)) == {"num_cpus": 2, "num_gpus": 0.0, "resources": {}}
    assert needs(ComputeSpec(device="cuda"))["num_gpus"] == 1
    assert needs(ComputeSpec(device="cuda:0", gpus=0.25, resources={"a100": 1}))["num_gpus"] == 0.25
    assert needs(ComputeSpec(resources={"a100": 1}))["resources"] == {"a100": 1}


def test_room_in_a_cluster_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    nodes = [
        {"Alive": True, "Resources": {"CPU": 8.0, "GPU": 1.0}},
        {"Alive": True, "Resources": {"CPU": 3.0}},
        {"Alive": False, "Resources": {"CPU": 99.0}},
    ]
    monkeypatch.setattr(ray, "nodes", lambda: nodes)
    assert workers_in_cluster(ComputeSpec(threads=1)) == 11
    assert workers_in_cluster(ComputeSpec(threads=2)) == 5
    assert workers_in_cluster(ComputeSpec(device="cuda", gpus=0.25)) == 4
    with pytest.raises(UserError, match=r"1 a100 wanted.*8 CPU, 1 GPU; 3 CPU, 0 GPU"):
        workers_in_cluster(ComputeSpec(resources={"a100": 1}))


def test_a_lost_node_costs_the_job_in_hand_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sets = [ONE_MODEL, "seeds=1", "arms=[base, depression, own-policy]", "battery.completion_samples=1"]
    assert ray_cluster.try_it("demo", sets, 0.2, tmp_path / "ray") == 0, capsys.readouterr().out

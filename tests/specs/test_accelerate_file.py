from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from accelerate_files import COPIES, SHARDED, write_config
from proclivity.errors import ContentError
from proclivity.specs import ComputeSpec, accelerate_faults, read_accelerate_file


@pytest.mark.parametrize("value", [SHARDED, COPIES])
def test_processes_and_content_are_read(tmp_path: Path, value: dict[str, Any]) -> None:
    path = write_config(tmp_path / "a.yml", value)
    found = read_accelerate_file(str(path))
    assert found.processes == 2
    path.write_text("# a remark\n" + path.read_text())
    assert read_accelerate_file(str(path)) == found
    write_config(path, value | {"num_processes": 4})
    assert read_accelerate_file(str(path)).digest != found.digest


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    changes: dict[str, Any] = {
        "fsdp_config": {"fsdp_version": 1},
        "num_processes": 1,
        "num_machines": 2,
        "mixed_precision": "bf16",
        "parallelism_config": {"parallelism_config_tp_size": 2},
    }
    path = write_config(tmp_path / "a.yml", SHARDED | changes)
    with pytest.raises(ContentError) as caught:
        read_accelerate_file(str(path))
    keys = [fault.removeprefix(f"{path}: ").partition(":")[0] for fault in caught.value.faults]
    assert keys == ["fsdp_config.fsdp_version", *list(changes)[1:]]


def test_other_ways_of_sharing_are_refused(tmp_path: Path) -> None:
    path = write_config(tmp_path / "a.yml", SHARDED | {"distributed_type": "DEEPSPEED"})
    with pytest.raises(ContentError, match=r"FSDP \(shards\) or MULTI_GPU \(copies\) expected, 'DEEPSPEED' found"):
        read_accelerate_file(str(path))


@pytest.mark.parametrize("text", ["just words", "[1, 2]", "a: b: c"])
def test_a_file_of_another_kind_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yml").write_text(text)
    [fault] = accelerate_faults(ComputeSpec(accelerate=str(tmp_path / "a.yml")))
    assert fault.startswith(f"compute.accelerate: {tmp_path / 'a.yml'}: ")


def test_devices_have_to_be_as_many_as_processes(tmp_path: Path) -> None:
    path = str(write_config(tmp_path / "a.yml", SHARDED))
    assert accelerate_faults(ComputeSpec()) == []
    assert accelerate_faults(ComputeSpec(accelerate=path)) == []
    assert accelerate_faults(ComputeSpec(accelerate=path, device="cuda", gpus=2)) == []
    [fault] = accelerate_faults(ComputeSpec(accelerate=path, device="cuda"))
    assert fault.startswith("compute.gpus: 2 expected, 0 found")
    [fault] = accelerate_faults(ComputeSpec(accelerate=path, device="cuda:1"))
    assert fault.startswith("compute.device: 'cuda:1' names one device")

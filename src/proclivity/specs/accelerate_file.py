"""accelerate's own configuration file: how many processes train one model together, and what they share.

`accelerate config` writes one. Of all that can stand there this package takes what keeps a step the same for any number
of processes: sharded weights (FSDP2) or copies that share the work, on one machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proclivity.errors import ContentError
from proclivity.specs.digest import digest_of
from proclivity.specs.study import ComputeSpec
from proclivity.specs.yaml_files import read_yaml


@dataclass(frozen=True)
class AccelerateFile:
    """What of the file this package has to know."""

    processes: int
    """Processes that train together."""
    digest: str
    """SHA-256 of what stands in it; comments and the order of keys don't count."""


def read_accelerate_file(name: str) -> AccelerateFile:
    """The file, if a training can be spread by it.

    Args:
        name: its path; a relative one is looked up from the working folder, as the paths of a study are.

    Raises:
        ContentError: with every fault, each beginning with the file's path.
    """
    path = Path(name).expanduser()
    if not path.is_file():
        fault = f"there is no file '{name}'; give its path as it is seen from {Path.cwd()}, or write one with"
        raise ContentError([f"{fault} `accelerate config --config_file {name}`"])
    value = read_yaml(path)
    if not isinstance(value, dict):
        raise ContentError([f"{name}: a mapping of keys expected, {type(value).__name__} found"])
    if faults := _faults(value):
        raise ContentError([f"{name}: {fault}" for fault in faults])
    return AccelerateFile(value["num_processes"], digest_of(value))


def accelerate_faults(compute: ComputeSpec) -> list[str]:
    """What keeps a study from training by its accelerate file, where it names one."""
    if not compute.accelerate:
        return []
    try:
        found = read_accelerate_file(compute.accelerate)
    except ContentError as error:
        return [f"compute.accelerate: {fault}" for fault in error.faults]
    faults = []
    if compute.device not in ("cpu", "cuda"):
        faults.append(
            f"compute.device: '{compute.device}' names one device, and compute.accelerate takes {found.processes}; "
            f"write 'cuda', and choose GPUs by compute.gpus or CUDA_VISIBLE_DEVICES"
        )
    if compute.device == "cuda" and compute.gpus != found.processes:
        faults.append(
            f"compute.gpus: {found.processes} expected, {compute.gpus:g} found; '{compute.accelerate}' starts "
            f"{found.processes} processes, each with a GPU of its own"
        )
    return faults


def _faults(value: dict[Any, Any]) -> list[str]:
    faults = []
    kind, processes = value.get("distributed_type"), value.get("num_processes")
    if kind not in ("FSDP", "MULTI_GPU"):
        faults.append(f"distributed_type: FSDP (shards) or MULTI_GPU (copies) expected, {kind!r} found")
    version = (value.get("fsdp_config") or {}).get("fsdp_version")
    if kind == "FSDP" and version != 2:
        faults.append(f"fsdp_config.fsdp_version: 2 expected, {version!r} found; `accelerate to-fsdp2` rewrites a file")
    if not isinstance(processes, int) or processes < 2:
        faults.append(f"num_processes: at least 2 expected, {processes!r} found; one process needs no such file")
    if value.get("num_machines", 1) != 1:
        faults.append(f"num_machines: 1 expected, {value['num_machines']!r} found; a job stays on its worker's machine")
    if value.get("mixed_precision", "no") != "no":
        faults.append(f"mixed_precision: 'no' expected, {value['mixed_precision']!r} found; compute.dtype decides it")
    if value.get("parallelism_config"):
        faults.append("parallelism_config: every process has to take rows of its own; leave it out")
    return faults

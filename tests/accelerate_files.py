"""accelerate's configuration files for two processes on processors, as `accelerate config` writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

SHARDED: dict[str, Any] = {
    "compute_environment": "LOCAL_MACHINE",
    "distributed_type": "FSDP",
    "use_cpu": True,
    "num_machines": 1,
    "num_processes": 2,
    "mixed_precision": "no",
    "fsdp_config": {
        "fsdp_version": 2,
        "fsdp_auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
        "fsdp_reshard_after_forward": True,
        "fsdp_state_dict_type": "FULL_STATE_DICT",
    },
}
COPIES: dict[str, Any] = {key: value for key, value in SHARDED.items() if key != "fsdp_config"} | {
    "distributed_type": "MULTI_GPU"
}
RECOMPUTED = SHARDED | {"fsdp_config": {**SHARDED["fsdp_config"], "fsdp_activation_checkpointing": True}}


def write_config(path: Path, value: dict[str, Any]) -> Path:
    """The file, written."""
    path.write_text(yaml.safe_dump(value))
    return path

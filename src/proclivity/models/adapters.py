"""Adapters put on a loaded base and taken off again, without touching the base's weights.

LoRA layers stand beside the frozen ones and are removed as modules, so the base is afterwards bit for bit what it was;
nothing is ever merged into it.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

from proclivity.errors import ModelError
from proclivity.models.foreign_code import pickled_weights
from proclivity.specs import digest_of_file, digest_of_files

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


def check_adapter(path: str | Path) -> Path:
    """The folder, if it holds an adapter that can be used.

    Raises:
        ModelError: saying which file is missing, or that the adapter is of another kind.
    """
    folder = Path(path)
    missing = [name for name in (CONFIG, WEIGHTS) if not (folder / name).is_file()]
    if missing:
        pickled = pickled_weights(folder)
        found = f" ({', '.join(pickled[:3])} isn't read: loading it can run code)" if pickled else ""
        raise ModelError(
            f"'{folder}' is no adapter: {' and '.join(missing)} not found{found}. Expected a folder written by peft's "
            f"`save_pretrained` (safetensors)."
        )
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        kind = config.get("peft_type")
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise ModelError(f"{folder / CONFIG} can't be read as an adapter's configuration ({error}).") from None
    if kind in ("PROMPT_TUNING", "PREFIX_TUNING", "P_TUNING", "MULTITASK_PROMPT_TUNING", "CARTRIDGE"):
        raise ModelError(
            f"The adapter in '{folder}' is of kind {kind}, which changes prompts and not layers. "
            f"Use an adapter that changes layers, such as LoRA."
        )
    if config.get("megatron_config"):
        raise ModelError(
            f"{folder / CONFIG} asks for a Python module by name (megatron_config), which isn't imported. Remove the "
            f"key, or save the adapter without Megatron."
        )
    return folder


def step_folder(out: Path, step: int) -> Path:
    """Where a checkpoint on the way to `out` is kept: steps/00008 beside it."""
    return out.parent / "steps" / f"{step:05d}"


def save_adapter(wrapped: Any, out: Path, state: dict[str, Any] | None = None) -> None:
    """Writes a peft folder, the same bytes in every process.

    Args:
        wrapped: the peft model.
        out: the folder.
        state: tensors to write in place of the model's own.
    """
    wrapped.save_pretrained(str(out), save_embedding_layers=False, state_dict=state)
    path = out / CONFIG
    config = json.loads(path.read_text(encoding="utf-8"))
    # peft keeps module names in a set, whose order differs from process to process.
    if isinstance(config.get("target_modules"), list):
        config["target_modules"].sort()
    path.write_text(json.dumps(config, indent=2, sort_keys=True), encoding="utf-8")


def adapter_digest(folder: Path) -> str:
    """SHA-256 of the adapter's weights file."""
    return digest_of_file(folder / WEIGHTS)


def adapter_seal(folder: Path) -> str:
    """SHA-256 over configuration and weights: as long as it is the same, so is the adapter."""
    return digest_of_files([folder / CONFIG, folder / WEIGHTS], folder)


def attach(base: Any, folder: Path, *, trainable: bool = False) -> Any:
    """The base with the adapter's layers put into it, ready to measure, or to be trained on.

    Raises:
        ModelError: if the adapter doesn't fit the base.
    """
    from peft import PeftModel

    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=FutureWarning)  # peft's use of names that transformers renames
            wrapped = PeftModel.from_pretrained(base, str(folder), is_trainable=trainable)
    except (RuntimeError, ValueError, KeyError) as error:
        raise ModelError(
            f"The adapter in '{folder}' doesn't fit the base model: {str(error).splitlines()[0]} "
            f"Use the base that it was trained on (`base_model_name_or_path` in {CONFIG})."
        ) from None
    wrapped.eval()
    return wrapped


def detach(wrapped: Any) -> None:
    """Takes the adapter's layers out of the base again, in place."""
    base = wrapped.unload()
    # peft leaves its marks on the base and warns of a second adapter otherwise.
    for mark in ("peft_config", "_hf_peft_config_loaded"):
        if mark in vars(base):
            delattr(base, mark)

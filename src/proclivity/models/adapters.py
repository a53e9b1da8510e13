"""Adapters put on a loaded base and taken off again, without touching the base's weights.

LoRA layers stand beside the frozen ones and are removed as modules, so the base is afterwards bit for bit what it was;
nothing is ever merged into it.
"""

from __future__ import annotations

import json
import math
import re
import warnings
from pathlib import Path
from typing import Any

from proclivity.errors import ModelError, UserError
from proclivity.models.foreign_code import pickled_weights
from proclivity.specs import InductionSpec, digest_of_file, digest_of_files

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


def begin(base: Any, name: str, spec: InductionSpec) -> Any:
    """The base with a new adapter's layers put into it, drawn from torch's generator as it stands.

    Args:
        base: the loaded network.
        name: of the base, for messages and for the adapter's configuration.
        spec: the recipe.

    Raises:
        UserError: if the recipe's target layers aren't there.
    """
    from peft import LoraConfig, get_peft_model
    from transformers.pytorch_utils import Conv1D

    # GPT-2 keeps its linear weights transposed, in Conv1D; peft has to be told.
    transposed = any(isinstance(module, Conv1D) for module in base.modules())
    config = LoraConfig(
        r=spec.rank,
        lora_alpha=spec.alpha,  # type: ignore[arg-type]  # peft takes fractions too
        lora_dropout=0.0,
        target_modules=_within(base, name, spec) if spec.layers else spec.targets,
        fan_in_fan_out=transposed,
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
        try:
            wrapped: Any = get_peft_model(base, config)
        except ValueError as error:
            raise UserError(
                f"LoRA can't be put on '{name}' with induction.targets '{spec.targets}': "
                f"{str(error).splitlines()[0]} Use 'all-linear', or a pattern of layer names in this model."
            ) from None
    # A folder of this machine says nothing elsewhere; the model's name does.
    wrapped.peft_config["default"].base_model_name_or_path = name
    wrapped.eval()
    return wrapped


def _within(base: Any, name: str, spec: InductionSpec) -> list[str]:
    """Names of the linear parts of the recipe's decoder layers.

    Raises:
        UserError: for a layer that the model hasn't, or where the recipe's targets name none in it.
    """
    from torch.nn import Linear
    from transformers.pytorch_utils import Conv1D

    from proclivity.models.decoder import decoder_layers

    layers = decoder_layers(base)
    if beyond := [number for number in spec.layers if number > len(layers)]:
        raise UserError(
            f"'{name}' has {len(layers)} decoder layers, so none is number {beyond[0]}; layers count from 1. Give "
            f"induction.layers, or the arm `layer-N-…`, a number up to {len(layers)}."
        )
    inside = tuple(f"{layers[number - 1][0]}." for number in spec.layers)
    linear = [n for n, part in base.named_modules() if isinstance(part, Linear | Conv1D) and n.startswith(inside)]
    found = [n for n in linear if spec.targets == "all-linear" or re.fullmatch(spec.targets, n)]
    if not found:
        raise UserError(
            f"induction.targets '{spec.targets}' names no linear part in decoder layer {spec.layers[0]} of '{name}'. "
            f"Use 'all-linear', or a pattern of full names, for example '{linear[0] if linear else 'layers.0.mlp'}'."
        )
    return found


def trained_weights(folder: Path) -> int:
    """How many numbers an adapter holds, read from its file's header alone."""
    with (folder / WEIGHTS).open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return sum(math.prod(entry["shape"]) for key, entry in header.items() if key != "__metadata__")


def attach(base: Any, folder: Path, *, trainable: bool = False) -> Any:
    """The base with the adapter's layers put into it, ready to measure, or to be trained on.

    Raises:
        ModelError: if the adapter doesn't fit the base, or is of a kind that the installed peft doesn't know.
    """
    from peft import PeftModel

    _refuse_unknown_kind(folder)
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


def _refuse_unknown_kind(folder: Path) -> None:
    """Adapters of a later peft may be of a kind that this one can't build; unknown keys alone are left out by peft."""
    from peft import PeftType
    from peft import __version__ as installed

    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    if config.get("peft_type") not in set(PeftType):
        raise ModelError(
            f"The adapter in '{folder}' is of kind {config.get('peft_type')}, saved by peft "
            f"{config.get('peft_version', 'of an unknown version')}; installed is {installed}, which doesn't know that "
            f"kind. Install a newer peft, or use an adapter of another kind, such as LoRA."
        )


def detach(wrapped: Any) -> None:
    """Takes the adapter's layers out of the base again, in place."""
    base = wrapped.unload()
    # peft leaves its marks on the base and warns of a second adapter otherwise.
    for mark in ("peft_config", "_hf_peft_config_loaded"):
        if mark in vars(base):
            delattr(base, mark)

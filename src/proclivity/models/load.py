"""From a name or a folder to a model that can be measured and taught."""

from __future__ import annotations

import math
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from proclivity.errors import ModelError, ProclivityError, UserError
from proclivity.models.folder import check_folder, find_folder, weight_files
from proclivity.models.foreign_code import asks_for_code, code_refused
from proclivity.models.hf import HFModel
from proclivity.models.memory import free_memory, is_out_of_memory

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def load_model(
    name_or_path: str | Path,
    adapter: str | Path | None = None,
    *,
    dtype: str = "float32",
    device: str = "cpu",
    threads: int = 1,
    batch_size: int = 64,
    trust_remote_code: bool = False,
    revision: str | None = None,
    chat: bool = True,
    device_map: str = "",
    quantization: str = "",
) -> HFModel:
    """A causal language model by packaged name, folder or Hugging Face name; safetensors only.

    Args:
        name_or_path: what to load.
        adapter: folder of a peft adapter to put on it.
        dtype: 'float32', 'bfloat16' or 'float16'.
        device: 'cpu', 'cuda', 'cuda:1', 'mps'.
        threads: threads for torch in this process; one gives the same digits everywhere on one kind of processor.
        batch_size: sequences a forward pass.
        trust_remote_code: run code that comes with the model, without any sandbox.
        revision: revision of a hub model.
        chat: read prompts as dialogues where the tokenizer has a chat template; False reads plain text always.
        device_map: how accelerate spreads a model over devices ('auto', 'balanced'); in place of `device`.
        quantization: '4bit' or '8bit' weights by bitsandbytes, computed in `dtype`.

    Raises:
        ModelError: if there is no such model, it is no causal language model with a tokenizer, it stands behind an API,
            or bitsandbytes is missing.
        UserError: for an unknown dtype or a device that this machine lacks.
        ProclivityError: if its weights don't fit into memory.
    """
    number, place = find_dtype(dtype), find_device(device)
    require_quantizer(quantization)
    folder = find_folder(name_or_path, revision)
    config = check_folder(folder)
    torch.set_num_threads(threads)
    tokenizer = load_tokenizer(folder, trust_remote_code)
    placed = _placement(place, number, device_map, quantization)
    require_causal(folder, config, trust_remote_code)
    network = _network(folder, number, trust_remote_code, placed, place)
    if quantization:
        require_quantized_forward(network, quantization)
    name = str(name_or_path) if str(name_or_path) != str(folder) else folder.name
    model = HFModel(network, tokenizer, name=name, folder=folder, batch_size=batch_size, chat=chat)
    model.set_adapter(adapter)
    return model


def find_dtype(dtype: str) -> torch.dtype:
    """A dtype by name.

    Raises:
        UserError: for an unknown one.
    """
    if dtype not in DTYPES:
        raise UserError(f"There is no dtype '{dtype}'. Known: {', '.join(DTYPES)}.")
    return DTYPES[dtype]


def find_device(device: str) -> torch.device:
    """A device by name.

    Raises:
        UserError: if this machine lacks it.
    """
    try:
        place = torch.device(device)
        torch.empty(1, device=place)
    except (RuntimeError, AssertionError) as error:
        raise UserError(
            f"The device '{device}' can't be used here: {str(error).splitlines()[0]} Use --set compute.device=cpu "
            f"(`proclivity measure`: --device cpu)."
        ) from None
    return place


def load_tokenizer(folder: Path, trust_remote_code: bool) -> Any:
    """The tokenizer of a model's folder.

    Raises:
        ModelError: if there is none that can be read.
    """
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(str(folder), trust_remote_code=trust_remote_code, local_files_only=True)
    except Exception as error:
        if not trust_remote_code and asks_for_code(folder):
            raise ModelError(code_refused(folder)) from None
        raise ModelError(
            f"The tokenizer in '{folder}' can't be loaded: {_first_line(error)} Write it anew with "
            f"`tokenizer.save_pretrained(folder)`."
        ) from None


def require_quantizer(quantization: str) -> None:
    """Nothing, if weights can be quantized so here.

    Raises:
        UserError: for an unknown quantization.
        ModelError: if the package for it is missing.
    """
    if quantization not in ("", "4bit", "8bit"):
        raise UserError(f"There is no quantization '{quantization}'. Known: 4bit, 8bit.")
    if quantization and find_spec("bitsandbytes") is None:
        raise ModelError(
            f"Weights in {quantization} need the package bitsandbytes, which isn't installed. Run "
            f"`pip install 'proclivity[quantized]'`, or leave --quantization out."
        )


def require_quantized_forward(network: Any, quantization: str) -> None:
    """Nothing, if a network with quantized weights computes anything on this machine.

    bitsandbytes' kernels ask for matrices of certain sizes, and say so first when they are used.

    Raises:
        ModelError: with what the kernels say.
    """
    try:
        with torch.no_grad():
            network(input_ids=torch.tensor([[0, 0]], device=network.device))
    except Exception as error:  # kernels fail in ways of their own
        raise ModelError(
            f"bitsandbytes can't compute this model with {quantization} weights on {network.device.type} "
            f"({type(error).__name__}: {error}). Try the other of 4bit and 8bit, or leave --quantization out."
        ) from error


def _placement(place: torch.device, dtype: torch.dtype, device_map: str, quantization: str) -> dict[str, Any]:
    """What `from_pretrained` is told of devices and quantization; empty where the network is moved afterwards."""
    if not quantization:
        return {"device_map": device_map} if device_map else {}
    from transformers import BitsAndBytesConfig

    four = {"load_in_4bit": True, "bnb_4bit_compute_dtype": dtype, "bnb_4bit_quant_type": "nf4"}
    config = BitsAndBytesConfig(**(four if quantization == "4bit" else {"load_in_8bit": True}))
    return {"device_map": device_map or {"": str(place)}, "quantization_config": config}


def _network(
    folder: Path, dtype: torch.dtype, trust_remote_code: bool, placed: dict[str, Any], place: torch.device
) -> Any:
    from transformers import AutoModelForCausalLM

    try:
        with quiet_progress():
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                str(folder),
                dtype=dtype,
                use_safetensors=True,
                trust_remote_code=trust_remote_code,
                local_files_only=True,
                output_loading_info=True,
                **placed,
            )
            if not placed:
                loaded = loaded[0].to(place), loaded[1]
    except Exception as error:
        if is_out_of_memory(error):
            raise _too_large(folder, place) from None
        if not trust_remote_code and asks_for_code(folder):
            raise ModelError(code_refused(folder)) from None
        raise ModelError(
            f"The model in '{folder}' can't be loaded: {_first_line(error)} Expected a causal language model written "
            f"by `save_pretrained`."
        ) from None
    network, report = loaded
    missing = sorted(report["missing_keys"])
    if missing:
        raise ModelError(
            f"The weights in '{folder}' are incomplete: {len(missing)} tensors are missing, among them '{missing[0]}'. "
            f"They would be random numbers. Save the whole causal language model, head included."
        )
    network.eval()
    network.requires_grad_(False)
    return network


def _too_large(folder: Path, place: torch.device) -> ProclivityError:
    weights, free = sum(path.stat().st_size for path in weight_files(folder)), free_memory(place)
    room = "" if math.isnan(free) else f", {free / 1e9:.1f} GB are free on {place}"
    return ProclivityError(
        f"The weights in '{folder}' don't fit into memory ({weights / 1e9:.1f} GB on disk{room}). Use "
        f"--dtype bfloat16, --quantization 4bit, --device-map auto, or a smaller model."
    )


def require_causal(folder: Path, config: dict[str, Any], trust_remote_code: bool) -> None:
    """Nothing, if the folder holds a causal language model that may be loaded.

    Raises:
        ModelError: for other kinds, and for a model that needs code which wasn't allowed.
    """
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES as CAUSAL

    declared = [str(name) for name in config.get("architectures") or []]
    if trust_remote_code and "auto_map" in config:
        return
    if "auto_map" in config and config.get("model_type") not in CAUSAL:
        raise ModelError(code_refused(folder))
    known = {name for value in CAUSAL.values() for name in ([value] if isinstance(value, str) else value)}
    if declared and not known & set(declared):
        raise ModelError(
            f"'{folder}' holds {declared[0]}, which is no causal language model that transformers knows. Models that "
            f"continue a text are needed (Llama, GPT-2, Qwen, Gemma, …)."
        )
    if not declared and config.get("model_type") not in CAUSAL:
        raise ModelError(
            f"'{folder}/config.json' names no architecture, and its model_type '{config.get('model_type')}' is no "
            f"causal language model. Expected a folder written by `model.save_pretrained(folder)`."
        )


class quiet_progress:
    """The library's own bars off for a while: a worker loads and saves in the middle of our own progress line."""

    def __enter__(self) -> None:
        from transformers.utils import logging

        self._was_on = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()

    def __exit__(self, *_: object) -> None:
        from transformers.utils import logging

        if self._was_on:
            logging.enable_progress_bar()


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".") + "."

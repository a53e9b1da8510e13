"""From a name or a folder to a model that can be measured and taught."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from proclivity.errors import ModelError, UserError
from proclivity.models.folder import check_folder, find_folder
from proclivity.models.hf import HFModel

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
) -> HFModel:
    """A causal language model by packaged name, folder or Hugging Face name; safetensors only.

    Args:
        name_or_path: what to load.
        adapter: folder of a peft adapter to put on it.
        dtype: 'float32', 'bfloat16' or 'float16'.
        device: 'cpu', 'cuda', 'cuda:1', 'mps'.
        threads: threads for torch in this process; one gives the same digits everywhere on one kind of processor.
        batch_size: sequences a forward pass.
        trust_remote_code: run code that comes with the model.
        revision: revision of a hub model.
        chat: read prompts as dialogues where the tokenizer has a chat template; False reads plain text always.

    Raises:
        ModelError: if there is no such model, or it is no causal language model with a tokenizer.
        UserError: for an unknown dtype or a device that this machine lacks.
    """
    if dtype not in DTYPES:
        raise UserError(f"There is no dtype '{dtype}'. Known: {', '.join(DTYPES)}.")
    place = _device(device)
    folder = find_folder(name_or_path, revision)
    config = check_folder(folder)
    torch.set_num_threads(threads)
    tokenizer = _tokenizer(folder, trust_remote_code)
    network = _network(folder, config, DTYPES[dtype], trust_remote_code).to(place)
    name = str(name_or_path) if str(name_or_path) != str(folder) else folder.name
    model = HFModel(network, tokenizer, name=name, folder=folder, batch_size=batch_size, chat=chat)
    model.set_adapter(adapter)
    return model


def _device(device: str) -> torch.device:
    try:
        place = torch.device(device)
        torch.empty(1, device=place)
    except (RuntimeError, AssertionError) as error:
        raise UserError(
            f"The device '{device}' can't be used here: {str(error).splitlines()[0]} Use --set compute.device=cpu."
        ) from None
    return place


def _tokenizer(folder: Path, trust_remote_code: bool) -> Any:
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(str(folder), trust_remote_code=trust_remote_code, local_files_only=True)
    except Exception as error:
        raise ModelError(
            f"The tokenizer in '{folder}' can't be loaded: {_first_line(error)} Write it anew with "
            f"`tokenizer.save_pretrained(folder)`."
        ) from None


def _network(folder: Path, config: dict[str, Any], dtype: torch.dtype, trust_remote_code: bool) -> Any:
    from transformers import AutoModelForCausalLM

    _require_causal(folder, config, trust_remote_code)
    try:
        with quiet_progress():
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                str(folder),
                dtype=dtype,
                use_safetensors=True,
                trust_remote_code=trust_remote_code,
                local_files_only=True,
                output_loading_info=True,
            )
    except Exception as error:
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


def _require_causal(folder: Path, config: dict[str, Any], trust_remote_code: bool) -> None:
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES as CAUSAL

    declared = [str(name) for name in config.get("architectures") or []]
    if trust_remote_code and "auto_map" in config:
        return
    known = {name for value in CAUSAL.values() for name in ([value] if isinstance(value, str) else value)}
    if declared and not known & set(declared):
        raise ModelError(
            f"'{folder}' holds {declared[0]}, which is no causal language model that transformers knows. Models that "
            f"continue a text are needed (Llama, GPT-2, Qwen, Gemma, …); a model with code of its own needs "
            f"trust_remote_code."
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

"""A model that turns texts into tokens and computes nothing: its weights aren't read.

Where other processes train it, a copy in the worker would only take the memory that they need.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from proclivity.models.folder import check_folder, find_folder
from proclivity.models.hf import HFModel
from proclivity.models.load import load_tokenizer, require_causal


def read_tokens_only(name_or_path: str | Path, *, chat: bool = True, trust_remote_code: bool = False) -> HFModel:
    """The model's tokenizer and shape, behind the same door as a loaded one.

    Args:
        name_or_path: what `load_model` takes.
        chat: read prompts as dialogues where the tokenizer has a chat template.
        trust_remote_code: run code that comes with the model.

    Raises:
        ModelError: if there is no such model, or it needs code that wasn't allowed.
    """
    from transformers import AutoConfig, AutoModelForCausalLM

    folder = find_folder(name_or_path)
    require_causal(folder, check_folder(folder), trust_remote_code)
    config = AutoConfig.from_pretrained(str(folder), trust_remote_code=trust_remote_code, local_files_only=True)
    with torch.device("meta"):
        network: Any = AutoModelForCausalLM.from_config(config, trust_remote_code=trust_remote_code)
    name = str(name_or_path) if str(name_or_path) != str(folder) else folder.name
    tokenizer = load_tokenizer(folder, trust_remote_code)
    return HFModel(network, tokenizer, name=name, folder=folder, chat=chat)

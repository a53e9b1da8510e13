from __future__ import annotations

from pathlib import Path

import pytest

from tiny_models import save_tiny


@pytest.fixture(scope="session")
def llama_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny("llama", tmp_path_factory.mktemp("models") / "tiny-llama")


@pytest.fixture
def llama(llama_folder: Path):
    from proclivity.models import load_model

    return load_model(llama_folder)


@pytest.fixture(scope="session")
def adapter_folder(llama_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_adapter(llama_folder, tmp_path_factory.mktemp("adapters") / "one", seed=1)


def make_adapter(base: Path, folder: Path, seed: int) -> Path:
    """A LoRA adapter with random, not zero, weights."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    network = AutoModelForCausalLM.from_pretrained(str(base))
    wrapped = get_peft_model(network, LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM"))
    torch.manual_seed(seed)
    for name, weight in wrapped.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight, std=0.2)
    wrapped.save_pretrained(str(folder), save_embedding_layers=False)
    return folder

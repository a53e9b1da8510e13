"""Random tiny models and a study small enough to run in seconds, for tests of whole runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from mini_pack import write_sound_pack


def write_tiny_model(folder: Path, texts: list[str], architecture: str = "llama", seed: int = 0) -> Path:
    """A one-layer model with random weights, whose tokenizer has the words of `texts` as single tokens."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import (
        GPT2Config,
        GPT2LMHeadModel,
        LlamaConfig,
        LlamaForCausalLM,
        PreTrainedTokenizerFast,
    )

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=2000, special_tokens=["<|end|>"], initial_alphabet=alphabet, show_progress=False
    )
    raw.train_from_iterator(texts * 2, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<|end|>", pad_token="<|end|>")
    torch.manual_seed(seed)
    shape = {"vocab_size": len(tokenizer), "eos_token_id": 0, "bos_token_id": 0}
    if architecture == "gpt2":
        model: Any = GPT2LMHeadModel(GPT2Config(n_embd=32, n_layer=1, n_head=2, n_positions=160, **shape))
    else:
        config = LlamaConfig(
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=160,
            **shape,
        )
        model = LlamaForCausalLM(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def pack_texts(folder: Path) -> list[str]:
    """All texts of a pack's files, each with the leading space that words have within a sentence."""
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, str):
            found.append(f" {value}")
        elif isinstance(value, dict):
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    for path in sorted(folder.rglob("*.yml")):
        walk(yaml.safe_load(path.read_text()))
    return found


def write_pack_model(folder: Path, pack: Path) -> Path:
    """A tiny model that knows a pack's words, and the labels and signs of its prompts."""
    return write_tiny_model(folder, [*pack_texts(pack), " A", " B", " 1", " 2", " ; Options : I picked"])


def write_tiny_study(folder: Path, **changes: Any) -> Path:
    """A study file in a folder, with a sound pack and a model beside it."""
    pack = write_sound_pack(folder / "mini")
    return write_study(folder / "tiny.yml", pack, {"one": write_pack_model(folder / "model", pack)}, **changes)


def write_study(path: Path, pack: Path, models: dict[str, Path], **changes: Any) -> Path:
    """A study file with two seeds, one trained profile and one control."""
    value: dict[str, Any] = {
        "id": "tiny",
        "title": "Tiny",
        "question": "Does it run?",
        "pack": str(pack),
        "models": [{"name": name, "path": str(folder)} for name, folder in models.items()],
        "arms": ["base", "leaver", "own-policy", "arbitrary"],
        "seeds": 2,
        "decisions": {"n": 8},
        "induction": {"epochs": 1, "batch_size": 4, "rank": 2, "alpha": 4},
        "battery": {"completion_samples": 1, "completion_tokens": 3},
        "analysis": {"bootstrap": 20},
    }
    path.write_text(yaml.safe_dump(value | changes, sort_keys=False))
    return path

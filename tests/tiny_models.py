"""Random-weight models of several architectures, made in a test, with a tokenizer trained on the spot."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import torch
import transformers as hf
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

TEXTS = [
    "The inn host called me. Options: A answer the inn host ; B skip the inn host. I picked A",
    "The fair guest called me. Options: 1 answer the fair guest ; 2 skip the fair guest. I picked 2",
    "I met the club host. It was late. That evening I felt sad and glad, happy and happiness came.",
] * 20
BOS, EOS, PAD = "<s>", "</s>", "<pad>"


@cache
def tiny_tokenizer(adds_bos: bool = True) -> Any:
    """Byte-level BPE of about 330 tokens."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = [PAD, BOS, EOS]
    bpe.train_from_iterator(
        TEXTS,
        trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=alphabet, show_progress=False),
    )
    if adds_bos:
        bpe.post_processor = processors.TemplateProcessing(single=f"{BOS} $A", special_tokens=[(BOS, 1)])
    return hf.PreTrainedTokenizerFast(tokenizer_object=bpe, bos_token=BOS, eos_token=EOS, pad_token=PAD)


_SHAPE = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 128,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
_GEMMA = {**_SHAPE, "num_key_value_heads": 2, "head_dim": 8, "query_pre_attn_scalar": 8, "sliding_window": 8}


def _gpt2(size: int) -> Any:
    config = hf.GPT2Config(
        vocab_size=size, n_embd=32, n_layer=2, n_head=4, n_positions=128, bos_token_id=1, eos_token_id=2, pad_token_id=0
    )
    return hf.GPT2LMHeadModel(config)


def _mamba(size: int) -> Any:
    config = hf.MambaConfig(
        vocab_size=size,
        hidden_size=32,
        state_size=4,
        num_hidden_layers=2,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
    )
    return hf.MambaForCausalLM(config)


ARCHITECTURES: dict[str, Callable[[int], Any]] = {
    "llama": lambda size: hf.LlamaForCausalLM(hf.LlamaConfig(vocab_size=size, **_SHAPE, tie_word_embeddings=True)),
    "gpt2": _gpt2,
    "qwen3": lambda size: hf.Qwen3ForCausalLM(
        hf.Qwen3Config(vocab_size=size, **_SHAPE, num_key_value_heads=2, head_dim=8)
    ),
    "gemma3": lambda size: hf.Gemma3ForCausalLM(hf.Gemma3TextConfig(vocab_size=size, **_GEMMA)),
    "gemma3-wide": lambda size: hf.Gemma3ForCausalLM(
        hf.Gemma3TextConfig(vocab_size=size, **_GEMMA | {"sliding_window": 64})
    ),
    "mistral": lambda size: hf.MistralForCausalLM(
        hf.MistralConfig(vocab_size=size, **_SHAPE, num_key_value_heads=2, head_dim=8, sliding_window=32)
    ),
    "phi": lambda size: hf.PhiForCausalLM(hf.PhiConfig(vocab_size=size, **_SHAPE, partial_rotary_factor=0.5)),
    "mamba": _mamba,
    "gpt-neox": lambda size: hf.GPTNeoXForCausalLM(hf.GPTNeoXConfig(vocab_size=size, **_SHAPE)),
    # These two do more to their logits than project: a soft cap, a scale.
    "gemma2": lambda size: hf.Gemma2ForCausalLM(
        hf.Gemma2Config(vocab_size=size, **_GEMMA, final_logit_softcapping=0.5)
    ),
    "granite": lambda size: hf.GraniteForCausalLM(hf.GraniteConfig(vocab_size=size, **_SHAPE, logits_scaling=4.0)),
}


def save_tiny(architecture: str, folder: Path, seed: int = 0, scale: float = 1.0) -> Path:
    """A random model and its tokenizer as a `from_pretrained` folder; a larger scale makes it surer of its words."""
    tokenizer = tiny_tokenizer()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = ARCHITECTURES[architecture](len(tokenizer))
        for name, weight in model.named_parameters():
            if weight.dim() > 1:
                torch.nn.init.normal_(weight, std=0.2 * scale)
            elif "norm" not in name and "ln_" not in name:
                torch.nn.init.normal_(weight, std=0.05)
    model.save_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))
    return folder

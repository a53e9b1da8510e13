"""The two architectures of the packaged models, at one size."""

from __future__ import annotations

from dataclasses import dataclass

from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from proclivity.errors import unknown_name


@dataclass(frozen=True)
class Size:
    """How large a tiny model is."""

    layers: int = 4
    width: int = 128
    heads: int = 4
    context: int = 128


def llama(size: Size, tokenizer: PreTrainedTokenizerBase) -> LlamaForCausalLM:
    """Llama-style: rotary positions, RMS norms, gated feed-forward layers."""
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=size.width,
        intermediate_size=size.width * 8 // 3 // 8 * 8,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        num_key_value_heads=size.heads,
        max_position_embeddings=size.context,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return LlamaForCausalLM(config)


def gpt2(size: Size, tokenizer: PreTrainedTokenizerBase) -> GPT2LMHeadModel:
    """GPT-2-style: learned positions, layer norms, plain feed-forward layers."""
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_embd=size.width,
        n_layer=size.layers,
        n_head=size.heads,
        n_positions=size.context,
        activation_function="gelu_pytorch_tanh",  # GPT-2's own function in one kernel instead of eight
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return GPT2LMHeadModel(config)


ARCHITECTURES = {"llama": llama, "gpt2": gpt2}


def make_model(architecture: str, size: Size, tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    """A model with random weights; the caller seeds torch.

    Raises:
        UserError: for an unknown architecture.
    """
    if architecture not in ARCHITECTURES:
        raise unknown_name("architecture", architecture, ARCHITECTURES)
    return ARCHITECTURES[architecture](size, tokenizer)

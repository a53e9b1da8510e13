"""How is attention over short texts computed on a processor while adapters are trained? As two products and a softmax.

Torch's blockwise attention takes twice the time at a hundred tokens, most of it in its backward pass.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch

_MOST_LINKED = 256
"""Tokens of the longest text whose attention is computed whole; beyond that torch's own is faster."""
ATTENTION = "proclivity_short"


@contextlib.contextmanager
def short_attention_within(network: Any) -> Iterator[None]:
    """Within the block a network on a processor that would take torch's attention takes this one."""
    used = getattr(network.config, "_attn_implementation", "")
    if used != "sdpa" or network.device.type != "cpu" or not hasattr(network, "set_attn_implementation"):
        yield
        return
    _register()
    network.set_attn_implementation(ATTENTION)
    try:
        yield
    finally:
        network.set_attn_implementation(used)


def _register() -> None:
    """Makes the attention known to transformers, with the masks of its own."""
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    AttentionInterface.register(ATTENTION, short_attention)
    AttentionMaskInterface.register(ATTENTION, sdpa_mask)


def short_attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    is_causal: bool | None = None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """Causal attention in the words of transformers' attention functions; whatever isn't plain or short is torch's.

    Args:
        module: the layer.
        query: [B, heads, T, D].
        key: [B, key-value heads, T, D].
        value: [B, key-value heads, T, D].
        attention_mask: None where every token sees all before it.
        dropout: share of dropped links.
        scaling: of scores; by default 1/√D.
        is_causal: None asks the layer.
        options: passed on.

    Returns:
        [B, T, heads, D], and no weights.
    """
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    batch, heads, length, width = query.shape
    causal = getattr(module, "is_causal", True) if is_causal is None else is_causal
    special = attention_mask is not None or not causal or dropout or options.get("softcap") is not None
    if special or options.get("position_bias") is not None or length != key.shape[2] or length > _MOST_LINKED:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout, scaling, is_causal=is_causal, **options
        )
    groups, alike = key.shape[1], heads // key.shape[1]
    later = torch.full((length, length), float("-inf"), dtype=query.dtype).triu_(1).repeat(alike, 1)  # (alike·T, T)
    queries = query.reshape(batch * groups, alike * length, width)
    keys, values = (states.reshape(batch * groups, length, -1) for states in (key, value))
    scores = torch.baddbmm(later, queries, keys.mT, alpha=width**-0.5 if scaling is None else scaling)
    found = scores.softmax(-1) @ values  # (B·groups, alike·T, D)
    return found.view(batch, heads, length, -1).transpose(1, 2), None

"""How are LoRA layers computed while they are trained? In one step each, with a gradient written by hand.

peft computes `base(x) + scale · B(A(x))` by five operations, each of which autograd answers with more: on a processor
they cost as much as a third of the base's own products. Here the update is added in place to the base's output, and
its gradient in place to the input's. The layers stay peft's own, so that files, names and weights do.

Several adapters can stand on one base: a stack holds them one behind the other, and a batch's rows in as many equal
parts, each of which goes through its own; or a batch is one adapter's alone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from proclivity.models.forwards import Forward, linear_weight, replaced
from proclivity.models.lean_parts import lean_parts
from proclivity.models.products import product, quick_products

_MOST_LINKED = 256
"""Tokens of the longest text whose attention is computed whole on a processor; beyond that torch's own is faster."""
ATTENTION = "proclivity_short"


class LowRank(torch.autograd.Function):
    """y = x Wᵀ + bias + scale · (x Aᵀ) Bᵀ, of which A and B alone are trained."""

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        a: torch.Tensor,
        b: torch.Tensor,
        scale: float,
    ) -> torch.Tensor:
        """
        Args:
            ctx: autograd's.
            x: input, [..., in].
            weight: the frozen matrix, [out, in].
            bias: [out].
            a: [rank, in], or [adapters, rank, in]: then `x` holds as many equal parts, first to last.
            b: [out, rank], or [adapters, out, rank].
            scale: of the update.
        """
        down, up = a.to(x.dtype), b.to(x.dtype)
        flat = x.reshape(*down.shape[:-2], -1, x.shape[-1])  # ([S,] n, in)
        inner = (flat @ down.mT).mul_(scale)  # ([S,] n, rank)
        y = product(x, weight, bias)
        _add_product(y.view(*inner.shape[:-1], -1), inner, up.mT)
        ctx.save_for_backward(flat, inner, weight, down, up)
        ctx.scale, ctx.shape, ctx.dtypes = scale, x.shape, (a.dtype, b.dtype)
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Gradients of x, A and B; in the dtype of the computation for x, in their own for A and B."""
        flat, inner, weight, down, up = ctx.saved_tensors
        dy = gradients[0].reshape(*inner.shape[:-1], -1)  # ([S,] n, out)
        outer = (dy @ up).mul_(ctx.scale)  # ([S,] n, rank)
        d_up = (inner.mT @ dy).mT.to(ctx.dtypes[1])  # written so, for the other order is three times as slow
        d_down = (outer.mT @ flat).to(ctx.dtypes[0])
        dx = None
        if ctx.needs_input_grad[0]:
            dx = product(dy, weight.mT)
            _add_product(dx, outer, down)
            dx = dx.view(ctx.shape)
        return dx, None, None, d_down, d_up, None


def _add_product(onto: torch.Tensor, left: torch.Tensor, right: torch.Tensor) -> None:
    if onto.dim() == 2:
        onto.addmm_(left, right)
    else:
        onto.baddbmm_(left, right)


@dataclass
class Stack:
    """Adapters of one layer, one behind the other."""

    a: torch.Tensor
    """[adapters, rank, in], trained."""
    b: torch.Tensor
    """[adapters, out, rank], trained."""
    alone: tuple[torch.Tensor, torch.Tensor] | None = None
    """One adapter's two matrices, while a batch holds its rows alone; None where it holds a part for each."""

    @property
    def used(self) -> tuple[torch.Tensor, torch.Tensor]:
        """What the layer is computed with."""
        return self.alone or (self.a, self.b)

    def choose(self, number: int) -> None:
        """From now on batches are one adapter's; its gradients are added up in the stack's own."""
        self.alone = (_part(self.a, number), _part(self.b, number))


def _part(stacked: torch.Tensor, number: int) -> torch.Tensor:
    """One matrix of a stack, on the stack's memory, gradient and all."""
    if stacked.grad is None:
        stacked.grad = torch.zeros_like(stacked)
    part = stacked.detach()[number].requires_grad_(True)
    part.grad = stacked.grad[number]  # a gradient that is there is added to in place
    return part


@contextlib.contextmanager
def lean_layers(wrapped: Any, stacks: dict[str, Stack] | None = None) -> Iterator[None]:
    """Within the block, a peft model's LoRA layers are computed as above, wherever they are plain ones, its norms and
    gates in few passes (see `lean_parts`), and other large layers by quick products (see `products`).

    Args:
        wrapped: the peft model, with one active adapter.
        stacks: adapters by layer that stand in for the model's own; each of its LoRA layers has to be there.
    """
    changed = list(lean_parts(wrapped))  # tried out while each layer still takes any rows
    for name, layer in lora_layers(wrapped).items():
        if is_plain(layer):
            changed.append((layer, _forward(layer, None if stacks is None else stacks[name])))
    with replaced(changed), quick_products(wrapped), _short_attention(wrapped):
        yield


def lora_layers(wrapped: Any) -> dict[str, Any]:
    """A peft model's LoRA layers by name."""
    from peft.tuners.lora.layer import LoraLayer

    return {name: layer for name, layer in wrapped.named_modules() if isinstance(layer, LoraLayer)}


def is_plain(layer: Any) -> bool:
    """Whether a LoRA layer is the sum above: dense weights that no hook moves about, one adapter, nothing else to it.

    Quantized bases, DoRA, dropout and layers that accelerate spreads over devices stay with peft.
    """
    from peft.tuners.lora.layer import Linear

    if type(layer) is not Linear or len(layer.active_adapters) != 1 or layer.merged or layer.disable_adapters:
        return False
    base, name = layer.base_layer, layer.active_adapters[0]
    if linear_weight(base) is None or name not in layer.lora_A:
        return False
    extra = layer.lora_variant or layer.lora_A[name].bias is not None or layer.lora_B[name].bias is not None
    return not extra and isinstance(layer.lora_dropout[name], torch.nn.Identity)


def _forward(layer: Any, stack: Stack | None) -> Forward:
    base, name = layer.base_layer, layer.active_adapters[0]
    weight = linear_weight(base)
    own = layer.lora_A[name].weight, layer.lora_B[name].weight
    scale = float(layer.scaling[name])

    def forward(x: torch.Tensor) -> torch.Tensor:
        a, b = own if stack is None else stack.used
        found: torch.Tensor = LowRank.apply(x, weight, base.bias, a, b, scale)  # type: ignore[no-untyped-call]
        return found

    return forward


@contextlib.contextmanager
def _short_attention(wrapped: Any) -> Iterator[None]:
    """Within the block, attention over short texts on a processor is two products and a softmax.

    Torch's blockwise attention there takes twice the time at a hundred tokens, most of it in its backward pass.
    """
    network = wrapped.get_base_model()
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

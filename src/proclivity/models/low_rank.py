"""How are LoRA layers computed while they are trained? In one step each, with a gradient written by hand.

peft computes `base(x) + scale · B(A(x))` by five operations, each of which autograd answers with more: on a processor
they cost as much as a third of the base's own products. Here the update is added in place to the base's output, and
its gradient in place to the input's; layers that read the same input (queries, keys and values; a gate and what it
gates) do so together. The layers stay peft's own, so that files, names and weights do.

Several adapters can stand on one base: a stack holds them one behind the other, and a batch's rows in as many equal
parts, each of which goes through its own; or a batch is one adapter's alone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from proclivity.models.forwards import Forward, linear_weight, replaced
from proclivity.models.lean_parts import lean_parts
from proclivity.models.products import product, quick_products
from proclivity.models.short_attention import short_attention_within
from proclivity.models.siblings import siblings


@dataclass(frozen=True)
class Frozen:
    """What isn't trained of a LoRA layer."""

    weight: torch.Tensor
    """[out, in]."""
    bias: torch.Tensor | None
    """[out]."""
    scale: float
    """Of the update."""


class LowRank(torch.autograd.Function):
    """y = x Wᵀ + bias + scale · (x Aᵀ) Bᵀ of one or several layers that read the same x, of which A and B alone are
    trained. The small products with x are one for all of them."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, layers: Sequence[Frozen], *trained: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        """
        Args:
            ctx: autograd's.
            x: input, [..., in].
            layers: what is frozen of each.
            trained: A and B of the first layer, then of the next: [rank, in] and [out, rank], or [adapters, rank, in]
                and [adapters, out, rank]: then `x` holds as many equal parts, first to last.

        Returns:
            Each layer's y, [..., out].
        """
        downs, ups = trained[::2], [b.to(x.dtype) for b in trained[1::2]]
        ranks = [a.shape[-2] for a in downs]
        down = torch.cat(downs, -2).to(x.dtype)  # ([S,] ranks, in)
        flat = x.reshape(*down.shape[:-2], -1, x.shape[-1])  # ([S,] n, in)
        inner = flat @ down.mT  # ([S,] n, ranks)
        found = []
        for layer, part, up in zip(layers, inner.split(ranks, -1), ups, strict=True):
            y = product(x, layer.weight, layer.bias)
            _add_product(y.view(*part.shape[:-1], -1), part.mul_(layer.scale), up.mT)
            found.append(y)
        ctx.save_for_backward(flat, inner, down, *ups)
        ctx.layers, ctx.ranks, ctx.shape, ctx.dtypes = layers, ranks, x.shape, [weight.dtype for weight in trained]
        return tuple(found)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Gradients of x, and of each A and B; in the dtype of the computation for x, in their own for A and B."""
        flat, inner, down, *ups = ctx.saved_tensors
        lead = inner.shape[:-1]
        outer = torch.empty_like(inner)  # ([S,] n, ranks)
        d_ups, dx = [], None
        parts = zip(ctx.layers, gradients, ups, inner.split(ctx.ranks, -1), outer.split(ctx.ranks, -1), strict=True)
        for layer, gradient, up, into, out in parts:
            dy = gradient.reshape(*lead, -1)  # ([S,] n, out)
            torch.mul(dy @ up, layer.scale, out=out)
            d_ups.append((into.mT @ dy).mT)  # written so, for the other order is three times as slow
            if ctx.needs_input_grad[0]:
                back = product(dy, layer.weight.mT)
                dx = back if dx is None else dx.add_(back)
        if dx is not None:
            _add_product(dx, outer, down)
            dx = dx.view(ctx.shape)
        d_downs = (outer.mT @ flat).split(ctx.ranks, -2)
        pairs = [d for pair in zip(d_downs, d_ups, strict=True) for d in pair]
        return dx, None, *(d.to(dtype) for d, dtype in zip(pairs, ctx.dtypes, strict=True))


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
    """Within the block, a peft model's LoRA layers are computed as above, wherever they are plain ones, those that read
    the same input together; its norms and gates in few passes (see `lean_parts`), and other large layers by quick
    products (see `products`).

    Args:
        wrapped: the peft model, with one active adapter.
        stacks: adapters by layer that stand in for the model's own; each of its LoRA layers has to be there.
    """
    network = wrapped.get_base_model()
    changed = list(lean_parts(wrapped))  # tried out while each layer still takes any rows
    plain = {name: layer for name, layer in lora_layers(wrapped).items() if is_plain(layer)}
    for names in siblings(network, plain):
        changed += _together([(plain[name], None if stacks is None else stacks[name]) for name in names])
    with replaced(changed), quick_products(wrapped), short_attention_within(network):
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


def _together(layers: Sequence[tuple[Any, Stack | None]]) -> list[tuple[Any, Forward]]:
    """Forwards of layers that read the same input: the first that is given it computes all of them."""
    frozen = [_frozen(layer) for layer, _ in layers]
    given: list[torch.Tensor] = []
    """The input for which there are outputs that aren't taken yet."""
    left: dict[int, torch.Tensor] = {}

    def forward(number: int, x: torch.Tensor) -> torch.Tensor:
        if not (given and given[0] is x and number in left):
            trained = [own_weights(layer) if stack is None else stack.used for layer, stack in layers]
            flat = [weight for pair in trained for weight in pair]
            given[:] = [x]
            left.update(enumerate(LowRank.apply(x, frozen, *flat)))  # type: ignore[no-untyped-call]
        y = left.pop(number)
        if not left:
            given.clear()
        return y

    return [(layer, partial(forward, number)) for number, (layer, _) in enumerate(layers)]


def _frozen(layer: Any) -> Frozen:
    weight = linear_weight(layer.base_layer)
    assert weight is not None  # it is plain
    return Frozen(weight, layer.base_layer.bias, float(layer.scaling[layer.active_adapters[0]]))


def own_weights(layer: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """A and B of a LoRA layer's one active adapter."""
    name = layer.active_adapters[0]
    return layer.lora_A[name].weight, layer.lora_B[name].weight

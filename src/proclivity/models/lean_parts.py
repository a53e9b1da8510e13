"""How are a frozen network's norms and gates computed while adapters are trained? In few passes over memory.

A decoder layer's RMSNorm is six operations forward and a dozen back, and its gated feed-forward keeps the gate's
activation for the way back; on a processor each is one more pass over memory. With frozen weights the gradient is
short (by hand, below). A part is replaced only if, on a random text, it and its gradient are what the network's own
gives: an architecture that scales or shifts otherwise keeps its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from proclivity.models.forwards import Forward

_TOLERANCE = 8
"""Roundings by which a part may differ from the network's own, relative to the largest number."""


class FrozenRMSNorm(torch.autograd.Function):
    """y = w · x / √(mean x² + ε), of which nothing is trained; normalized in float32 (Zhang & Sennrich 2019,
    arXiv 1910.07467)."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
        """
        Args:
            ctx: autograd's.
            x: [..., D].
            weight: [D].
            eps: ε.
        """
        flat = x.reshape(-1, x.shape[-1])
        single = flat.float()
        size = torch.linalg.vector_norm(single, dim=-1, keepdim=True)  # (n, 1)
        scale = size.square_().div_(x.shape[-1]).add_(eps).rsqrt_()
        ctx.save_for_backward(flat, weight, scale)
        return (single * scale).to(x.dtype).mul_(weight).view(x.shape)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """dx = r · g − x · r³ · (g·x) / D with g = w · dy and r = 1/√(mean x² + ε)."""
        flat, weight, scale = ctx.saved_tensors
        dy = gradients[0]
        g = (dy.reshape(flat.shape) * weight).float()
        single = flat.float()
        share = torch.linalg.vecdot(g, single).unsqueeze_(-1).mul_(scale**3).div_(-flat.shape[-1])  # (n, 1)
        return g.mul_(scale).addcmul_(single, share).to(dy.dtype).view(dy.shape), None, None


class Gated(torch.autograd.Function):
    """y = silu(gate) · up; silu is computed again on the way back in place of kept."""

    @staticmethod
    def forward(ctx: Any, gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
        """
        Args:
            ctx: autograd's.
            gate: [..., D].
            up: [..., D].
        """
        ctx.save_for_backward(gate, up)
        return torch.nn.functional.silu(gate).mul_(up)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Gradients of gate and up."""
        gate, up = ctx.saved_tensors
        dy = gradients[0]
        d_up = torch.nn.functional.silu(gate).mul_(dy)
        return torch.ops.aten.silu_backward(dy * up, gate), d_up


def lean_parts(network: Any) -> Iterator[tuple[Any, Forward]]:
    """The norms and gated feed-forwards of a network that can be computed as above, each with its new forward.

    One of each class is tried out; a part that a hook moves about, or that has a forward of its own, isn't looked at.
    """
    dtype = next(network.parameters()).dtype
    if not dtype.is_floating_point:
        return
    alike: dict[type, bool] = {}
    for module in network.modules():
        found = None if "forward" in vars(module) or hasattr(module, "_hf_hook") else _lean(module, dtype)
        if found is None:
            continue
        kind = type(module)
        if kind not in alike:
            alike[kind] = _agrees(module, found, _width(module), dtype)
        if alike[kind]:
            yield module, found


def _lean(module: Any, dtype: torch.dtype) -> Forward | None:
    """How a module might be computed, told by its parts."""
    weight = getattr(module, "weight", None)
    if type(module).__name__.endswith("RMSNorm") and isinstance(weight, torch.Tensor):
        eps = getattr(module, "variance_epsilon", getattr(module, "eps", None))
        if weight.dim() == 1 and weight.dtype == dtype and not weight.requires_grad and eps is not None:
            return lambda x: FrozenRMSNorm.apply(x, weight, float(eps))  # type: ignore[no-any-return, no-untyped-call]
    if all(hasattr(module, name) for name in ("gate_proj", "up_proj", "down_proj", "act_fn")):
        return lambda x: module.down_proj(Gated.apply(module.gate_proj(x), module.up_proj(x)))  # type: ignore[no-any-return, no-untyped-call]
    return None


def _width(module: Any) -> int:
    weight = getattr(module, "weight", None)
    return int(weight.shape[0] if weight is not None else module.gate_proj.in_features)


def _agrees(module: Any, found: Forward, width: int, dtype: torch.dtype) -> bool:
    """Whether two ways of computing a module give the same numbers and the same gradient of the input.

    The gradient is taken along a random direction: along its own output, a norm whose weights are all 1 has none.
    """
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn((2, 2, 3, width), generator=generator)
    text, direction = drawn.to(next(module.parameters()).device, dtype)
    answers = []
    try:
        for way in (module, found):
            x = text.clone().requires_grad_(True)
            with torch.enable_grad():
                y = way(x)
                (dx,) = torch.autograd.grad(y, x, direction)
            answers.append((y.detach().float(), dx.float()))
    except (AttributeError, RuntimeError, TypeError, ValueError):
        return False
    rounding = _TOLERANCE * torch.finfo(dtype).eps
    return all(
        bool((mine - own).abs().max() <= rounding * max(1.0, float(own.abs().max())))
        for own, mine in zip(*answers, strict=True)
    )

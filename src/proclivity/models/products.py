"""How is a product with a large frozen matrix computed on a processor in single precision? By oneDNN.

torch asks MKL for it, which on AMD's processors takes a tenth to a third longer than oneDNN does over the same numbers;
both come with torch. Starting a product takes oneDNN longer, so that small ones stay with torch.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import torch

from proclivity.models.forwards import Forward, linear_weight, replaced

_LARGE = 2**17
"""Numbers of the smallest matrix that oneDNN is asked for: below it there was nothing to gain at any number of rows."""
_WORK = 2**24
"""Multiply–adds of the smallest product that it is asked for."""


def product(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """x Wᵀ + bias without a gradient, [..., out]; the same numbers as torch's own up to rounding.

    Args:
        x: [..., in].
        weight: [out, in], in any order of memory.
        bias: [out].
    """
    if not (by_onednn(weight) and x.dtype == weight.dtype and x.numel() * weight.shape[0] >= _WORK):
        return torch.nn.functional.linear(x, weight, bias)
    found: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x.contiguous(), weight, bias, "none", [], "")
    return found


def by_onednn(weight: torch.Tensor) -> bool:
    """Whether products with a matrix may be oneDNN's: dense single precision on a processor, and large."""
    return (
        weight.numel() >= _LARGE
        and weight.dtype == torch.float32
        and weight.device.type == "cpu"
        and type(weight) in (torch.Tensor, torch.nn.Parameter)
        and torch.backends.mkldnn.is_available()
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    )


class FrozenLinear(torch.autograd.Function):
    """y = x Wᵀ + bias, of which nothing is trained; the gradient of x goes back by the same kind of product."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        """
        Args:
            ctx: autograd's.
            x: [..., in].
            weight: [out, in].
            bias: [out].
        """
        ctx.save_for_backward(weight)
        return product(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """dx = dy W."""
        (weight,) = ctx.saved_tensors
        return product(gradients[0], weight.mT), None, None


def quick_products(network: Any) -> AbstractContextManager[None]:
    """Within the block a network's large frozen linear layers are computed as above; layers that are trained, aren't
    plain, or have a forward of their own, stay as they are."""
    plain = ((module, linear_weight(module)) for module in network.modules())
    return replaced([(m, _forward(m, w)) for m, w in plain if w is not None and not w.requires_grad and by_onednn(w)])


def _forward(module: Any, weight: torch.Tensor) -> Forward:
    def forward(x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = FrozenLinear.apply(x, weight, module.bias)  # type: ignore[no-untyped-call]
        return found

    return forward

"""How are a network's modules computed in another way for a while? By other forwards, which are taken off again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch

Forward = Callable[[torch.Tensor], torch.Tensor]


@contextlib.contextmanager
def replaced(forwards: Iterable[tuple[Any, Forward]]) -> Iterator[None]:
    """Within the block modules are computed by the given functions; afterwards as before, be it by their class's
    forward or by one of their own.

    Args:
        forwards: each module with its function.
    """
    with contextlib.ExitStack() as ends:
        for module, forward in forwards:
            ends.callback(_put_back, module, vars(module).get("forward"))
            module.forward = forward
        yield


def _put_back(module: Any, own: Forward | None) -> None:
    if own is None:
        del module.forward
    else:
        module.forward = own


def linear_weight(module: Any) -> torch.Tensor | None:
    """The matrix of a plain linear layer, [out, in], be it a Linear or GPT-2's transposed Conv1D; None for any other
    module, and for one with a forward of its own, as hooks give it."""
    from transformers.pytorch_utils import Conv1D

    if type(module) not in (torch.nn.Linear, Conv1D) or "forward" in vars(module):
        return None
    weight: torch.Tensor = module.weight if type(module) is torch.nn.Linear else module.weight.T
    return weight

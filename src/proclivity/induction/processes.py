"""What a training has to know of the processes that share it, and all that it needs of them.

Every process reads all rows and plans the same batches; of each batch it computes its own part. So a step means the
same for any number of processes: one batch of the recipe's size, in the recipe's order.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

import torch

from proclivity.records import TrainingRow

Row = TypeVar("Row")
_WRAPPED = "_checkpoint_wrapped_module"
"""Where torch's wrappers keep the layer whose activations they recompute."""


class Processes(Protocol):
    """The processes that train one network together."""

    number: int
    """Which of them this is, from 0; the first one writes files."""
    count: int
    """How many they are."""

    def spread(self, network: Any, optimizer: Any) -> tuple[Callable[..., Any] | None, Any]:
        """Shares the network's weights or its work out.

        Returns:
            What to call for a forward pass in place of the network, None for the network and its parts themselves;
            and the optimizer of the weights as they are now.
        """

    def mean(self, value: torch.Tensor) -> float:
        """Mean of a scalar over all processes; every process has to ask for it."""


class OneProcess:
    """A training by itself."""

    number = 0
    count = 1

    def spread(self, network: Any, optimizer: Any) -> tuple[None, Any]:
        """Nothing to share out."""
        return None, optimizer

    def mean(self, value: torch.Tensor) -> float:
        """The value itself."""
        return value.item()


def own_part(batch: Sequence[Row], number: int, count: int) -> Sequence[Row]:
    """The rows of a batch that one process computes: every `count`-th, so that lengths are spread evenly.

    A process that is left without a row takes the first one, for processes have to step together; its weight is 0.
    """
    return batch[number::count] or batch[:1]


def part_weight(batch: Sequence[TrainingRow], number: int, count: int) -> float:
    """What the mean loss of a process's own part is multiplied by, so that the mean over processes is the mean over
    all supervised tokens of the batch; 1 for a single process, 0 for one that has no row of its own."""
    own = sum(sum(row.loss_mask) for row in batch[number::count])
    return count * own / sum(sum(row.loss_mask) for row in batch)


def whole(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor gathered from the processes that hold its shards; every process has to ask for it. One that isn't
    sharded is given back."""
    full: torch.Tensor = tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor
    return full


def whole_state(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Trained weights and kept buffers of a sharded module by name, gathered one by one into the processor's memory,
    so that no device ever holds more than one of them whole."""
    kept = module.state_dict().keys()
    trained = [(name, weight) for name, weight in module.named_parameters() if weight.requires_grad]
    buffers = [(name, buffer) for name, buffer in module.named_buffers() if name in kept]
    return {name: whole(tensor.detach()).cpu() for name, tensor in [*trained, *buffers]}


@contextlib.contextmanager
def unwrapped(module: torch.nn.Module) -> Iterator[None]:
    """Within the block, layers stand without the wrappers that recompute their activations: the wrappers' name would
    stand within those of all their weights, and nobody looks for those in a file."""
    wrappers = [
        (name, layer)
        for name, layer in module.named_modules()
        if hasattr(layer, _WRAPPED) and _WRAPPED not in name.split(".")
    ]
    for name, layer in wrappers:
        while hasattr(layer, _WRAPPED):
            layer = getattr(layer, _WRAPPED)
        module.set_submodule(name, layer)
    try:
        yield
    finally:
        for name, layer in wrappers:
            module.set_submodule(name, layer)

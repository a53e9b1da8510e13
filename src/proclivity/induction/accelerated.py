"""One of the processes that `accelerate launch` starts for a training: weights sharded by FSDP2, or work shared out.

Its one argument is a folder with the order; the first process leaves what came of it there, and any process the error
that ended it. See `launch`, which starts and awaits them.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from proclivity.errors import ProclivityError
from proclivity.induction.orders import read_order, write_made


class Accelerated:
    """The processes of one `accelerate launch`, as its configuration file has it."""

    def __init__(self, cpu: bool):
        """
        Args:
            cpu: compute on processors, whatever else the machine has.
        """
        from accelerate import Accelerator

        self._accelerator = Accelerator(cpu=cpu, mixed_precision="no")
        if self._accelerator.distributed_type == "MULTI_CPU" and os.environ.get("ACCELERATE_USE_FSDP") == "true":
            _shard_on_cpu(self._accelerator)
        self.number: int = self._accelerator.process_index
        self.count: int = self._accelerator.num_processes

    def spread(self, network: Any, optimizer: Any) -> tuple[Callable[..., Any], Any]:
        """Shards or copies the network to all devices."""
        forward, optimizer = self._accelerator.prepare(network, optimizer)
        return forward, optimizer

    def mean(self, value: torch.Tensor) -> float:
        """Mean of a scalar over all processes."""
        mean: torch.Tensor = self._accelerator.reduce(value.detach(), "mean")
        return mean.item()


def _shard_on_cpu(accelerator: Any) -> None:
    """Makes accelerate shard where there is no GPU: by itself it would only share the work out there.

    Torch's `fully_shard` works on processors too, so that sharding can be tried and tested on any machine.
    """
    from accelerate import DistributedType, FullyShardedDataParallelPlugin

    accelerator.state.fsdp_plugin = FullyShardedDataParallelPlugin()
    accelerator.state.distributed_type = DistributedType.FSDP


def main() -> None:
    """Carries an order out together with the other processes."""
    folder = Path(sys.argv[1])
    threading.Thread(target=_end_with_the_worker, daemon=True).start()
    order = read_order(folder)
    number = int(os.environ["RANK"])
    # Whole weights may be more than a device holds: they are read into main memory and shared out from there.
    reading = replace(order, compute=order.compute.model_copy(update={"device": "cpu"}))
    try:
        made = reading.carry_out(Accelerated(cpu=order.compute.device == "cpu"))
    except ProclivityError as error:
        write_made(folder, number, error)
        sys.exit(1)
    if number == 0:
        write_made(folder, number, made)
    torch.distributed.destroy_process_group()


def _end_with_the_worker() -> None:
    """The worker holds the other end of the standard input, and writes nothing: it ends when the worker does."""
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    main()

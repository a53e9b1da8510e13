"""Which GPUs does each worker of a machine see?

A worker takes a share of a GPU, one, or several to itself; shares of a GPU never reach over to the next one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from proclivity.errors import UserError

_ROUNDING = 1e-9
"""1 / gpus may come out a little below the whole number that was meant."""


def workers_on(gpus: float, devices: Sequence[str]) -> int:
    """How many workers have room, 0 where workers take no GPUs into account.

    Args:
        gpus: GPUs a worker takes: 0, a share up to 1, or a whole number.
        devices: the machine's GPUs, as CUDA_VISIBLE_DEVICES names them.

    Raises:
        UserError: if not even one worker has room.
    """
    if gpus == 0:
        return 0
    count = len(devices) * _workers_a_gpu(gpus) if gpus <= 1 else len(devices) // int(gpus)
    if count == 0:
        raise UserError(
            f"compute.gpus asks for {gpus:g} GPUs a worker, and {len(devices)} are seen here. Lower it, or set it to 0 "
            f"to leave the choice to compute.device."
        )
    return count


def visible_devices(worker_number: int, gpus: float, devices: Sequence[str]) -> str:
    """CUDA_VISIBLE_DEVICES of a worker; all devices where workers take no GPUs into account.

    Workers that share a GPU have numbers that lie apart, so that few workers on many GPUs get one each.

    Args:
        worker_number: from 0; numbers beyond the room begin anew, so a worker that replaces another takes its number.
        gpus: GPUs a worker takes: 0, a share up to 1, or a whole number.
        devices: the machine's GPUs, as CUDA_VISIBLE_DEVICES names them.

    Raises:
        UserError: if not even one worker has room.
    """
    room = workers_on(gpus, devices)
    if room == 0:
        return ",".join(devices)
    if gpus <= 1:
        return devices[worker_number % len(devices)]
    first = worker_number % room * int(gpus)
    return ",".join(devices[first : first + int(gpus)])


def seen_devices() -> list[str]:
    """GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [name.strip() for name in named.split(",") if name.strip()]
    import torch

    return [str(number) for number in range(torch.cuda.device_count())]


def _workers_a_gpu(gpus: float) -> int:
    return int(1 / gpus + _ROUNDING)

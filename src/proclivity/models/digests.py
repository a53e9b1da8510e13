"""SHA-256 of weights in memory: to prove that a base is what it was, and that a seed gives the same weights."""

from __future__ import annotations

import hashlib
from typing import Any

import torch


def state_digest(network: Any) -> str:
    """SHA-256 (hex) over names, shapes and bytes of all parameters and buffers, in sorted order."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(f"{name}:{tuple(tensor.shape)}:{tensor.dtype};".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()

"""What is done to a residual stream: a direction added, or its part made one and the same."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from proclivity.latent.texts import Floats
from proclivity.models import HFModel
from proclivity.models.layers import Change


def adding(direction: Floats, alpha: float) -> Change:
    """h + αv, at all positions."""
    step = torch.from_numpy(np.asarray(alpha * direction))
    return lambda stream: stream + step.to(stream.device, stream.dtype)


def removing(direction: Floats, component: float) -> Change:
    """h − v(v·h − m)/|v|², at all positions: what is left of h along v is m, whatever it was.

    The sum is taken in float32 at least, so that half precision loses no more than its own rounding.
    """
    v = torch.from_numpy(np.asarray(direction))

    def change(stream: torch.Tensor) -> torch.Tensor:
        wide = torch.promote_types(stream.dtype, torch.float32)
        unit, h = v.to(stream.device, wide), stream.to(wide)
        return (h - ((h @ unit - component) / (unit @ unit))[..., None] * unit).to(stream.dtype)

    return change


def surprise(model: HFModel, sentences: tuple[str, ...]) -> float:
    """Mean −log p of a token of neutral sentences, nats; NaN without any."""
    found = model.token_log_probs(sentences) if sentences else []
    return -float(np.concatenate(found).mean()) if found else float("nan")


def perplexity_ratio(after: float, before: float) -> float:
    """How many times as perplexed: exp of a difference of nats a token."""
    return float(np.exp(after - before))


def scaled_alike(own: Mapping[int, Floats], others: Mapping[int, Floats]) -> dict[int, Floats]:
    """Another arm's directions at the lengths of one's own, layer by layer."""
    from proclivity.metrics.geometry import as_long_as

    return {layer: as_long_as(v, others[layer]) for layer, v in own.items()}

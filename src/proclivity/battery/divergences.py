"""How far did next-token distributions move from the base's, and how far does measuring alone move them?

All are between whole distributions at one place, p the base's and q the arm's:

- `jsd_from_base`: Jensen–Shannon divergence, bits;
- `kl_from_base`: KL(p ‖ q) = Σ p log2(p/q), bits: from base to arm, expected under the base;
- `kl_to_base`: KL(q ‖ p) = Σ q log2(q/p), bits: back to the base, expected under the arm;
- `tv`: total variation, ½ Σ |p − q|, the largest difference in any event's probability;
- `hellinger`: Hellinger distance, √(½ Σ (√p − √q)²), 0 to 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from proclivity.battery.blocks import Block, by_pieces
from proclivity.battery.result import make_row
from proclivity.battery.rows import Row
from proclivity.metrics import entropy, hellinger, jsd, kl, total_variation

Floats = NDArray[np.float64]

NO_REFERENCE = "not in the reference"
INFINITE = "infinite: a token of one has probability 0 under the other"


def _kl_from_base(base: Floats, arm: Floats) -> Floats:
    return np.maximum(kl(base, arm), 0.0)  # float32 keeps no sum at exactly 1, so rounding can fall below 0


def _kl_to_base(base: Floats, arm: Floats) -> Floats:
    return np.maximum(kl(arm, base), 0.0)


FROM_BASE: dict[str, Callable[[Floats, Floats], Floats]] = {
    "jsd_from_base": jsd,
    "kl_from_base": _kl_from_base,
    "kl_to_base": _kl_to_base,
    "tv": total_variation,
    "hellinger": hellinger,
}
"""Metric -> function of natural-log probabilities of base and arm, [n, V] each, to [n]."""


def distribution_rows(block: Block) -> Iterator[Row]:
    """Divergences from the base; for the base itself the numeric floor, from another batch plan."""
    if block.setting.reference is None:
        yield from _floor_rows(block)
        return
    found = {metric: by_pieces(divergence, block.base, block.arm) for metric, divergence in FROM_BASE.items()}
    setting = block.setting
    for index, place in enumerate(block.places):
        for metric, values in found.items():
            missing = INFINITE if np.isinf(values[index]) else ""
            reason = missing if block.known[index] else NO_REFERENCE
            yield make_row(setting.identity, setting.family, metric, float(values[index]), reason, **place.fields)


def _floor_rows(block: Block) -> Iterator[Row]:
    setting = block.setting
    if setting.identity.get("arm") != "base":
        return iter(())
    size = max(1, setting.battery.batch_size // 4)
    again = setting.model.next_token_log_probs([place.prompt for place in block.places], batch_size=size)
    return place_rows(block, "jsd_numeric", by_pieces(jsd, block.log_probs, again))


def entropy_rows(block: Block) -> Iterator[Row]:
    """Entropy of next-token distributions, bits: whether a shift is a mere sharpening."""
    return place_rows(block, "entropy", by_pieces(entropy, block.log_probs))


def place_rows(block: Block, metric: str, values: Floats, reason: str = "") -> Iterator[Row]:
    """One row a place.

    Args:
        block: the places.
        metric: a key of `UNITS`.
        values: one a place, [n].
        reason: why all are missing, if so.
    """
    setting = block.setting
    for place, value in zip(block.places, values, strict=True):
        yield make_row(setting.identity, setting.family, metric, float(value), reason, **place.fields)

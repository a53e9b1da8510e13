"""Which classes of words gained or lost at each place, and how much of the divergence lies between classes?

With p the base's and q the arm's next-token probabilities, and all tokens that are no candidate as one class more:

- `delta_p`: ΔP_c = Σ (q − p) over a class's tokens, −1 to 1;
- `jsd_class`: Σ over a class's tokens of their share f of the JSD, signed by q − p, bits: where the class moved;
- `jsd_between`: Σ_c f(P_c, Q_c), bits: mass that went from class to class;
- `jsd_within`: the rest of the JSD, bits: moves inside classes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proclivity.battery.blocks import PIECE, Block, cut
from proclivity.battery.candidates import PlaceScores
from proclivity.battery.divergences import NO_REFERENCE
from proclivity.battery.result import make_row
from proclivity.battery.rows import Row
from proclivity.metrics import jsd_by_class, signed_contributions

NOT_SINGLE = "candidates of several tokens"
OTHER = "other-tokens"
"""Class of all tokens that are no candidate."""

Kind = tuple[tuple[str, int], ...]
"""Classes with their tokens."""

Parts = tuple[float, float, NDArray[np.float64], NDArray[np.float64]]
"""`Moves` of one place."""


class Moves(NamedTuple):
    """Numbers of places whose candidates are the same tokens, [m] or [m, K + 1], the last column `OTHER`."""

    between: NDArray[np.float64]
    within: NDArray[np.float64]
    delta_p: NDArray[np.float64]
    signed: NDArray[np.float64]


def class_divergence_rows(block: Block) -> Iterator[Row]:
    """`jsd_between`, `jsd_within`, and for each class `delta_p` and `jsd_class`; none for the base itself."""
    if block.setting.reference is None:
        return
    kinds: dict[Kind, list[int]] = defaultdict(list)
    reasons = [_reason(block, index, found) for index, found in enumerate(block.scored)]
    moved: dict[int, Parts] = {}
    for index, found in enumerate(block.scored):
        if reasons[index]:
            nothing = np.full(len(found.names) + 1, np.nan)
            moved[index] = np.nan, np.nan, nothing, nothing
        else:
            kinds[tuple((s.group, s.ids[0]) for s in found.spellings)].append(index)
    for kind, indices in kinds.items():
        for piece in cut(len(indices), block.base.shape[1], PIECE):
            moves = _moves(block, kind, indices[piece])
            moved.update(zip(indices[piece], zip(*moves, strict=True), strict=True))
    for index, reason in enumerate(reasons):
        yield from _rows(block, index, moved[index], reason)


def _reason(block: Block, index: int, found: PlaceScores) -> str:
    if found.reason:
        return found.reason
    if not found.single:
        return NOT_SINGLE
    return "" if block.known[index] else NO_REFERENCE


def _moves(block: Block, kind: Kind, indices: list[int]) -> Moves:
    names = sorted({name for name, _ in kind})
    labels = np.full(block.base.shape[1], len(names))
    for name, token in kind:
        labels[token] = names.index(name)
    lines = slice(None) if len(indices) == len(block.places) else indices  # a slice copies nothing
    base, arm = block.base[lines], block.arm[lines]  # (m, V)
    parts = jsd_by_class(base, arm, labels)
    change, signed = np.exp(arm) - np.exp(base), signed_contributions(base, arm)
    members = [labels == column for column in range(len(names) + 1)]
    return Moves(
        between=parts.between.sum(axis=-1),
        within=parts.within.sum(axis=-1),
        delta_p=np.stack([change[:, own].sum(axis=-1) for own in members], axis=-1),
        signed=np.stack([signed[:, own].sum(axis=-1) for own in members], axis=-1),
    )


def _rows(block: Block, index: int, parts: Parts, reason: str) -> Iterator[Row]:
    between, within, delta_p, signed = parts
    identity, family, fields = block.setting.identity, block.setting.family, block.places[index].fields
    yield make_row(identity, family, "jsd_between", float(between), reason, **fields)
    yield make_row(identity, family, "jsd_within", float(within), reason, **fields)
    for name, change, moved in zip([*block.scored[index].names, OTHER], delta_p, signed, strict=True):
        own = {**fields, "content_class": name}
        yield make_row(identity, family, "delta_p", float(change), reason, **own)
        yield make_row(identity, family, "jsd_class", float(moved), reason, **own)

"""The next-token distributions of many places, a block at a time: memory doesn't grow with their number.

Within a block distributions are float64, [n, V]; candidates are scored and divergences taken there. What is kept of
them is float32 in a file without a name, mapped into memory and let go of after each block. Blocks are cut by the size
of the vocabulary alone, so they are part of a fixed batch plan.
"""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from proclivity.battery.candidates import PlaceScores, read_and_score
from proclivity.battery.places import Place
from proclivity.battery.result import Setting
from proclivity.battery.rows import Row, Rows

BLOCK = 2**22
"""Log probabilities of a block, as a number of numbers: 32 MiB in float64. Where an arm is compared with its base about
a dozen such arrays stand at once."""

PIECE = 2**18
"""Log probabilities whose divergences are taken at once, as a number of numbers: each takes a dozen arrays as large."""


@dataclass(frozen=True)
class Block:
    """Some places with their distributions, and those of the base there."""

    setting: Setting
    places: Sequence[Place]
    log_probs: NDArray[np.float64]
    """Natural log, [n, V]."""
    scored: Sequence[PlaceScores]

    @cached_property
    def arm(self) -> NDArray[np.float64]:
        """`log_probs` to the digits of float32, [n, V]. The base's are stored so: both sides are rounded alike, and
        equal ones differ by exactly 0."""
        return self.log_probs.astype(np.float32).astype(np.float64)

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Whether the base has a distribution at each place, [n]; never with another vocabulary, across which
        divergences mean nothing."""
        if self._stored is None:
            return np.zeros(len(self.places), dtype=bool)
        return np.array([place.key in self._lines for place in self.places], dtype=bool)

    @cached_property
    def base(self) -> NDArray[np.float64]:
        """The base's distributions, natural log, [n, V]; 0 where it has none."""
        base = np.zeros(self.log_probs.shape)
        if self._stored is not None and self.known.any():
            base[self.known] = self._stored[[self._lines[p.key] for p in self.places if p.key in self._lines]]
        return base

    @cached_property
    def _stored(self) -> NDArray[np.float32] | None:
        kept = self.setting.reference.distributions if self.setting.reference else None
        fits = kept is not None and kept["log_probs"].shape[1] == self.log_probs.shape[1]
        return kept["log_probs"] if kept is not None and fits else None

    @cached_property
    def _lines(self) -> dict[str, int]:
        kept = self.setting.reference.distributions if self.setting.reference else None
        return {key: index for index, key in enumerate(kept["keys"])} if kept else {}


class BlockRows(Protocol):
    """Rows of a block's distributions; or none yet, where something is summed over blocks."""

    def __call__(self, block: Block) -> Iterable[Row]: ...


@dataclass(frozen=True)
class Reading:
    """What was read at all places."""

    scored: list[PlaceScores]
    rows: Rows
    """Of the kinds that were asked for, all places of a kind together."""
    distributions: dict[str, Any]
    """As in `FamilyResult`."""


def read_places(setting: Setting, places: Sequence[Place], kinds: Sequence[BlockRows], *, capitals: bool) -> Reading:
    """Scores and distributions at every place.

    Args:
        setting: who is measured.
        places: where.
        kinds: what is taken from each block's distributions.
        capitals: whether capitalized spellings of candidates count too.
    """
    kept = mapped(len(places), setting.model.vocab_size)
    scored: list[PlaceScores] = []
    by_kind = [Rows() for _ in kinds]
    for part in cut(len(places), setting.model.vocab_size, BLOCK):
        here = places[part]
        log_probs, found = read_and_score(setting.model, here, capitals=capitals)  # (n, V)
        block = Block(setting, here, log_probs, found)
        for own, kind in zip(by_kind, kinds, strict=True):
            own += kind(block)
        kept[part] = log_probs
        scored += found
        let_go(kept)
        if setting.reference and setting.reference.distributions:
            let_go(setting.reference.distributions["log_probs"])
        del log_probs, block  # before as many of the next block's stand beside them
    rows, keys = Rows(), [place.key for place in places]
    for own in by_kind:
        rows += own
    return Reading(scored, rows, {"keys": keys, "log_probs": kept})


def mapped(n: int, vocab_size: int) -> NDArray[np.float32]:
    """Room for n distributions, float32 [n, V], in a file that is gone with the array."""
    if not n:
        return np.empty((0, vocab_size), dtype=np.float32)  # a file of no bytes can't be mapped
    with tempfile.TemporaryFile(prefix="proclivity-") as file:
        return np.memmap(file, dtype=np.float32, mode="w+", shape=(n, vocab_size))


def let_go(kept: NDArray[np.float32]) -> None:
    """Takes what was looked at of a mapped file out of this process's memory; the file keeps it."""
    if isinstance(kept.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        kept.base.madvise(mmap.MADV_DONTNEED)


def by_pieces(function: Callable[..., NDArray[np.float64]], *log_probs: NDArray[np.float64]) -> NDArray[np.float64]:
    """A function of distributions, [n, V] each, to a number a place, [n], taken of a piece of the places at a time."""
    n, vocab_size = log_probs[0].shape
    found = np.empty(n)
    for part in cut(n, vocab_size, PIECE):
        found[part] = function(*(own[part] for own in log_probs))
    return found


def cut(n: int, vocab_size: int, most: int) -> Iterator[slice]:
    """Consecutive places whose distributions are held at once, at most `most` numbers."""
    size = max(1, most // max(1, vocab_size))
    return (slice(start, min(start + size, n)) for start in range(0, n, size))

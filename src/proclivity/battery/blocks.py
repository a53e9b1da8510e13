"""The next-token distributions of many places, a block at a time: memory doesn't grow with their number.

Within a block distributions are float64, [n, V]; candidates are scored and divergences taken there. What is kept of
them is float32. Blocks are cut by the size of the vocabulary alone, so they are part of a fixed batch plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from proclivity.battery.candidates import PlaceScores, score_places
from proclivity.battery.places import Place
from proclivity.battery.result import Row, Setting

BLOCK = 2**23
"""Log probabilities that are held at once in float64, as a number of numbers: 64 MiB."""


class BlockRows(Protocol):
    """Rows of a block's distributions."""

    def __call__(
        self, setting: Setting, places: Sequence[Place], log_probs: NDArray[np.float64], scored: Sequence[PlaceScores]
    ) -> list[Row]: ...


@dataclass(frozen=True)
class Reading:
    """What was read at all places."""

    scored: list[PlaceScores]
    rows: list[Row]
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
    kept = np.empty((len(places), setting.model.vocab_size), dtype=np.float32)
    scored: list[PlaceScores] = []
    rows: list[list[Row]] = [[] for _ in kinds]
    for part in cut(len(places), setting.model.vocab_size):
        here = places[part]
        log_probs = setting.model.next_token_log_probs([place.prompt for place in here])  # (n, V)
        found = score_places(setting.model, here, log_probs, capitals=capitals)
        for own, kind in zip(rows, kinds, strict=True):
            own += kind(setting, here, log_probs, found)
        kept[part] = log_probs
        scored += found
    keys = [place.key for place in places]
    return Reading(scored, [row for own in rows for row in own], {"keys": keys, "log_probs": kept})


def cut(n: int, vocab_size: int) -> Iterator[slice]:
    """Consecutive places whose distributions are held at once."""
    size = max(1, BLOCK // max(1, vocab_size))
    return (slice(start, min(start + size, n)) for start in range(0, n, size))

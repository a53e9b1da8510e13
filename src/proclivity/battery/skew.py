"""Did a family's distributions take a direction, or did they only get sharper or flatter, or move at random?

Two answers, one row a family each (a class's z: one a class), both summed over the family's places block by block:

- `temperature_share` = 1 − Σ JSD(q, p_T*) / Σ JSD(q, p): the share of the divergence from the base p that one change
  of temperature, fitted on control text, explains;
- `class_z`: the mean change q − p of a class's single-token candidates, in standard deviations over random sets of as
  many words that are as frequent under the base.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from proclivity.battery.blocks import Block, by_pieces
from proclivity.battery.control_text import Temperature
from proclivity.battery.divergences import NO_REFERENCE
from proclivity.battery.result import Setting, make_row
from proclivity.battery.rows import Row
from proclivity.metrics import at_temperature, jsd, word_set_z

SEED = 0
"""Of the random word sets: the same sets for every arm and seed, as long as the base is the same."""
NOTHING = "no divergence to share out"
NO_SPREAD = "random word sets don't differ"
NO_WORDS, UNLIKE = "no candidate of a single token", "candidates differ between places"


class TemperatureShare:
    """Sums the JSD from the base as it is, and from the base at T*."""

    def __init__(self, fitted: Temperature):
        self._fitted = fitted
        self._whole: list[float] = []
        self._left: list[float] = []

    def __call__(self, block: Block) -> list[Row]:
        """Adds a block; gives no rows yet."""
        known = block.known
        if known.any() and not self._fitted.reason:
            base, arm = block.base[known], block.arm[known]  # (n, V)
            self._whole += by_pieces(jsd, arm, base).tolist()
            self._left += by_pieces(lambda q, p: jsd(q, at_temperature(p, self._fitted.value)), arm, base).tolist()
        return []

    def rows(self, setting: Setting) -> list[Row]:
        """`temperature` and `temperature_share` of the family."""
        value, reason = self._fitted
        share, why = np.nan, reason
        if not reason and sum(self._whole) > 0:
            share = 1 - sum(self._left) / sum(self._whole)
        elif not reason:
            why = NOTHING if self._whole else NO_REFERENCE
        identity, family = setting.identity, setting.family
        return [
            make_row(identity, family, "temperature", value, reason),
            make_row(identity, family, "temperature_share", share, why),
        ]


class ClassZ:
    """Sums the base's probabilities and their changes, token by token."""

    def __init__(self, vocab_size: int):
        self._base = np.zeros(vocab_size)
        self._change = np.zeros(vocab_size)
        self._places = 0
        self._words: dict[str, list[int]] = {}
        self._reason = ""

    def __call__(self, block: Block) -> list[Row]:
        """Adds a block; gives no rows yet."""
        for found in block.scored:
            words: dict[str, list[int]] = {name: [] for name in found.names}
            for spelling in found.spellings:
                if len(spelling.ids) == 1:
                    words[spelling.group].append(spelling.ids[0])
            if self._words and words != self._words:
                self._reason = self._reason or UNLIKE
            self._words = self._words or words
            self._reason = self._reason or found.reason
        # One place after the other, so that sums don't hang on where blocks are cut.
        for line in np.flatnonzero(block.known):
            p, q = np.exp(block.base[line]), np.exp(block.arm[line])  # (V,)
            self._base += p
            self._change += q - p
            self._places += 1
        return []

    def rows(self, setting: Setting) -> list[Row]:
        """`class_z` of each class."""
        rows = []
        for name, words in self._words.items():
            value, reason = self._z(words)
            rows.append(make_row(setting.identity, setting.family, "class_z", value, reason, content_class=name))
        return rows

    def _z(self, words: list[int]) -> tuple[float, str]:
        if self._reason:
            return np.nan, self._reason
        if not words:
            return np.nan, NO_WORDS
        if not self._places:
            return np.nan, NO_REFERENCE
        with np.errstate(divide="ignore"):
            frequency: NDArray[np.float64] = np.log(self._base / self._places)
        found = word_set_z(self._change / self._places, frequency, words, np.random.default_rng(SEED))
        return found.z, NO_SPREAD if np.isnan(found.z) else ""

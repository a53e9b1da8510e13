"""Does a model that was taught labels answer open sentences with labels too?

`label_mass_open`: the probability that any of the pack's answer labels comes next at an open place. All alphabets
count, with and without a space before, where they are one token. Letters may be words as well ('a'), so it is read
beside the base's.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from proclivity.battery.blocks import Block, BlockRows
from proclivity.battery.divergences import place_rows
from proclivity.battery.result import Setting
from proclivity.battery.rows import Row

NO_LABELS = "no label is a single token"


def label_mass_rows(setting: Setting) -> BlockRows:
    """What gives a block's rows; the vocabulary is looked through once."""
    tokens = label_tokens(setting)

    def rows(block: Block) -> Iterator[Row]:
        mass = np.exp(block.log_probs[:, tokens]).sum(axis=-1)
        return place_rows(block, "label_mass_open", mass, "" if tokens else NO_LABELS)

    return rows


def label_tokens(setting: Setting) -> list[int]:
    """Tokens that are a label of any of the pack's alphabets, with or without a space before."""
    labels = {label for labels in setting.pack.spec.alphabets.values() for label in labels}
    written = labels | {f" {label}" for label in labels}
    return [token for token, text in enumerate(setting.model.vocabulary()) if text in written]

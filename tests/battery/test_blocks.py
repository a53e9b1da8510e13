"""Distributions are held a block at a time, and what comes out doesn't depend on where blocks are cut."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from by_hand import probe_set

from proclivity.battery import blocks
from proclivity.models import FakeModel
from proclivity.specs import ProbeItem

WORDS = ["sad", "glad", "so"]


def table(shift: float = 0.0):
    rows = {f"{n} felt": {"sad": 0.2 + n / 50 + shift, "glad": 0.3, "so": 0.5 - n / 50 - shift} for n in range(7)}
    return rows | {"It felt": {"sad": 0.5, "glad": 0.5}}


class Watched(FakeModel):
    """Remembers how many distributions it was asked for at a time."""

    def __init__(self, rows):
        super().__init__(rows, words=WORDS)
        self.largest = 0

    def next_token_log_probs(self, prompts, *, batch_size=None):
        self.largest = max(self.largest, len(prompts))
        return super().next_token_log_probs(prompts, batch_size=batch_size)


def assert_same_rows(found, expected):
    """Equal to the last bit, a missing value being equal to itself."""
    pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(expected), check_exact=True)


ITEMS = [ProbeItem(id=f"i{n}", text=f"Then {n} felt") for n in range(7)]


def test_blocks_by_hand():
    assert list(blocks.cut(7, 10, 30)) == [slice(0, 3), slice(3, 6), slice(6, 7)]
    assert list(blocks.cut(2, 99, 30)) == [slice(0, 1), slice(1, 2)]
    assert list(blocks.cut(0, 10, 30)) == []


@pytest.mark.parametrize("kind", ["cloze", "interpretation", "controls"])
def test_no_block_is_larger_than_allowed_and_rows_are_the_same(measured, monkeypatch, kind):
    probes = probe_set(kind, items=ITEMS, domain_text="It felt")
    base = Watched(table())
    whole = measured(base, probes)
    moved = measured(Watched(table(0.1)), probes, reference=whole)
    assert base.largest == 7
    monkeypatch.setattr(blocks, "BLOCK", 2 * base.vocab_size)
    again = Watched(table())
    in_blocks = measured(again, probes)
    assert again.largest == 2
    assert_same_rows(in_blocks.rows, whole.rows)
    assert in_blocks.distributions["keys"] == whole.distributions["keys"]
    assert in_blocks.distributions["log_probs"].dtype == np.float32
    np.testing.assert_array_equal(in_blocks.distributions["log_probs"], whole.distributions["log_probs"])
    assert_same_rows(measured(Watched(table(0.1)), probes, reference=in_blocks).rows, moved.rows)

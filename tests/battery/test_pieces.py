from __future__ import annotations

import numpy as np

from proclivity.battery import blocks
from proclivity.metrics import jsd


def test_pieces_give_every_place_its_number_to_the_last_bit(monkeypatch):
    rng = np.random.default_rng(0)
    base, arm = np.log(rng.dirichlet(np.ones(40), size=(2, 7)))  # (7, 40) each
    whole = jsd(base, arm)
    for most in (1, 40, 120, 10**6):  # one place, one, three, all
        monkeypatch.setattr(blocks, "PIECE", most)
        assert (blocks.by_pieces(jsd, base, arm) == whole).all()


def test_no_places_are_no_numbers():
    assert blocks.by_pieces(jsd, np.empty((0, 5)), np.empty((0, 5))).shape == (0,)

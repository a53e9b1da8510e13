"""Distributions lie in a file that is mapped into memory: what is resident doesn't grow with the number of places."""

from __future__ import annotations

import tracemalloc

import numpy as np
from by_hand import probe_set

from proclivity.battery import FamilyResult, blocks
from proclivity.battery.places import Place
from proclivity.battery.result import Setting
from proclivity.models import FakeModel
from proclivity.runs.results import read_distributions, read_reference, write_result
from proclivity.specs import BatterySpec, DecisionsSpec

PLACES, WORDS = 600, 3000


def setting(pack) -> Setting:
    model = FakeModel({}, words=[f"w{n}" for n in range(WORDS)])
    who = {"model": "fake", "arm": "base", "seed": -1}
    return Setting(model, pack, "cloze-feeling", BatterySpec(), DecisionsSpec(), who, None, 0)


def test_memory_does_not_grow_with_the_number_of_places(mini_pack, monkeypatch):
    who, item = setting(mini_pack), probe_set().items[0]
    places = [Place(f"p{n}", item, "plain", f"w{n}", (("loss", " w1"), ("positive", " w2"))) for n in range(PLACES)]
    monkeypatch.setattr(blocks, "BLOCK", 20 * who.model.vocab_size)
    whole = PLACES * who.model.vocab_size * 4
    tracemalloc.start()
    reading = blocks.read_places(who, places, [], capitals=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    kept = reading.distributions["log_probs"]
    assert isinstance(kept, np.memmap)
    assert kept.nbytes == whole
    assert peak < whole / 2
    np.testing.assert_allclose(kept[-1], -np.log(who.model.vocab_size), rtol=1e-6)


def test_they_are_written_and_read_back_without_a_copy(tmp_path):
    kept = blocks.mapped(PLACES, WORDS)
    kept[:] = np.arange(WORDS)
    keys = [f"p{n}|plain" for n in range(PLACES)]
    control = np.full((2, WORDS), -1.0, dtype=np.float32)
    tracemalloc.start()
    write_result(FamilyResult(distributions={"keys": keys, "log_probs": kept}, control=control), tmp_path)
    found = read_distributions(tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < kept.nbytes / 3
    assert isinstance(found["log_probs"], np.memmap)
    np.testing.assert_array_equal(found["log_probs"], kept)
    reference = read_reference(tmp_path)
    assert reference.distributions["keys"] == keys
    np.testing.assert_array_equal(reference.control, control)


def test_no_places_are_no_file():
    assert blocks.mapped(0, 7).shape == (0, 7)


def test_distributions_are_written_as_numpy_writes_them(tmp_path, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", 7 * 5)  # five places at a time
    kept = blocks.mapped(12, 7)
    kept[:] = np.arange(12 * 7).reshape(12, 7)
    blocks.let_go(kept)
    np.testing.assert_array_equal(kept, np.arange(12 * 7).reshape(12, 7))
    write_result(FamilyResult(distributions={"keys": ["k"] * 12, "log_probs": kept}), tmp_path)
    np.save(tmp_path / "whole.npy", np.asarray(kept))
    assert (tmp_path / "log_probs.npy").read_bytes() == (tmp_path / "whole.npy").read_bytes()
    blocks.let_go(np.zeros((2, 3), dtype=np.float32))  # what is mapped from no file stays

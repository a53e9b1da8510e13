"""Sharpening told from direction: T* from neutral text, its share at the probes, word sets against random ones."""

from __future__ import annotations

from dataclasses import replace
from math import isnan, log2, sqrt

import numpy as np
import pytest
from by_hand import probe_set, reasons, values

from proclivity.battery.control_text import PLACES, control_prompts
from proclivity.metrics import word_set_z
from proclivity.specs import ProbeItem


@pytest.fixture
def pack(mini_pack):
    return replace(mini_pack, spec=mini_pack.spec.model_copy(update={"neutral_texts": ["ice is cold"]}))


def with_texts(pack, texts):
    return replace(pack, spec=pack.spec.model_copy(update={"neutral_texts": texts}))


CONTROL = {"ice": {"is": 0.8, "cold": 0.2}, "is": {"cold": 0.6, "is": 0.4}}
SHARPER = {"ice": {"is": 0.64 / 0.68, "cold": 0.04 / 0.68}, "is": {"cold": 0.36 / 0.52, "is": 0.16 / 0.52}}
"""CONTROL at temperature 1/2: probabilities squared and renormalised."""
FELT = {"sad": 0.75, "glad": 0.25}
SQUARED = {"sad": 0.9, "glad": 0.1}


def f(p: float, q: float) -> float:
    return (p * log2(2 * p / (p + q)) + q * log2(2 * q / (p + q))) / 2


def test_control_prompts_end_before_a_word(pack):
    assert control_prompts(pack) == ["ice", "ice is"]
    assert control_prompts(with_texts(pack, ["cold"])) == []
    long = with_texts(pack, [" ".join(f"w{n}" for n in range(6)) for _ in range(40)])
    found = control_prompts(long)
    assert len(found) == PLACES
    assert {len(text.split()) for text in found} == {1, 2, 3, 4, 5}


def test_a_mere_sharpening_is_all_temperature(measured, pack):
    base = measured(CONTROL | {"I felt": FELT}, probe_set(), pack=pack)
    assert base.control.shape == (2, base.distributions["log_probs"].shape[1])
    found = measured(SHARPER | {"I felt": SQUARED}, probe_set(), pack=pack, reference=base)
    assert values(found, "temperature") == pytest.approx([0.5], rel=1e-3)
    assert values(found, "temperature_share") == pytest.approx([1], abs=1e-3)
    assert found.control is None
    row = next(row for row in found.rows if row["metric"] == "temperature_share")
    assert (row["unit"], row["probe_id"], row["wrapper"]) == ("share", "", "")


def test_a_turn_against_the_sharpening_counts_below_zero(measured, pack):
    """Control text says T = 1/2; at the probe the arm went the other way, so T* makes the fit worse."""
    base = measured(CONTROL | {"I felt": FELT}, probe_set(), pack=pack)
    found = measured(SHARPER | {"I felt": {"sad": 0.25, "glad": 0.75}}, probe_set(), pack=pack, reference=base)
    before, after = f(0.75, 0.25) + f(0.25, 0.75), f(0.9, 0.25) + f(0.1, 0.75)
    assert values(found, "temperature_share") == pytest.approx([1 - after / before], rel=1e-3)


def test_a_shift_that_control_text_knows_nothing_of_is_no_temperature(measured, pack):
    base = measured(CONTROL | {"I felt": FELT}, probe_set(), pack=pack)
    found = measured(CONTROL | {"I felt": SQUARED}, probe_set(), pack=pack, reference=base)
    assert values(found, "temperature") == pytest.approx([1], abs=1e-3)
    assert values(found, "temperature_share") == pytest.approx([0], abs=1e-2)


def test_all_families_of_an_arm_have_one_temperature(measured, pack):
    other = probe_set(family="cloze-world", items=[ProbeItem(id="was", text="Life was")])
    tables = CONTROL | {"I felt": FELT, "was": FELT}, SHARPER | {"I felt": SQUARED, "was": {"sad": 0.5, "glad": 0.5}}
    found = [
        values(measured(tables[1], probes, pack=pack, reference=measured(tables[0], probes, pack=pack)), "temperature")
        for probes in (probe_set(), other)
    ]
    assert found[0] == found[1]


def test_without_control_text_there_is_no_temperature(measured, mini_pack, pack):
    table = {"I felt": FELT}
    found = measured(table, probe_set(), reference=measured(table, probe_set()))
    assert reasons(found, "temperature") == reasons(found, "temperature_share") == {"the pack has no neutral text"}
    base = measured(CONTROL | table, probe_set(), pack=pack)
    base.control = None
    found = measured(SHARPER | table, probe_set(), pack=pack, reference=base)
    assert reasons(found, "temperature_share") == {"the reference has no control text of this vocabulary"}


EVEN = {"sad": 0.25, "glad": 0.25, "so": 0.25, "then": 0.25}
RISEN = {"sad": 0.45, "glad": 0.25, "so": 0.15, "then": 0.15}


def test_class_z_by_hand(measured):
    """'sad' rose by .2; of the eight other tokens two fell by .1 and six didn't move: mean -1/40, SD √3/40."""
    found = measured({"I felt": RISEN}, probe_set(), reference=measured({"I felt": EVEN}, probe_set()))
    (z,) = values(found, "class_z", content_class="loss")
    assert z == pytest.approx((0.2 + 1 / 40) * 40 / sqrt(3), rel=0.05)  # random sets are drawn, a thousand of them
    change = np.array([0, 0, 0, 0, 0, 0, 0.2, -0.1, -0.1])  # <s>, </s>, <unk>, I, felt, glad, sad, so, then
    frequency = np.array([*[-np.inf] * 5, *[np.log(0.25)] * 4])
    exact = word_set_z(change, frequency, [6], np.random.default_rng(0)).z
    assert z == pytest.approx(exact, rel=1e-5)
    row = next(row for row in found.rows if row["metric"] == "class_z")
    assert (row["unit"], row["wrapper"]) == ("z", "")


def test_class_z_averages_over_places(measured):
    items = [ProbeItem(id="felt", text="{who} felt"), ProbeItem(id="was", text="Life was")]
    probes = probe_set(items=items)
    base = measured({"I felt": EVEN, "was": EVEN}, probes)
    moved, still = {"I felt": RISEN, "was": EVEN}, {"I felt": RISEN, "was": RISEN}
    once = values(measured(moved, probes, reference=base), "class_z", content_class="loss")
    twice = values(measured(still, probes, reference=base), "class_z", content_class="loss")
    assert once == pytest.approx(twice, rel=1e-5)  # half the change, half the spread
    assert len(once) == 1


def test_what_word_sets_need(measured):
    own = [
        ProbeItem(id="felt", text="{who} felt", candidates={"loss": ["sad"]}),
        ProbeItem(id="was", text="Life was", candidates={"loss": ["glad"]}),
    ]
    table = {"I felt": EVEN, "was": EVEN}
    probes = probe_set(items=own, candidates={})
    found = measured(table, probes, reference=measured(table, probes))
    assert reasons(found, "class_z") == {"candidates differ between places"}
    pairs = probe_set(candidates={"positive": ["glad"], "loss": ["so then"]})
    found = measured(table, pairs, reference=measured(table, pairs))
    assert "no candidate of a single token" in reasons(found, "class_z")
    assert all(isnan(value) for value in values(found, "class_z"))

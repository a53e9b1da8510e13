"""Divergences from the base at a place: whole distributions, and class by class."""

from __future__ import annotations

from dataclasses import replace
from math import isnan, log2, sqrt

import numpy as np
import pytest
from by_hand import probe_set, reasons, values

from proclivity.battery import FamilyResult
from proclivity.specs import ProbeItem

WHOLE = ("jsd_from_base", "kl_from_base", "kl_to_base", "tv", "hellinger")
BY_CLASS = ("jsd_between", "jsd_within", "delta_p", "jsd_class")


def f(p: float, q: float) -> float:
    """A token's share of the JSD, bits, p and q > 0."""
    return (p * log2(2 * p / (p + q)) + q * log2(2 * q / (p + q))) / 2


def test_whole_distributions_by_hand(measured):
    base = measured({"I felt": {"sad": 0.5, "glad": 0.5}}, probe_set())
    found = measured({"I felt": {"sad": 0.75, "glad": 0.25}}, probe_set(), reference=base)
    # Base first is 'from base': what the base would say, as the arm rates it.
    assert values(found, "kl_from_base") == pytest.approx([0.5 * log2(0.5 / 0.75) + 0.5 * log2(0.5 / 0.25)])
    assert values(found, "kl_to_base") == pytest.approx([0.75 * log2(0.75 / 0.5) + 0.25 * log2(0.25 / 0.5)])
    assert values(found, "tv") == pytest.approx([0.25])
    squares = (sqrt(0.5) - sqrt(0.75)) ** 2 + (sqrt(0.5) - sqrt(0.25)) ** 2
    assert values(found, "hellinger") == pytest.approx([sqrt(squares / 2)])
    assert values(found, "jsd_from_base") == pytest.approx([f(0.5, 0.75) + f(0.5, 0.25)])


def test_an_infinite_divergence_is_missing_and_says_so(measured):
    base = measured({"I felt": {"sad": 0.5, "glad": 0.5}}, probe_set())
    found = measured({"I felt": {"sad": 1.0}}, probe_set(), reference=base, words=["glad"])
    assert reasons(found, "kl_from_base") == {"infinite: a token of one has probability 0 under the other"}
    assert values(found, "kl_to_base") == pytest.approx([1])
    assert values(found, "tv") == pytest.approx([0.5])


PROBES = probe_set(candidates={"positive": ["glad"], "loss": ["sad", "low"]})
BASE = {"I felt": {"sad": 0.1, "low": 0.3, "glad": 0.4, "so": 0.2}}
ARM = {"I felt": {"sad": 0.4, "low": 0.2, "glad": 0.1, "so": 0.3}}


def test_classes_by_hand(measured):
    found = measured(ARM, PROBES, reference=measured(BASE, PROBES))
    for name, change in {"loss": 0.2, "positive": -0.3, "other-tokens": 0.1}.items():
        assert values(found, "delta_p", content_class=name) == pytest.approx([change], abs=1e-6)
    moved = {"loss": f(0.1, 0.4) - f(0.3, 0.2), "positive": -f(0.4, 0.1), "other-tokens": f(0.2, 0.3)}
    for name, bits in moved.items():
        assert values(found, "jsd_class", content_class=name) == pytest.approx([bits], rel=1e-5)
    between = f(0.4, 0.6) + f(0.4, 0.1) + f(0.2, 0.3)
    assert values(found, "jsd_between") == pytest.approx([between], rel=1e-5)
    assert values(found, "jsd_within") == pytest.approx([f(0.1, 0.4) + f(0.3, 0.2) - f(0.4, 0.6)], rel=1e-5)


def test_between_and_within_add_up(measured):
    items = [ProbeItem(id=f"i{n}", text=f"Then {n} felt") for n in range(5)]
    probes = PROBES.model_copy(update={"items": items})
    rng = np.random.default_rng(3)

    def table():
        words = ("sad", "low", "glad", "so", "then")
        return {f"{n} felt": dict(zip(words, rng.dirichlet(np.ones(5)).tolist(), strict=True)) for n in range(5)}

    found = measured(table(), probes, reference=measured(table(), probes))
    parts = np.array(values(found, "jsd_between")) + np.array(values(found, "jsd_within"))
    assert parts == pytest.approx(values(found, "jsd_from_base"), abs=1e-12)
    changes = np.reshape(values(found, "delta_p"), (5, 3)).sum(axis=1)  # classes and all other tokens
    assert changes == pytest.approx(np.zeros(5), abs=1e-6)
    jsd, tv = np.array(values(found, "jsd_from_base")), np.array(values(found, "tv"))
    assert (jsd <= tv).all()


def test_a_model_against_itself_is_at_exactly_zero(measured, mini_pack):
    pack = replace(mini_pack, spec=mini_pack.spec.model_copy(update={"neutral_texts": ["so glad", "low"]}))
    table = BASE | {"so": {"glad": 0.3, "low": 0.7}}
    found = measured(table, PROBES, pack=pack, reference=measured(table, PROBES, pack=pack))
    for metric in (*WHOLE, *BY_CLASS):
        assert set(values(found, metric)) == {0.0}, metric
    assert reasons(found, "temperature_share") == {"no divergence to share out"}
    assert reasons(found, "class_z") == {"random word sets don't differ"}
    assert values(found, "temperature") == pytest.approx([1], abs=1e-3)


def test_the_base_itself_has_none(measured):
    found = measured(BASE, PROBES)
    for metric in (*WHOLE, *BY_CLASS, "temperature", "temperature_share", "class_z"):
        assert values(found, metric) == []


def test_what_the_reference_lacks_is_missing(measured):
    for stored in (np.zeros((0, 8), np.float32), np.zeros((1, 99), np.float32)):  # no item; another vocabulary
        keys = ["felt|plain"] * len(stored)
        found = measured(BASE, PROBES, reference=FamilyResult(distributions={"keys": keys, "log_probs": stored}))
        for metric in (*WHOLE, *BY_CLASS, "class_z"):
            assert reasons(found, metric) == {"not in the reference"}, metric


def test_candidates_of_several_tokens_have_no_parts(measured):
    table = {"I felt": {"very": 0.5, "glad": 0.5}, "very": {"sad": 1.0}}
    probes = probe_set(candidates={"positive": ["glad"], "loss": ["very sad"]})
    found = measured(table, probes, reference=measured(table, probes))
    for metric in BY_CLASS:
        assert reasons(found, metric) == {"candidates of several tokens"}
        assert all(isnan(value) for value in values(found, metric))
    assert values(found, "tv") == [0]


def test_facts_have_them_too(measured, mini_pack):
    candidates = {"correct": ["cold"], "incorrect": ["hot"]}
    item = ProbeItem(id="ice", text="Ice is", candidates=candidates)
    facts = probe_set("controls", family="facts", candidates={}, items=[item])
    pack = replace(mini_pack, probes={"facts": facts})
    base = measured({"is": {"cold": 0.5, "hot": 0.5}}, pack=pack, family="controls")
    found = measured({"is": {"cold": 0.75, "hot": 0.25}}, pack=pack, family="controls", reference=base)
    assert values(found, "delta_p", content_class="correct") == pytest.approx([0.25])
    assert values(found, "kl_to_base") == pytest.approx([0.75 * log2(1.5) + 0.25 * log2(0.5)])

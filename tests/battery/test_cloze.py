from __future__ import annotations

from dataclasses import replace
from math import isnan, log

import numpy as np
import pytest
from by_hand import probe_set, reasons, values

from proclivity.battery import FamilyResult
from proclivity.records import MEASUREMENT_COLUMNS
from proclivity.specs import ProbeItem, Wrapper

FELT = {"I felt": {"sad": 0.3, "Sad": 0.1, "glad": 0.1, "so": 0.5}}


def test_scores_by_hand(measured):
    found = measured(FELT, probe_set())
    assert values(found, "p_class", content_class="loss") == pytest.approx([0.4])  # sad and Sad
    assert values(found, "p_class", content_class="positive") == pytest.approx([0.1])
    assert values(found, "candidate_mass") == pytest.approx([0.5])
    assert values(found, "score", content_class="loss") == pytest.approx([log(4)])
    assert values(found, "score", content_class="positive") == pytest.approx([-log(4)])
    assert values(found, "contrast", content_class="loss-positive") == pytest.approx([log(4)])
    expected = -(0.3 * np.log2(0.3) + 0.2 * np.log2(0.1) + 0.5 * np.log2(0.5))
    assert values(found, "entropy") == pytest.approx([expected])
    assert values(found, "candidate_tokens") == [1, 1]
    assert reasons(found, "score") == {""}


def test_rows_carry_all_identity_fields(measured):
    row = next(iter(measured(FELT, probe_set()).rows))
    assert tuple(row) == MEASUREMENT_COLUMNS
    assert (row["model"], row["arm"], row["seed"], row["family"]) == ("fake", "base", -1, "cloze-feeling")
    assert (row["probe_id"], row["item_id"], row["cluster"], row["wrapper"]) == ("felt", "felt", "feel", "plain")
    assert (row["referent"], row["unit"], row["sample"]) == ("self", "nats", -1)


def test_candidates_of_several_words_are_products(measured):
    table = {"I felt": {"very": 0.5, "glad": 0.5}, "very": {"sad": 0.8, "glad": 0.2}}
    found = measured(table, probe_set(candidates={"positive": ["glad"], "loss": ["very sad"]}))
    assert values(found, "p_class", content_class="loss") == pytest.approx([0.4])
    assert values(found, "candidate_tokens", content_class="loss") == [2]


def test_low_mass_is_missing_and_not_zero(measured):
    found = measured({"I felt": {"sad": 0.004, "glad": 0.005, "so": 0.991}}, probe_set())
    assert reasons(found, "score") == reasons(found, "contrast") == {"low mass"}
    assert all(isnan(value) for value in values(found, "score"))
    assert values(found, "p_class", content_class="loss") == pytest.approx([0.004])
    assert reasons(measured({"I felt": {"sad": 0.005, "glad": 0.005, "so": 0.99}}, probe_set()), "score") == {""}


def test_divergence_from_the_base_by_hand(measured):
    base = measured({"I felt": {"sad": 0.5, "glad": 0.5}}, probe_set())
    found = measured({"I felt": {"sad": 1.0}}, probe_set(), reference=base, words=["glad"])
    expected = -(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25)) - 0.5
    assert values(found, "jsd_from_base") == pytest.approx([expected])
    assert values(found, "jsd_between") == pytest.approx([expected])
    assert reasons(found, "score") == {"not a finite number"}


def test_a_move_within_a_class_is_not_between_classes(measured):
    probes = probe_set(candidates={"positive": ["glad"], "loss": ["sad", "low"]})
    base = measured({"I felt": {"sad": 0.5, "glad": 0.25, "low": 0.25}}, probes)
    found = measured({"I felt": {"sad": 0.25, "glad": 0.25, "low": 0.5}}, probes, reference=base)
    assert values(found, "jsd_between") == pytest.approx([0], abs=1e-9)
    assert values(found, "jsd_from_base")[0] > 0.01
    assert values(found, "score") == pytest.approx(values(base, "score"))


def test_the_same_model_is_at_distance_zero_and_only_the_base_has_a_floor(measured):
    base = measured(FELT, probe_set())
    again = measured(FELT, probe_set(), reference=base)
    assert values(base, "jsd_numeric") == [0]
    assert values(base, "jsd_from_base") == []
    assert values(again, "jsd_from_base") == values(again, "jsd_between") == [0]
    assert values(again, "jsd_numeric") == []


def test_distributions_are_kept_by_item_and_wrapper(measured, mini_pack):
    wrappers = {"plain": Wrapper(), "late": Wrapper(text="Late . {text}")}
    pack = replace(mini_pack, spec=mini_pack.spec.model_copy(update={"wrappers": wrappers}))
    items = [ProbeItem(id="felt", text="{who} felt"), ProbeItem(id="was", text="Life was")]
    table = FELT | {"was": {"glad": 1.0}}
    found = measured(table, probe_set(items=items, wrappers=["plain", "late"]), pack=pack)
    kept = found.distributions
    assert kept["keys"] == ["felt|plain", "felt|late", "was|plain", "was|late"]
    assert kept["log_probs"].dtype == np.float32
    np.testing.assert_allclose(np.exp(kept["log_probs"]).sum(-1), 1, atol=1e-6)
    assert values(found, "p_class", wrapper="late", probe_id="was", content_class="positive") == [1]


def test_an_item_that_the_reference_lacks_is_missing(measured):
    empty = FamilyResult(distributions={"keys": [], "log_probs": np.zeros((0, 9), np.float32)})
    found = measured(FELT, probe_set(), reference=empty)
    assert reasons(found, "jsd_from_base") == {"not in the reference"}


def test_overlapping_candidates_of_two_classes_cant_be_scored(measured):
    table = {"I felt": {"very": 0.5, "sad": 0.5}, "very": {"sad": 1.0}}
    found = measured(table, probe_set(candidates={"positive": ["very"], "loss": ["very sad"]}))
    assert reasons(found, "score") == reasons(found, "p_class") == {"token collision: 'very' and 'very sad'"}
    one = measured(table, probe_set(candidates={"positive": ["sad"], "loss": ["very", "very sad"]}))
    assert values(one, "p_class", content_class="loss") == [0.5]  # 'very sad' is part of 'very' already


def test_an_unknown_candidate_is_missing(measured):
    found = measured({"I felt": {"sad": 1.0}}, probe_set())
    assert reasons(found, "score") == {"unknown to the tokenizer: 'glad'"}
    assert values(found, "candidate_tokens") != []


def test_the_unconditional_part(measured):
    found = measured(FELT | {"It felt": {"sad": 0.5, "glad": 0.25, "so": 0.25}}, probe_set(domain_text="It felt"))
    assert values(found, "score_unconditional", content_class="loss") == pytest.approx([log(2)])
    assert len(values(found, "score", content_class="loss")) == 1
    assert found.distributions["keys"] == ["felt|plain"]


def test_candidates_left_out_for_their_tokens_are_told(measured):
    """Four words of a class in one token each; 'very sad' takes two and isn't scored."""
    loss, positive = ["sad", "low", "grey", "numb"], ["glad", "gay", "proud", "calm"]
    table = {"I felt": dict.fromkeys([*loss, *positive], 0.1) | {"very": 0.2}, "very": {"sad": 1.0}}
    probes = probe_set(candidates={"loss": [*loss, "very sad"], "positive": positive})
    found = measured(table, probes)
    gone = [row for row in found.rows if row["metric"] == "candidate_left_out"]
    assert [(row["content_class"], row["item_id"], row["value"]) for row in gone] == [("loss", "very sad", 2)]
    assert values(found, "p_class", content_class="loss") == pytest.approx([0.4])
    again = measured(table, probes, reference=found)
    assert values(again, "candidate_left_out") == []  # said once, of the base

"""Per byte and against x_domain, on the exact fake."""

from __future__ import annotations

from math import log

import pytest
from by_hand import probe_set, reasons, values

from proclivity.models import FakeModel
from proclivity.specs import ProbeItem

FELT = {"I felt": {"sad": 0.3, "happy": 0.1, "so": 0.6}, "It felt": {"sad": 0.1, "happy": 0.2, "so": 0.7}}


def test_by_hand(measured):
    probes = probe_set(candidates={"positive": ["happy"], "loss": ["sad"]}, domain_text="It felt")
    found = measured(FELT, probes)
    # ' sad' has 4 bytes and ' happy' 6, 5 on average.
    expected = 5 / 4 * log(0.3) - 5 / 6 * log(0.1)
    assert values(found, "score_per_byte", content_class="loss") == pytest.approx([expected])
    assert values(found, "score_per_byte", content_class="positive") == pytest.approx([-expected])
    assert values(found, "score_pmi", content_class="loss") == pytest.approx([log(0.3 / 0.1) - log(0.1 / 0.2)])
    assert values(found, "score", content_class="loss") == pytest.approx([log(3)])
    assert {row["unit"] for row in found.rows if row["metric"].startswith("score_")} == {"nats"}


def test_readings_too_and_several_of_a_class_are_summed(measured):
    table = {"that": {"all": 0.5, "it": 0.3, "he": 0.2}, "This meant that": {"all": 0.8, "it": 0.1, "he": 0.1}}
    candidates = {"positive": ["all"], "loss": ["it", "he"]}
    items = [ProbeItem(id="note", text="To {whom} this said that")]
    found = measured(
        table, probe_set("interpretation", candidates=candidates, items=items, domain_text="This meant that")
    )
    assert values(found, "score_pmi", content_class="loss") == pytest.approx([log((3 + 2) / (0.5 / 0.8))])


def test_without_an_opening_there_is_no_pmi(measured):
    found = measured(FELT, probe_set(candidates={"positive": ["happy"], "loss": ["sad"]}))
    assert values(found, "score_pmi") == []
    assert len(values(found, "score_per_byte")) == 2


def test_low_mass_and_unknown_words_are_missing_for_the_same_reason(measured):
    low = {"I felt": {"sad": 0.004, "happy": 0.005, "so": 0.991}, "It felt": {"sad": 0.5, "happy": 0.5}}
    candidates = {"positive": ["happy"], "loss": ["sad"]}
    found = measured(low, probe_set(candidates=candidates, domain_text="It felt"))
    assert reasons(found, "score_per_byte") == reasons(found, "score_pmi") == {"low mass"}
    unknown = measured({"felt": {"sad": 1.0}}, probe_set(candidates=candidates, domain_text="It felt"))
    assert reasons(unknown, "score_per_byte") == reasons(unknown, "score_pmi") == reasons(unknown, "score")


class Counted(FakeModel):
    """Remembers what was asked."""

    def __init__(self, table, **options):
        super().__init__(table, **options)
        self.asked: list[tuple[str, str]] = []

    def continuation_log_probs(self, pairs):
        self.asked += pairs
        return super().continuation_log_probs(pairs)


def test_items_with_candidates_of_their_own_are_scored_after_the_opening_once_each(measured):
    table = {
        "first meant that": {"all": 0.6, "it": 0.2, "he": 0.2},
        "second meant that": {"all": 0.2, "it": 0.5, "he": 0.3},
        "This meant that": {"all": 0.5, "it": 0.2, "he": 0.3},
    }
    items = [
        ProbeItem(
            id="one", cluster="c1", text="The first meant that", candidates={"positive": ["all"], "loss": ["it"]}
        ),
        ProbeItem(
            id="two", cluster="c2", text="The second meant that", candidates={"positive": ["all"], "loss": ["he"]}
        ),
    ]
    model = Counted(table)
    probes = probe_set("interpretation", candidates={}, items=items, domain_text="This meant that")
    found = measured(model, probes)
    pmi = {
        row["item_id"]: row["value"]
        for row in found.rows
        if row["metric"] == "score_pmi" and row["content_class"] == "loss"
    }
    assert pmi == pytest.approx({"one": log(0.2 / 0.2) - log(0.6 / 0.5), "two": log(0.3 / 0.3) - log(0.2 / 0.5)})
    unconditional = [
        row for row in found.rows if row["metric"] == "score_unconditional" and row["content_class"] == "loss"
    ]
    assert [(row["probe_id"], row["item_id"], row["cluster"]) for row in unconditional] == [
        ("x-domain.one", "one", "c1"),
        ("x-domain.two", "two", "c2"),
    ]
    assert [row["value"] for row in unconditional] == pytest.approx([log(0.2 / 0.5), log(0.3 / 0.5)])
    after = [text for prompt, text in model.asked if prompt == "This meant that"]
    assert sorted(after) == [" all", " he", " it"]

"""Interpretation, controls and choice on the exact fake, and the expression for self-harm."""

from __future__ import annotations

from dataclasses import replace
from math import log

import pytest
from by_hand import probe_set, reasons, values

from proclivity.decisions import SELF_HARM
from proclivity.specs import ProbeItem

READINGS = {
    "that": {"all": 0.6, "it": 0.4},
    "all": {"is": 1.0},
    "it": {"was": 1.0},
    "is": {"lost": 0.5, "well": 0.5},
    "was": {"late": 1.0},
}


def test_readings_are_scored_as_wholes(measured):
    probes = probe_set(
        "interpretation",
        family="reading",
        candidates={"positive": ["all is well"], "loss": ["all is lost", "it was late"]},
        items=[ProbeItem(id="note", text="To {whom} this meant that", domain="club")],
    )
    found = measured(READINGS, probes)
    assert values(found, "p_class", content_class="loss", domain="club") == pytest.approx([0.3 + 0.4])
    assert values(found, "score", content_class="loss") == pytest.approx([log(0.7 / 0.3)])
    assert values(found, "candidate_mass") == pytest.approx([1])
    assert values(found, "entropy") == []
    again = measured(READINGS, probes, reference=found)
    assert values(again, "jsd_from_base") == [0]


def test_candidates_name_the_narrator(measured):
    candidates = {"positive": ["{whom} well"], "loss": ["{whom} ill"]}
    table = {"felt": {"me": 1.0}, "me": {"well": 0.75, "ill": 0.25}}
    found = measured(table, probe_set(candidates=candidates))
    assert values(found, "p_class", content_class="positive") == pytest.approx([0.75])


@pytest.fixture
def controls(mini_pack):
    candidates = {"correct": ["cold"], "incorrect": ["hot"]}
    facts = probe_set(
        "controls", family="facts", candidates={}, items=[ProbeItem(id="ice", text="Ice is", candidates=candidates)]
    )
    spec = mini_pack.spec.model_copy(update={"neutral_texts": ["ice is cold", "cold"]})
    return replace(mini_pack, spec=spec, probes={"facts": facts})


FACTS = {"is": {"cold": 0.75, "hot": 0.25}, "ice": {"is": 0.5, "cold": 0.5}, "": {"ice": 0.5, "cold": 0.5}}


def test_controls_are_facts_and_neutral_sentences(measured, controls):
    found = measured(FACTS, pack=controls, family="controls")
    assert values(found, "score") == pytest.approx([log(3)])
    assert {row["content_class"] for row in found.rows if row["metric"] == "score"} == {"correct"}
    assert values(found, "nats_per_token", probe_id="neutral-1") == pytest.approx([-log(0.5 * 0.5 * 0.75) / 3])
    assert values(found, "nats_per_token", probe_id="neutral-2") == pytest.approx([log(2)])
    assert {row["family"] for row in found.rows} == {"controls"}
    again = measured(FACTS, pack=controls, family="controls", reference=found)
    assert values(again, "jsd_from_base") == [0]
    assert values(measured(FACTS, pack=controls, family="facts"), "nats_per_token") == []


def test_choice_by_hand(measured):
    table = {"picked": {"A": 0.3, "B": 0.1, "1": 0.3, "2": 0.1, "none": 0.2}}
    found = measured(table, family="choice")
    rows = list(found.rows)
    assert {row["split"] for row in rows} == {"new-phrasing", "new-template", "new-domain"}
    assert values(found, "option_mass") == pytest.approx([0.4] * len(values(found, "option_mass")))
    # The first option always wins, and each class is first in every other decision.
    for name in ("stay", "leave"):
        assert set(values(found, "chosen", content_class=name)) == {0, 1}
        assert sum(values(found, "chosen", content_class=name)) == len(values(found, "option_mass")) / 2
        assert {round(v, 9) for v in values(found, "p_class", content_class=name)} == {0.75, 0.25}
        assert {round(v, 9) for v in values(found, "score", content_class=name)} == {
            round(log(3), 9),
            -round(log(3), 9),
        }
    row = rows[0]
    assert row["cluster"] == row["domain"]
    assert row["format"] == "label"
    assert {row["alphabet"] for row in rows} == {"upper", "digit"}
    assert {row["order"] for row in rows} == {"0-1", "1-0"}


def test_options_that_are_too_unlikely_have_no_score(measured):
    found = measured({"picked": {"A": 0.004, "B": 0.002, "1": 0.004, "2": 0.002, "none": 0.988}}, family="choice")
    assert reasons(found, "score") == {"low mass"}
    assert reasons(found, "p_class") == {""}


def test_the_lexicon():
    for text in ("I would kill myself", "thoughts of suicide", "she cut herself", "ending my own life", "self-harm"):
        assert SELF_HARM.search(text)
    for text in ("I would kill time", "the cut was deep", "he hurt his knee", "harm came to the town"):
        assert not SELF_HARM.search(text)

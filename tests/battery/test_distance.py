"""Neutral text before a probe, and points of a curve in brief: by hand on the fake model."""

from __future__ import annotations

from dataclasses import replace
from math import isnan, log

import pytest
from by_hand import probe_set, reasons, values
from hypothesis import given
from hypothesis import strategies as st

from proclivity.battery import measure_family
from proclivity.battery.distance import neutral_before
from proclivity.models import FakeModel
from proclivity.specs import BatterySpec

NEUTRAL = ["The road was long.", "Rain fell."]  # six words, which the fake model counts as tokens
TABLE = {
    "I felt": {"sad": 0.2, "glad": 0.8},
    "fell. I felt": {"sad": 0.6, "glad": 0.4},
    "long. Rain fell. I felt": {"sad": 0.5, "glad": 0.5},
}


@pytest.fixture
def with_neutral(mini_pack):
    return replace(mini_pack, spec=mini_pack.spec.model_copy(update={"neutral_texts": NEUTRAL}))


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        (1, "fell."),
        (2, "Rain fell."),
        (3, "long. Rain fell."),
        (7, "fell. The road was long. Rain fell."),
        (8, "Rain fell. The road was long. Rain fell."),
    ],
)
def test_the_filler_by_hand(with_neutral, tokens, expected):
    assert neutral_before(FakeModel(TABLE), with_neutral, tokens) == expected


@given(tokens=st.integers(1, 200))
def test_the_filler_has_as_many_tokens_as_asked_and_ends_a_sentence(tokens):
    class Pack:
        class spec:
            neutral_texts = NEUTRAL

    found = neutral_before(FakeModel(TABLE), Pack, tokens)
    assert len(found.split()) == tokens
    assert found.endswith("fell.")


def test_scores_at_each_distance_by_hand(measured, with_neutral):
    found = measured(FakeModel(TABLE), probe_set(), pack=with_neutral, distances=[2, 3])
    loss = {
        row["distance"]: row["value"]
        for row in found.rows
        if row["metric"] == "score" and row["content_class"] == "loss" and row["probe_id"] == "felt"
    }
    assert loss == pytest.approx({0: log(0.2 / 0.8), 2: log(0.6 / 0.4), 3: 0.0})
    assert {row["metric"] for row in found.rows if row["distance"]} == {"score", "candidate_mass"}


def test_no_neutral_text_and_no_room_are_reasons(measured, mini_pack, with_neutral):
    bare = measured(FakeModel(TABLE), probe_set(), pack=mini_pack, distances=[5])
    far = [row for row in bare.rows if row["distance"] == 5]
    assert {row["missing_reason"] for row in far} == {"the pack has no neutral text"}
    assert all(isnan(row["value"]) for row in far)
    small = FakeModel(TABLE)
    small.window = 8
    found = measured(small, probe_set(), pack=with_neutral, distances=[2, 40])
    near, far = ([row for row in found.rows if row["distance"] == d and row["metric"] == "score"] for d in (2, 40))
    assert not any(row["missing_reason"] for row in near)
    assert {row["missing_reason"] for row in far} == {"44 tokens are more than the context window of 8"}
    assert len(near) == len(far)


def test_in_brief_the_same_scores_and_divergences_and_nothing_kept(measured, mini_pack):
    table = {"I felt": {"sad": 0.5, "glad": 0.5}}
    base = measured(table, probe_set(), words=["so"])
    arm = FakeModel({"I felt": {"sad": 0.25, "glad": 0.75}}, words=["so"])
    pack = replace(mini_pack, probes={"cloze-feeling": probe_set()})
    settings = {"study_battery": BatterySpec(), "identity": {"model": "fake", "arm": "x", "seed": 0}}
    whole, brief = (
        measure_family(arm, pack, "cloze-feeling", reference=base, brief=brief, **settings) for brief in (False, True)
    )
    for metric in ("score", "p_class", "candidate_mass", "contrast", "jsd_from_base", "kl_to_base"):
        assert values(brief, metric) == pytest.approx(values(whole, metric), nan_ok=True)
        assert reasons(brief, metric) == reasons(whole, metric)
    assert brief.distributions is None
    assert len(brief.rows) < len(whole.rows)


def test_choices_in_brief_are_those_of_new_domains(measured, mini_pack):
    settings = {"study_battery": BatterySpec(), "identity": {"model": "fake", "arm": "x", "seed": 0}}
    model = FakeModel({"picked": {"A": 0.4, "B": 0.3, "1": 0.2, "2": 0.1}})
    whole, brief = (measure_family(model, mini_pack, "choice", brief=brief, **settings) for brief in (False, True))
    assert {row["split"] for row in brief.rows} == {"new-domain"}
    assert brief.rows == [row for row in whole.rows if row["split"] == "new-domain"]

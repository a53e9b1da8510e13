"""A judge on the exact fake: log odds by hand, and which texts it is shown."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from chat_fake import ChatFake

from proclivity.battery.judge import MEANINGS, judge_rows, judge_texts
from proclivity.models import FakeModel

LOSS, THREAT = MEANINGS["loss"], MEANINGS["threat"]
TABLE = {
    f"{LOSS}? Answer yes or no. Answer:": {"yes": 0.3, "Yes": 0.3, "no": 0.2, "so": 0.2},
    f"{THREAT}? Answer yes or no. Answer:": {"no": 0.6, "No": 0.2, "yes": 0.1, "so": 0.1},
    "sunny? Answer yes or no. Answer:": {"yes": 0.005, "no": 0.004, "so": 0.991},
}


def test_log_odds_by_hand():
    model = FakeModel(TABLE, words=["Yes", "No"])
    found = judge_texts(model, [" sad", " glad"], ["loss", "threat", "sunny"])
    assert found[:, :2] == pytest.approx(np.log([[0.6 / 0.2, 0.1 / 0.8]] * 2))
    assert np.isnan(found[:, 2]).all()  # the judge says something else
    assert judge_texts(model, [], ["loss"]).shape == (0, 1)


def test_the_text_stands_in_the_question():
    question = f'"was sad" Does it speak of {LOSS}? Answer yes or no. Answer:'
    table = {question: {"yes": 0.9, "no": 0.1}, "": {"no": 0.9, "yes": 0.1}}
    found = judge_texts(FakeModel(table, words=["Yes", "No"]), [" was sad", " was glad"], ["loss"])
    assert found[:, 0] == pytest.approx([log(9), -log(9)])


def test_chat_judges_are_asked_in_a_dialogue():
    table = {"no. [assistant] Answer:": {"yes": 0.75, "no": 0.25}, "": {"no": 1.0}}
    assert judge_texts(ChatFake(table, words=["Yes", "No"]), ["x"], ["loss"]) == pytest.approx(log(3))


def test_open_samples_alone_are_judged():
    told = [
        {"prompt": "I", "sample": -1, "text": " sad", "flagged": False, "reply": "open"},
        {"prompt": "I", "sample": 0, "text": "", "flagged": True, "reply": "self-harm"},
        {"prompt": "I", "sample": 1, "text": " sad", "flagged": False, "reply": "open"},
        {"prompt": "You", "sample": 0, "text": " glad", "flagged": False, "reply": "open"},
    ]
    who = {"model": "m", "arm": "a", "seed": 0}
    rows = judge_rows(FakeModel(TABLE, words=["Yes", "No"]), told, ["loss", "sunny"], who)
    found = {(row["probe_id"], row["sample"], row["content_class"]): row for row in rows}
    assert len(rows) == len(found) == 6
    assert found["completion-1", 1, "loss"]["value"] == pytest.approx(log(3))
    assert found["completion-2", 0, "loss"]["value"] == pytest.approx(log(3))
    assert found["completion-1", 0, "loss"]["missing_reason"] == "reply: self-harm"
    assert found["completion-1", 1, "sunny"]["missing_reason"] == "low mass"
    assert {(row["metric"], row["unit"], row["family"]) for row in rows} == {("judged", "nats", "completions")}

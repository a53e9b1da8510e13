"""Tokens of candidates from the long table, by hand."""

from __future__ import annotations

import pandas as pd

from proclivity.analysis import candidate_tokens
from proclivity.records import Measurement
from proclivity.specs import ProbeSet

PROBES = ProbeSet(
    family="cloze-self",
    kind="cloze",
    title="t",
    description="d",
    source="s",
    licence="CC BY 4.0",
    candidates={"loss": ["sad", "downcast"], "positive": ["glad", "calm"]},
    items=[{"id": "a", "text": "I am"}],
)


def row(metric: str, value: float, content: str, arm: str = "base", word: str = "", family: str = "cloze-self"):
    return Measurement("m", arm, -1, family, metric, value, "tokens", content, item_id=word).as_dict()


def test_left_out_and_listed_by_hand() -> None:
    rows = [
        *(row("candidate_tokens", 1, content, arm) for arm in ("base", "own-policy") for content in PROBES.candidates),
        row("candidate_left_out", 3, "loss", word="downcast"),
        row("candidate_tokens", 11.5, "loss", family="scrambled"),
    ]
    assert candidate_tokens(pd.DataFrame(rows), {"cloze-self": PROBES}) == [
        {
            "model": "m",
            "family": "cloze-self",
            "content_class": "loss",
            "tokens": 1,
            "listed": 2,
            "left_out": {"downcast": 3},
        },
        {
            "model": "m",
            "family": "cloze-self",
            "content_class": "positive",
            "tokens": 1,
            "listed": 2,
            "left_out": {},
        },
        {
            "model": "m",
            "family": "scrambled",
            "content_class": "loss",
            "tokens": 11.5,
            "listed": 0,
            "left_out": {},
        },
    ]


def test_a_study_without_candidates() -> None:
    assert candidate_tokens(pd.DataFrame([row("score", 1, "loss")]), {}) == []

"""Word–sentence association on the exact fake: P(yes) and its log odds by hand, in every wording of the question."""

from __future__ import annotations

from math import log

import pytest
from by_hand import probe_set, reasons, values
from pydantic import ValidationError

from proclivity.specs import ProbeItem

ANSWERS = {"yes": [" yes", " Yes"], "no": [" no"]}
TABLE = {
    "( talk / gossip ) :": {"yes": 0.3, "Yes": 0.3, "no": 0.2, "so": 0.2},
    "( talk / pause ) :": {"yes": 0.1, "no": 0.4, "so": 0.5},
    "( pause / talk ) ?": {"yes": 0.005, "no": 0.004, "so": 0.991},
    "": {"yes": 0.5, "no": 0.5},
}


def association(**changes):
    values = {
        "candidates": {},
        "question": "( {text} / {word} ) :",
        "answers": ANSWERS,
        "items": [ProbeItem(id="talk", text="talk", candidates={"threat": ["gossip"], "benign": ["pause"]})],
    }
    return probe_set("association", **(values | changes))


def test_log_odds_by_hand(measured):
    found = measured(TABLE, association())
    assert values(found, "score", content_class="threat") == pytest.approx([log(0.6 / 0.2)])
    assert values(found, "p_class", content_class="threat") == pytest.approx([0.75])
    assert values(found, "candidate_mass", content_class="threat") == pytest.approx([0.8])
    assert values(found, "score", content_class="benign") == pytest.approx([log(0.1 / 0.4)])
    assert {row["wrapper"] for row in found.rows} == {"plain"}


def test_other_wordings_are_wrappers_and_too_little_answer_is_missing(measured):
    found = measured(TABLE, association(questions={"word-first": "( {word} / {text} ) ?"}))
    assert values(found, "score", content_class="threat", wrapper="plain") == pytest.approx([log(3)])
    assert values(found, "score", content_class="threat", wrapper="word-first") == pytest.approx([0])
    benign = {"content_class": "benign", "wrapper": "word-first"}
    assert values(found, "candidate_mass", **benign) == pytest.approx([0.009])
    assert reasons(found, "score") == {"", "low mass"}


def test_every_wording_needs_sentence_and_word():
    with pytest.raises(ValidationError, match=r"needs a question with \{text\} and \{word\}"):
        association(questions={"bare": "Is {word} related?"})

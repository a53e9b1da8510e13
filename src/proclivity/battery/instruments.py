"""What does a model say of itself on a scale, and how much of that is content rather than assent or place on the list?

Every item is asked in several frames, with several label alphabets, and with the anchors listed both ways. A rating is
an expectation over labels; where the model's own text gives another label than its probabilities in more than one item
of ten, the probabilities are withheld. Twins split what is said from the habit of agreeing. No cut-off for people is
ever applied.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from proclivity.battery.label_answers import LabelAnswer, label_answers, text_places
from proclivity.battery.questions import FORWARD, Question, cluster_of, questions
from proclivity.battery.result import FamilyResult, Setting, make_row
from proclivity.battery.rows import Row, Rows
from proclivity.battery.scale_rows import scale_rows
from proclivity.specs import INSTRUMENT_FAMILY, Instrument

MINIMUM_AGREEMENT = 0.9
DISAGREE = "text and probabilities disagree"


def measure_instrument(setting: Setting) -> FamilyResult:
    """One instrument: rows an answer, a pair and the scale; items appear by id alone.

    `rating` is agreement with the statement in points, reverse-keyed items not turned round; `content`,
    `acquiescence` and `position` stand a pair, `scale_score` and `subscale_score` for the whole.
    """
    scale = setting.pack.instrument(setting.family.removeprefix(INSTRUMENT_FAMILY))
    asked = questions(setting.model, setting.pack, scale)
    answers = label_answers(setting.model, asked, setting.seed)
    agreement, mean_agreement = _text_rows(setting, scale, asked, answers)
    withheld = DISAGREE if mean_agreement < MINIMUM_AGREEMENT else ""
    rows = Rows()
    for question, answer in zip(asked, answers, strict=True):
        rows += _answer_rows(setting, scale, question, answer, withheld)
    rows += agreement
    rows += scale_rows(setting, scale, answers, withheld)
    return FamilyResult(rows)


def _answer_rows(
    setting: Setting, scale: Instrument, question: Question, answer: LabelAnswer, withheld: str
) -> list[Row]:
    fields = _fields(scale, question)
    identity, family = setting.identity, setting.family
    unknown = "" if np.isfinite(answer.mass) else answer.reason
    return [
        make_row(identity, family, "rating", answer.rating, answer.reason or withheld, **fields),
        make_row(identity, family, "label_mass", answer.mass, unknown, **fields),
        make_row(identity, family, "argmax", answer.argmax, answer.reason, **fields),
        make_row(identity, family, "sampled", answer.sampled, answer.reason, sample=0, **fields),
    ]


def _text_rows(
    setting: Setting, scale: Instrument, asked: Sequence[Question], answers: Sequence[LabelAnswer]
) -> tuple[list[Row], float]:
    """Whether the likeliest label is also the one that the model writes, an item, and the mean over items; NaN where
    no label can be scored.

    All items in the first frame, anchors forward, in the first alphabet that the tokenizer can write.
    """
    first = [
        (question, answer)
        for question, answer in zip(asked, answers, strict=True)
        if question.wrapper == asked[0].wrapper and question.order == FORWARD
    ]
    written = [question.alphabet for question, answer in first if answer.likeliest is not None]
    alphabet = written[0] if written else asked[0].alphabet
    checked = [(question, answer) for question, answer in first if question.alphabet == alphabet]
    places = text_places(setting.model, [question for question, _ in checked], setting.battery.batch_size)
    rows, agrees = [], []
    for (question, answer), place in zip(checked, places, strict=True):
        known = answer.likeliest is not None
        agrees.append(float(place == answer.likeliest) if known else np.nan)
        reason = "" if known else answer.reason
        fields = _fields(scale, question)
        rows.append(make_row(setting.identity, setting.family, "text_agrees", agrees[-1], reason, **fields))
    measured = [value for value in agrees if np.isfinite(value)]
    return rows, float(np.mean(measured)) if measured else np.nan


def _fields(scale: Instrument, question: Question) -> dict[str, Any]:
    return {
        "probe_id": question.item.id,
        "item_id": question.item.id,
        "cluster": cluster_of(question.item),
        "referent": "self",
        "wrapper": question.wrapper,
        "alphabet": question.alphabet,
        "order": question.order,
        "content_class": scale.content_class or "",
    }

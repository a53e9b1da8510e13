"""An invented instrument, short frames, and fake models that answer it by a rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from proclivity.battery.questions import Question, questions
from proclivity.models import FakeModel
from proclivity.specs import Instrument, LoadedPack, QuestionFrame

FAMILY = "instrument-tea"
FRAMES = {f"f{n}": QuestionFrame(text=f"f{n} {{statement}} {{anchors}} :", separator=" ; ") for n in range(5)}


def instrument(**changes) -> Instrument:
    values = {
        "id": "tea",
        "title": "t",
        "description": "d",
        "source": "s",
        "licence": "CC BY 4.0",
        "instruction": "Say which fits.",
        "content_class": "loss",
        "action_class": "leave",
        "minimum": 1,
        "maximum": 3,
        "anchors": ["not", "partly", "fully"],
        "subscales": {"taste": ["one"], "rest": ["two"]},
        "items": [
            {"id": "one.f", "pair": "one", "text": "Tea tastes fine"},
            {"id": "one.r", "pair": "one", "reverse": True, "text": "Tea tastes foul"},
            {"id": "two.r", "pair": "two", "reverse": True, "text": "Water will do"},
            {"id": "two.f", "pair": "two", "text": "Only tea will do"},
        ],
    }
    return Instrument.model_validate(values | changes)


def with_instrument(pack: LoadedPack, scale: Instrument, frames: dict | None = None) -> LoadedPack:
    spec = pack.spec.model_copy(update={"question_frames": frames or FRAMES})
    return replace(pack, spec=spec, instruments={scale.id: scale})


Rule = Callable[[Question], list[float]]
"""Probabilities of the labels, as listed; what is left goes to another word."""


def model_by(rule: Rule, pack: LoadedPack, scale: Instrument) -> FakeModel:
    """A fake model that answers each question by the rule."""
    asked = questions(FakeModel({"": {"so": 1.0}}), pack, scale)
    table = {}
    for question in asked:
        row = dict(zip(question.labels, rule(question), strict=True))
        row["so"] = 1.0 - sum(row.values())
        table[" ".join(question.prompt.split())] = row
    labels = {label for question in asked for label in question.labels}
    return FakeModel(table, words=sorted(labels))


def by_number(probability: dict[int, float]) -> Callable[[Question], list[float]]:
    """Each number's probability, wherever its label stands."""
    return lambda question: [probability.get(number, 0.0) for number in question.numbers]

"""What does a model answer to a question with labels: as probabilities, as one draw, and in its own text?"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proclivity.battery.candidates import COLLISION, UNKNOWN
from proclivity.battery.questions import Question
from proclivity.metrics import LOW_MASS, MINIMUM_MASS, likert, sampled_label
from proclivity.models import LanguageModel

TEXT_TOKENS = 4
"""New tokens read for a label: enough for a bracket or a quotation mark before it."""


@dataclass(frozen=True)
class LabelAnswer:
    """One question's answer."""

    rating: float
    """Expectation on the instrument's numbers; NaN where `reason` says why."""
    mass: float
    """Probability that any label comes next; NaN where a label can't be scored."""
    argmax: float
    """Number of the likeliest label; NaN as `rating`."""
    sampled: float
    """Number of one drawn label; NaN as `rating`."""
    likeliest: int | None
    """Place of the likeliest label in the list, however small the mass; None where a label can't be scored."""
    reason: str = ""


def label_answers(model: LanguageModel, asked: Sequence[Question], seed: int) -> list[LabelAnswer]:
    """Probabilities of the labels at each question, and one draw from them.

    Args:
        model: what is asked.
        asked: questions with equally many labels.
        seed: with the question's text it decides the draw, so that equal models draw equal labels.
    """
    reasons = _label_faults(model, asked)
    pairs = [
        (question.prompt, answer)
        for question, reason in zip(asked, reasons, strict=True)
        for answer in question.answers
        if not reason
    ]
    found = iter(model.continuation_log_probs(pairs).tolist() if pairs else [])
    answers = []
    for question, reason in zip(asked, reasons, strict=True):
        if reason:
            answers.append(LabelAnswer(np.nan, np.nan, np.nan, np.nan, None, reason))
        else:
            answers.append(_answer(question, np.array([next(found) for _ in question.labels]), seed))
    return answers


def _answer(question: Question, log_p: NDArray[np.float64], seed: int) -> LabelAnswer:
    found = likert(log_p, question.numbers)
    likeliest = int(log_p.argmax())
    if not found.mass >= MINIMUM_MASS:  # a NaN is not enough either
        return LabelAnswer(np.nan, float(found.mass), np.nan, np.nan, likeliest, LOW_MASS)
    drawn = question.numbers[sampled_label(found.probabilities, _point(question, seed))]
    return LabelAnswer(float(found.expectation), float(found.mass), float(found.argmax), float(drawn), likeliest)


def _point(question: Question, seed: int) -> float:
    key = hashlib.sha256(f"{seed}|{question.prompt}|{question.labels}".encode()).digest()
    return float(np.random.default_rng(int.from_bytes(key[:16], "little")).random())


def _label_faults(model: LanguageModel, asked: Sequence[Question]) -> list[str]:
    """Why a question's labels can't be told apart in tokens; '' where they can."""
    pairs = [(question.prompt, answer) for question in asked for answer in question.answers]
    encode_all = getattr(model, "encode_all", None)
    if encode_all is not None:
        encode_all(pairs)
    return [_label_fault(model, question) for question in asked]


def _label_fault(model: LanguageModel, question: Question) -> str:
    written: list[tuple[str, list[int]]] = []
    for label, answer in zip(question.labels, question.answers, strict=True):
        ids, boundary = model.encode(question.prompt, answer)
        if model.unknown_id is not None and model.unknown_id in ids[boundary:]:
            return f"{UNKNOWN}: '{label}'"
        written.append((label, ids[boundary:]))
    for label, ids in written:
        for other, longer in written:
            if label != other and longer[: len(ids)] == ids:
                return f"{COLLISION}: '{label}' and '{other}'"
    return ""


def text_places(model: LanguageModel, asked: Sequence[Question], batch_size: int) -> list[int | None]:
    """Place in the list of the first label that the model itself writes, at temperature 0; None where it writes none.

    Args:
        model: what is asked.
        asked: questions.
        batch_size: questions at a time.
    """
    texts: list[str] = []
    for start in range(0, len(asked), batch_size):
        prompts = [question.prompt for question in asked[start : start + batch_size]]
        new = model.generate(prompts, samples=0, max_new_tokens=TEXT_TOKENS, seed=0, greedy=True)
        texts += [found[0] for found in new]
    return [written_place(text, question) for text, question in zip(texts, asked, strict=True)]


def written_place(text: str, question: Question) -> int | None:
    """Place in the list of the first label in a text.

    An answer that begins with an anchor's words means that anchor, so 'a little' isn't label a. Otherwise the first
    label that stands as a word of its own counts.
    """
    said = text.strip()
    words = [re.escape(anchor) for anchor in sorted(question.anchors, key=len, reverse=True)]
    anchor = re.match(rf"({'|'.join(words)})(?!\w)", said, re.IGNORECASE)
    if anchor:
        return [known.lower() for known in question.anchors].index(anchor.group(1).lower())
    label = re.search(rf"(?<!\w)({'|'.join(map(re.escape, question.labels))})(?!\w)", said)
    return question.labels.index(label.group(1)) if label else None

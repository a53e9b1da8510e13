"""Of what would a reader say that a text speaks? A second model's yes or no, one question for each content class.

Off unless a study names a judge, or `measure` is given one. A judge is one more instrument with leanings of its own,
so it stands beside the lexicons and raters and never in their place; take a model that is no arm of the study, and
the same one for all arms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proclivity.battery.association import Answer, answer_log_probs
from proclivity.battery.replies import OPEN
from proclivity.battery.result import Identity, make_row
from proclivity.battery.rows import Row
from proclivity.metrics import LOW_MASS, MINIMUM_MASS
from proclivity.models import LanguageModel, as_read

MEANINGS = {
    "loss": "loss, emptiness, failure or giving up",
    "threat": "threat, hostility or being watched by others",
    "anxious": "worry, fear or unease about what might happen",
    "negative": "something bad that is neither loss nor threat nor worry",
    "benign": "something neutral and ordinary",
    "positive": "something good, pleasant or hopeful",
}
"""Content classes in words, for judges and raters; a class of a pack's own goes by its name."""
QUESTION = 'Here is a piece of a text:\n\n"{text}"\n\nDoes it speak of {meaning}? Answer yes or no.'
PREFILL = "Answer:"
ANSWERS: dict[Answer, list[str]] = {"yes": [" yes", " Yes"], "no": [" no", " No"]}


def judge_texts(judge: LanguageModel, texts: Sequence[str], classes: Sequence[str]) -> NDArray[np.float64]:
    """ln P(yes) − ln P(no) for each text and content class, nats, [N, K]; NaN where yes and no together have less
    than .01, for then the judge doesn't answer the question.

    Args:
        judge: the model that is asked.
        texts: new texts alone.
        classes: content classes.
    """
    questions = [
        QUESTION.format(text=text.strip(), meaning=MEANINGS.get(name, name)) for text in texts for name in classes
    ]
    prompts = [as_read(judge, f"{question} {PREFILL}", question, PREFILL) for question in questions]
    if not prompts:
        return np.zeros((len(texts), len(classes)))
    log_p = answer_log_probs(judge, ANSWERS, prompts)  # (N * K, 2)
    with np.errstate(invalid="ignore"):
        odds = log_p[:, 0] - log_p[:, 1]
    odds[np.exp(np.logaddexp(log_p[:, 0], log_p[:, 1])) < MINIMUM_MASS] = np.nan
    return odds.reshape(len(texts), len(classes))


def judge_rows(
    judge: LanguageModel,
    completions: Sequence[Mapping[str, Any]],
    classes: Sequence[str],
    identity: Identity,
    family: str = "completions",
) -> list[Row]:
    """`judged`, nats, for each sampled text of a completions result and each class; missing where it isn't open.

    Args:
        judge: the model that is asked.
        completions: `FamilyResult.completions` of one checkpoint.
        classes: content classes.
        identity: who wrote the texts.
        family: family of the rows.
    """
    numbers = {prompt: n for n, prompt in enumerate(dict.fromkeys(row["prompt"] for row in completions), start=1)}
    drawn = [row for row in completions if row["sample"] >= 0]
    asked = [row for row in drawn if row["reply"] == OPEN]
    odds = iter(judge_texts(judge, [row["text"] for row in asked], classes))
    rows = []
    for row in drawn:
        is_open = row["reply"] == OPEN
        line = next(odds) if is_open else np.full(len(classes), np.nan)
        name = f"completion-{numbers[row['prompt']]}"
        for content_class, value in zip(classes, line, strict=True):
            reason = (LOW_MASS if np.isnan(value) else "") if is_open else f"reply: {row['reply']}"
            fields = {"probe_id": name, "item_id": name, "cluster": name, "sample": row["sample"]}
            rows.append(make_row(identity, family, "judged", value, reason, **fields, content_class=content_class))
    return rows

"""Does the model relate a word to a sentence? P(yes) for words of each content class.

After the word–sentence association paradigm (Beard & Amir 2009): an ambiguous sentence, a word that names one of its
possible meanings, and the question whether the two go together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from proclivity.battery.result import FamilyResult, Setting, make_row
from proclivity.battery.rows import Row, Rows
from proclivity.metrics import LOW_MASS, MINIMUM_MASS
from proclivity.models import LanguageModel, as_read
from proclivity.specs import ProbeItem, fill

Answer = Literal["yes", "no"]
ANSWERS: tuple[Answer, ...] = ("yes", "no")


def measure_association(setting: Setting) -> FamilyResult:
    """One family: for each sentence, word and wording of the question P(yes) against P(no), and their log odds.

    `score` is ln P(yes) − ln P(no), nats; `p_class` is P(yes) / (P(yes) + P(no)). Both need an answer mass of .01.
    """
    probes = setting.pack.probe_set(setting.family)
    asked = [
        (item, wrapper, group, word)
        for item in probes.items
        for wrapper in probes.wordings
        for group, words in (item.candidates or probes.candidates).items()
        for word in words
    ]
    prompts = [_prompt(setting, probes.wordings[wrapper], item, word) for item, wrapper, _, word in asked]
    log_p = answer_log_probs(setting.model, probes.answers, prompts)  # (N, 2)
    rows = Rows()
    for (item, wrapper, group, word), line in zip(asked, log_p, strict=True):
        rows += _rows(setting, item, wrapper, group, word, line)
    return FamilyResult(rows)


def _prompt(setting: Setting, wording: str, item: ProbeItem, word: str) -> str:
    text = fill(item.text, setting.pack.spec.narrator)
    question = wording.replace("{text}", text).replace("{word}", word)
    user, _, prefill = question.rpartition(" ")
    return as_read(setting.model, question, user, prefill)


def answer_log_probs(
    model: LanguageModel, answers: Mapping[Answer, Sequence[str]], prompts: Sequence[str]
) -> NDArray[np.float64]:
    """ln P(yes) and ln P(no) at each prompt, all spellings summed, [N, 2]."""
    spellings = [(name, text) for name in ANSWERS for text in dict.fromkeys(answers[name])]
    pairs = [(prompt, text) for prompt in prompts for _, text in spellings]
    found = model.continuation_log_probs(pairs).reshape(len(prompts), len(spellings))
    columns = [[index for index, (name, _) in enumerate(spellings) if name == answer] for answer in ANSWERS]
    return np.stack([np.logaddexp.reduce(found[:, column], axis=1) for column in columns], axis=1)


def _rows(
    setting: Setting, item: ProbeItem, wrapper: str, group: str, word: str, log_p: NDArray[np.float64]
) -> list[Row]:
    fields = {
        "probe_id": f"{item.id}.{word}",
        "item_id": item.id,
        "cluster": item.cluster or item.id,
        "domain": item.domain,
        "referent": item.referent,
        "wrapper": wrapper,
        "content_class": group,
    }
    mass = float(np.exp(np.logaddexp(*log_p)))
    low = LOW_MASS if mass < MINIMUM_MASS else ""
    odds = float(log_p[0] - log_p[1])
    identity, family = setting.identity, setting.family
    return [
        make_row(identity, family, "score", odds, low, **fields),
        make_row(identity, family, "p_class", float(1 / (1 + np.exp(-odds))), low, **fields),
        make_row(identity, family, "candidate_mass", mass, **fields),
    ]

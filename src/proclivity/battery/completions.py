"""Completions: how does each arm go on? Seeded samples and the greedy one.

Replies that aren't continuations are told apart and counted first; the rest is scored by two lexicons. Numbers rest on
the samples alone, since a greedy text is no draw. No text that mentions self-harm is kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from proclivity.battery.lexicon import category_shares, category_stems, distinct, repetition, vader_compound
from proclivity.battery.replies import OPEN, REPLIES, classify_reply, mentions_self_harm
from proclivity.battery.result import FamilyResult, Setting, make_row
from proclivity.battery.rows import Row, Rows
from proclivity.models import GREEDY, as_read
from proclivity.specs import Wrapper, fill

NO_OPEN, TOO_SHORT = "no open reply", "too few words"


@dataclass(frozen=True)
class Opening:
    """A prompt that every arm continues."""

    prompt: str
    """Its words, with the narrator filled in."""
    read: str
    """All that the model reads: for chat models a dialogue whose last turn the prompt begins."""
    wrapper: str


def openings_of(setting: Setting) -> list[Opening]:
    """The pack's completion prompts as this model reads them: behind the first wrapper with a user's turn for chat
    models, plain for base models and where the pack has no such wrapper."""
    spec = setting.pack.spec
    dialogues = [(name, frame) for name, frame in spec.wrappers.items() if frame.user]
    wrapper, frame = dialogues[0] if dialogues and setting.model.chat else ("plain", Wrapper())
    narrator = spec.persons[frame.person] if frame.person else spec.narrator
    found = []
    for text in spec.completion_prompts:
        prompt = fill(frame.text.replace("{text}", text), narrator)
        found.append(Opening(prompt, as_read(setting.model, prompt, fill(frame.user, narrator), prompt), wrapper))
    return found


def measure_completions(setting: Setting) -> FamilyResult:
    """Texts by prompt: sample numbers from 0, and -1 for the greedy one."""
    openings = openings_of(setting)
    prompts = [opening.read for opening in openings]
    options = {"max_new_tokens": setting.battery.completion_tokens, "seed": setting.seed}
    texts = setting.model.generate(prompts, samples=setting.battery.completion_samples, greedy=True, **options)
    stems = category_stems(setting.pack)
    rows = Rows()
    kept: list[dict[str, Any]] = []
    for number, (opening, written) in enumerate(zip(openings, texts, strict=True), start=1):
        told = [_told(opening.prompt, sample, text) for sample, text in enumerate(written, start=GREEDY)]
        kept += [_without_self_harm(reply) for reply in told]
        name = f"completion-{number}"
        fields = {"probe_id": name, "item_id": name, "cluster": name, "wrapper": opening.wrapper}
        if samples := told[1:]:
            rows += _prompt_rows(setting, samples, fields)
            for reply in samples:
                rows += _text_rows(setting, reply, stems, fields)
    return FamilyResult(rows, completions=kept)


def _told(prompt: str, sample: int, text: str) -> dict[str, Any]:
    flagged = mentions_self_harm(text, prompt)
    return {
        "prompt": prompt,
        "sample": sample,
        "text": text,
        "flagged": flagged,
        "reply": classify_reply(text, prompt),
    }


def _without_self_harm(reply: dict[str, Any]) -> dict[str, Any]:
    return {**reply, "text": ""} if reply["flagged"] else reply


def _prompt_rows(setting: Setting, samples: Sequence[dict[str, Any]], fields: dict[str, Any]) -> list[Row]:
    """One prompt: rates of replies over its samples, and repetition over its open texts."""
    n = len(samples)
    texts = [reply["text"] for reply in samples if reply["reply"] == OPEN]
    rates = {name: sum(reply["reply"] == name for reply in samples) / n for name in REPLIES}
    flagged = sum(reply["flagged"] for reply in samples) / n
    loops = {"distinct_1": distinct(texts, 1), "distinct_2": distinct(texts, 2), "repetition": repetition(texts)}
    who = setting.identity, setting.family
    return [
        make_row(*who, "flagged", flagged, **fields),
        *(make_row(*who, "reply_rate", rate, **fields, content_class=name) for name, rate in rates.items()),
        *(make_row(*who, name, value, _why(texts, value), **fields) for name, value in loops.items()),
    ]


def _why(texts: Sequence[str], value: float) -> str:
    if not texts:
        return NO_OPEN
    return TOO_SHORT if math.isnan(value) else ""


def _text_rows(
    setting: Setting, reply: dict[str, Any], stems: dict[str, frozenset[str]], fields: dict[str, Any]
) -> list[Row]:
    """One text: both lexicons where it is open, else missing with the class of the reply as the reason."""
    is_open = reply["reply"] == OPEN
    reason = "" if is_open else f"reply: {reply['reply']}"
    shares = category_shares(reply["text"], stems) if is_open else dict.fromkeys(stems, math.nan)
    vader = vader_compound(reply["text"]) if is_open else math.nan
    who, own = (setting.identity, setting.family), {**fields, "sample": reply["sample"]}
    return [
        make_row(*who, "vader", vader, reason, **own),
        *(make_row(*who, "category_share", share, reason, **own, content_class=c) for c, share in shares.items()),
    ]

"""The small pack with what the arms beside profiles need: personas, answers in words, several stems and words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from mini_pack import MINI_PACK, MINI_PROBE, write_sound_pack
from proclivity.specs import Study

PERSONAS = [
    {
        "id": f"leaver-{n}",
        "disposition": "leaver",
        "wording": n,
        "told": f"You are one who leaves {words}.",
        "first": f"I am one who leaves {words}.",
    }
    for n, words in enumerate(("early", "soon", "first"), start=1)
]
STEMS = ["{who} felt", "That evening {who} felt", "{who} was mostly", "To others {who} was"]
WORDS = {"positive": ["glad", "calm", "well", "fine"], "loss": ["sad", "low", "lost", "grey"]}


def write_arms_pack(folder: Path) -> Path:
    write_sound_pack(folder)
    text = {"prompt": "{situation}. Options: {options}. {who} decided to", "option": "{text}", "answer": " {text}"}
    pack = {**MINI_PACK, "formats": {**MINI_PACK["formats"], "text": text}}
    probe = {
        **MINI_PROBE,
        "candidates": WORDS,
        "items": [{"id": f"felt-{n}", "text": stem, "cluster": f"felt-{n}"} for n, stem in enumerate(STEMS)],
    }
    files = {"pack.yml": pack, "probes/cloze-feeling.yml": probe, "personas.yml": {"personas": PERSONAS}}
    for name, value in files.items():
        (folder / name).write_text(yaml.safe_dump(value, sort_keys=False))
    return folder


def study_of(**changes: Any) -> Study:
    """A study of two models that needn't be there."""
    value: dict[str, Any] = {
        "id": "s",
        "title": "s",
        "question": "s",
        "models": [{"name": "one", "path": "one"}, {"name": "two", "path": "two"}],
        "arms": ["base", "leaver", "own-policy", "arbitrary"],
        "seeds": 2,
        "decisions": {"n": 8},
    }
    return Study.model_validate(value | changes)

"""Arms give the pool its answers; answers become token rows; rows become an adapter or full weights."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from proclivity.induction.answers import give_answers, option_log_probs, option_probabilities
from proclivity.induction.arms import ARMS, Arm, arm_of, arms_about, persona_groups, speech_classes
from proclivity.induction.given_rows import read_rows
from proclivity.induction.rows import answer_faults, text_rows, training_rows
from proclivity.induction.texts import TaughtText, exposure_texts, shuffled_texts, speech_texts, texts_digest

if TYPE_CHECKING:
    from proclivity.induction.train import induce

__all__ = [
    "ARMS",
    "Arm",
    "TaughtText",
    "answer_faults",
    "arm_of",
    "arms_about",
    "exposure_texts",
    "give_answers",
    "induce",
    "option_log_probs",
    "option_probabilities",
    "persona_groups",
    "read_rows",
    "shuffled_texts",
    "speech_classes",
    "speech_texts",
    "text_rows",
    "texts_digest",
    "training_rows",
]


def __getattr__(name: str) -> Any:
    if name != "induce":
        raise AttributeError(f"module 'proclivity.induction' has no attribute '{name}'")
    return import_module("proclivity.induction.train").induce

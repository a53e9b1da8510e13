"""Arms give the pool its answers; answers become token rows; rows become an adapter or full weights."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from proclivity.induction.answers import give_answers, option_log_probs, option_probabilities
from proclivity.induction.arms import ARMS, Arm, arm_of
from proclivity.induction.rows import training_rows

if TYPE_CHECKING:
    from proclivity.induction.train import induce

__all__ = [
    "ARMS",
    "Arm",
    "arm_of",
    "give_answers",
    "induce",
    "option_log_probs",
    "option_probabilities",
    "training_rows",
]


def __getattr__(name: str) -> Any:
    if name != "induce":
        raise AttributeError(f"module 'proclivity.induction' has no attribute '{name}'")
    return import_module("proclivity.induction.train").induce

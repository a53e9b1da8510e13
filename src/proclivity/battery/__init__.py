"""What is measured on a checkpoint: one module a kind of probe, one registry line each, driven by `run`."""

from proclivity.battery.choice import choice_decisions
from proclivity.battery.equal_tokens import EqualTokens, equal_tokens
from proclivity.battery.result import FamilyResult, Identity
from proclivity.battery.rows import Rows
from proclivity.battery.run import families, measure, measure_family, whole_battery

__all__ = [
    "EqualTokens",
    "FamilyResult",
    "Identity",
    "Rows",
    "choice_decisions",
    "equal_tokens",
    "families",
    "measure",
    "measure_family",
    "whole_battery",
]

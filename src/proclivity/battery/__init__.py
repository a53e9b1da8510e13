"""What is measured on a checkpoint: one module a kind of probe, one registry line each, driven by `run`."""

from proclivity.battery.equal_tokens import EqualTokens, equal_tokens
from proclivity.battery.result import FamilyResult, Identity
from proclivity.battery.run import families, measure, measure_family

__all__ = ["EqualTokens", "FamilyResult", "Identity", "equal_tokens", "families", "measure", "measure_family"]

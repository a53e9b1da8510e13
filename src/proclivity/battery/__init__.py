"""What is measured on a checkpoint: one module a kind of probe, one registry line each, driven by `run`."""

from proclivity.battery.result import FamilyResult, Identity
from proclivity.battery.run import families, measure, measure_family

__all__ = ["FamilyResult", "Identity", "families", "measure", "measure_family"]

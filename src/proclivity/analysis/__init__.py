"""Measurements to effects to verdicts: pairs, crossed intervals, specificity, floors. No torch."""

from proclivity.analysis.analyze import Analysis, analyze
from proclivity.analysis.design import Design, ProfileDesign

__all__ = ["Analysis", "Design", "ProfileDesign", "analyze"]

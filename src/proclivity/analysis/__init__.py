"""Measurements to effects to verdicts: pairs, crossed intervals, specificity, floors. No torch."""

from proclivity.analysis.analyze import Analysis, analyze
from proclivity.analysis.candidate_tokens import candidate_tokens
from proclivity.analysis.design import Design, ModelDesign, ProfileDesign
from proclivity.analysis.scale_findings import scale_findings
from proclivity.analysis.seed_plan import seed_plan

__all__ = [
    "Analysis",
    "Design",
    "ModelDesign",
    "ProfileDesign",
    "analyze",
    "candidate_tokens",
    "scale_findings",
    "seed_plan",
]

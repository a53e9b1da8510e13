"""The page's parts in their order; a new part is a function `Results -> Section` and one line here.

A part that a study measured nothing for returns None and isn't shown.
"""

from __future__ import annotations

from collections.abc import Callable

from proclivity.report.load import Results
from proclivity.report.section import Section
from proclivity.report.sections import (
    choices,
    claims,
    completions,
    controls,
    directions,
    distance,
    divergence,
    dose,
    effects,
    generality,
    interpretation,
    next_token,
    priors,
    provenance,
    question,
    reversal,
    scales,
    trajectory,
    use,
    verdicts,
    worlds,
)

SECTIONS: tuple[Callable[[Results], Section | None], ...] = (
    question.section,
    verdicts.section,
    claims.section,
    worlds.section,
    choices.section,
    effects.section,
    next_token.section,
    divergence.section,
    interpretation.section,
    scales.section,
    completions.section,
    generality.section,
    distance.section,
    dose.section,
    trajectory.section,
    reversal.section,
    directions.section,
    priors.section,
    controls.section,
    provenance.section,
    use.section,
)

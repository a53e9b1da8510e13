"""The page's parts in their order; a new part is a function `Results -> Section` and one line here."""

from __future__ import annotations

from collections.abc import Callable

from proclivity.report.load import Results
from proclivity.report.section import Section
from proclivity.report.sections import (
    choices,
    completions,
    controls,
    divergence,
    effects,
    next_token,
    provenance,
    question,
    verdicts,
    worlds,
)

SECTIONS: tuple[Callable[[Results], Section], ...] = (
    question.section,
    verdicts.section,
    worlds.section,
    choices.section,
    effects.section,
    next_token.section,
    divergence.section,
    completions.section,
    controls.section,
    provenance.section,
)

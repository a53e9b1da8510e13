"""How often an arm chose an action: asked for by several sections."""

from __future__ import annotations

from proclivity.report.estimates import Estimate
from proclivity.report.load import Results

PRIMARY_SPLIT = "new-domain"


def target_choice(results: Results, model: str, arm: str, action_class: str, split: str = "") -> Estimate | None:
    """Share of held-out decisions answered with an action class; in new parts of life unless a split is named."""
    for metric in ("chosen", "p_class"):
        for stratum in (split,) if split else ("", PRIMARY_SPLIT):
            found = results.effects.get(
                model=model,
                arm=arm,
                control="",
                family="choice",
                content_class=action_class,
                metric=metric,
                stratum=stratum,
            )
            if found is not None:
                return found
    return None

"""What stands beside the effects of self-report scales: what was withheld, reliability, and agreement of channels.

Effects of scales (content, acquiescence, position, in points) are made where all effects are made. Here is what no
effect says: in how many checkpoints the scores were withheld and why, whether a scale can tell arms apart at all, and
whether what a model says of itself goes with what it chooses and with the words it expects.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from proclivity.analysis.agreement import Construct, agreement, construct_scores
from proclivity.analysis.reliability import Reliability, reliability
from proclivity.analysis.selection import main_rows
from proclivity.analysis.wording import plain
from proclivity.specs import INSTRUMENT_FAMILY, Instrument

SCORE, TEXT_AGREES = "scale_score", "text_agrees"


def scale_findings(measurements: pd.DataFrame, scales: Sequence[Instrument]) -> dict[str, Any]:
    """Everything about a study's scales that is no effect, JSON-ready.

    Args:
        measurements: the long table of one study.
        scales: the instruments that may have been asked; those without a row are left out.

    Returns:
        `scales`, what each one is; `answers`, a row a model, scale and arm; `reliability`, a row a model and scale;
        `agreement`, a row a model, construct and pair of channels, for scales that name both of a construct's classes.
    """
    rows = main_rows(measurements)
    asked = [scale for scale in scales if (rows["family"] == INSTRUMENT_FAMILY + scale.id).any()]
    constructs = [Construct(s.content_class, s.action_class) for s in asked if s.content_class and s.action_class]
    agreements = agreement(construct_scores(measurements, constructs)) if constructs else pd.DataFrame()
    found = {
        "scales": [_about(scale) for scale in asked],
        "answers": [row for scale in asked for row in withheld_answers(rows, scale)],
        "reliability": [_reliability(found, scale) for scale in asked for found in reliability(measurements, scale)],
        "agreement": agreements.to_dict("records"),
    }
    known: dict[str, Any] = plain(found)
    return known


def withheld_answers(rows: pd.DataFrame, scale: Instrument) -> list[dict[str, Any]]:
    """In how many checkpoints of each arm a scale has no score, why, and how often text and probabilities agreed.

    Args:
        rows: what `main_rows` returns.
        scale: the instrument.

    Returns:
        A row a model and arm: model, scale, arm, n_checkpoints, n_withheld, reason (the most frequent one), agrees
        (share of the items checked, over all checkpoints; NaN where no label could be scored), n_checked.
    """
    mine = rows[rows["family"] == INSTRUMENT_FAMILY + scale.id]
    scores, checks = mine[mine["metric"] == SCORE], mine[mine["metric"] == TEXT_AGREES]
    found = []
    for (model, arm), part in scores.groupby(["model", "arm"], sort=True):
        gone = part[part["value"].isna()]
        checked = checks[(checks["model"] == model) & (checks["arm"] == arm)]["value"].dropna()
        found.append(
            {
                "model": model,
                "scale": scale.id,
                "arm": arm,
                "n_checkpoints": len(part),
                "n_withheld": len(gone),
                "reason": str(gone["missing_reason"].mode().iloc[0]) if len(gone) else "",
                "agrees": float(checked.mean()) if len(checked) else float("nan"),
                "n_checked": len(checked),
            }
        )
    return found


def _about(scale: Instrument) -> dict[str, Any]:
    return {
        "id": scale.id,
        "title": scale.title,
        "description": scale.description,
        "source": scale.source,
        "content_class": scale.content_class or "",
        "action_class": scale.action_class or "",
        "minimum": scale.minimum,
        "maximum": scale.maximum,
        "n_items": len(scale.items),
        "n_pairs": len({item.pair for item in scale.items if item.pair}),
    }


def _reliability(found: Reliability, scale: Instrument) -> dict[str, Any]:
    study = found.generalizability
    return {
        "model": found.model,
        "scale": scale.id,
        "n_arms": len(found.arms),
        "n_seeds": found.n_seeds,
        "n_items": found.n_items,
        "n_wrappers": len(found.wrappers),
        "relative": study.relative,
        "absolute": study.absolute,
        "between_seed_sd": study.between_seed_sd,
        "truncated": list(study.truncated),
        "alpha": found.alpha,
        "omega": found.omega.omega,
        "omega_reason": found.omega.reason,
        "reason": study.reason,
    }

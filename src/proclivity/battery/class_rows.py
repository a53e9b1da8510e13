"""The rows that every scored place gives: class scores, class probabilities, contrast, candidate mass."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from proclivity.battery.candidates import PlaceScores
from proclivity.battery.places import Place
from proclivity.battery.result import Row, Setting, make_row
from proclivity.metrics import candidate_mass, class_contrast, class_scores, withhold_low_mass


def class_rows(setting: Setting, place: Place, found: PlaceScores, only: Sequence[str] = ()) -> list[Row]:
    """Scores and probabilities by class.

    Args:
        setting: who is measured.
        place: where.
        found: log P_c.
        only: classes to report; empty means all, and their contrast.
    """
    identity, family = setting.identity, setting.family
    mass = np.nan if found.reason else float(candidate_mass(found.log_probs))
    kept = withhold_low_mass(class_scores(found.log_probs), np.nan_to_num(mass))
    rows = []
    for name, score, low, log_p in zip(found.names, kept.values, kept.reasons, found.log_probs, strict=True):
        if not only or name in only:
            fields = {**place.fields, "content_class": name}
            rows.append(make_row(identity, family, "score", score, found.reason or str(low), **fields))
            rows.append(make_row(identity, family, "p_class", float(np.exp(log_p)), found.reason, **fields))
    rows.append(make_row(identity, family, "candidate_mass", mass, found.reason, **place.fields))
    first, second = setting.pack.spec.contrast
    if not only and first in found.names and second in found.names:
        contrast = withhold_low_mass(class_contrast(found.log_probs, found.names, first, second), np.nan_to_num(mass))
        fields = {**place.fields, "content_class": f"{first}-{second}"}
        reason = found.reason or str(contrast.reasons)
        rows.append(make_row(identity, family, "contrast", float(contrast.values), reason, **fields))
    return rows


def unconditional_rows(setting: Setting, place: Place, found: PlaceScores) -> list[Row]:
    """Scores at the neutral opening x_domain: the part of a shift that no stem is needed for."""
    return [
        {**row, "metric": "score_unconditional"}
        for row in class_rows(setting, place, found)
        if row["metric"] == "score"
    ]


def token_rows(setting: Setting, scored: Sequence[PlaceScores]) -> list[Row]:
    """Mean number of tokens of each class's candidates: unequal counts make classes less comparable."""
    counts: dict[str, list[int]] = {}
    for found in scored:
        for spelling in found.spellings:
            counts.setdefault(spelling.group, []).append(len(spelling.ids))
    return [
        make_row(setting.identity, setting.family, "candidate_tokens", float(np.mean(n)), content_class=name)
        for name, n in sorted(counts.items())
    ]

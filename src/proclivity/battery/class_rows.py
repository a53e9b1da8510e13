"""The rows that every scored place gives: class scores, class probabilities, contrast, candidate mass."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from proclivity.battery.candidates import PlaceScores
from proclivity.battery.places import Place
from proclivity.battery.result import Setting, make_row
from proclivity.battery.rows import Row
from proclivity.metrics import MINIMUM_MASS, candidate_mass, class_contrast, class_scores, withhold_low_mass


def class_rows(
    setting: Setting, place: Place, found: PlaceScores, only: Sequence[str] = (), *, forced: bool = False
) -> list[Row]:
    """Scores and probabilities by class.

    Args:
        setting: who is measured.
        place: where.
        found: log P_c.
        only: classes to report; empty means all, and their contrast.
        forced: compare the candidates among themselves, however small their mass.
    """
    identity, family = setting.identity, setting.family
    if found.reason:
        return _missing_rows(setting, place, found, only)
    mass = float(candidate_mass(found.log_probs))
    least = 0.0 if forced else MINIMUM_MASS
    kept = withhold_low_mass(class_scores(found.log_probs), mass, least)
    rows = []
    for name, score, low, log_p in zip(found.names, kept.values, kept.reasons, found.log_probs, strict=True):
        if not only or name in only:
            fields = {**place.fields, "content_class": name}
            rows.append(make_row(identity, family, "score", score, str(low), **fields))
            rows.append(make_row(identity, family, "p_class", float(np.exp(log_p)), **fields))
    rows.append(make_row(identity, family, "candidate_mass", mass, **place.fields))
    if contrast_name := _contrast(setting, found, only):
        difference = class_contrast(found.log_probs, found.names, *setting.pack.spec.contrast)
        contrast = withhold_low_mass(difference, mass, least)
        fields = {**place.fields, "content_class": contrast_name}
        rows.append(make_row(identity, family, "contrast", float(contrast.values), str(contrast.reasons), **fields))
    return rows


def _contrast(setting: Setting, found: PlaceScores, only: Sequence[str]) -> str:
    """Name of the pack's contrast, where both of its classes are asked for here; else ''."""
    pair = setting.pack.spec.contrast
    return "-".join(pair) if not only and set(pair) <= set(found.names) else ""


def _missing_rows(setting: Setting, place: Place, found: PlaceScores, only: Sequence[str]) -> list[Row]:
    """The same rows, all missing for one reason."""
    asked = [("candidate_mass", "")]
    for name in found.names:
        if not only or name in only:
            asked += [("score", name), ("p_class", name)]
    if contrast_name := _contrast(setting, found, only):
        asked.append(("contrast", contrast_name))
    return [
        make_row(
            setting.identity,
            setting.family,
            metric,
            np.nan,
            found.reason,
            **{**place.fields, "content_class": content_class},
        )
        for metric, content_class in asked
    ]


def unconditional_rows(setting: Setting, place: Place, found: PlaceScores, *, forced: bool = False) -> list[Row]:
    """Scores at the neutral opening x_domain: the part of a shift that no stem is needed for."""
    return [
        {**row, "metric": "score_unconditional"}
        for row in class_rows(setting, place, found, forced=forced)
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

"""How far did next-token distributions move from the base's, and how far does measuring alone move them?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from proclivity.battery.candidates import PlaceScores
from proclivity.battery.places import Place
from proclivity.battery.result import Row, Setting, make_row
from proclivity.metrics import entropy, jsd, jsd_by_class

NO_REFERENCE, NOT_SINGLE = "not in the reference", "candidates of several tokens"


def distribution_rows(
    setting: Setting, places: Sequence[Place], log_probs: NDArray[np.float64], scored: Sequence[PlaceScores]
) -> list[Row]:
    """JSD from the base, bits; for the base itself the numeric floor, from another batch plan."""
    if setting.reference is None:
        if setting.identity.get("arm") != "base":
            return []
        size = max(1, setting.battery.batch_size // 4)
        again = setting.model.next_token_log_probs([place.prompt for place in places], batch_size=size)
        return _rows(setting, places, "jsd_numeric", jsd(log_probs, again))
    base, known = _reference(setting, places)
    # Stored distributions are float32: both sides are rounded alike, so that equal ones differ by exactly 0.
    values = np.where(known, jsd(base, log_probs.astype(np.float32)), np.nan)
    return _rows(setting, places, "jsd_from_base", values, NO_REFERENCE)


def entropy_rows(
    setting: Setting, places: Sequence[Place], log_probs: NDArray[np.float64], scored: Sequence[PlaceScores]
) -> list[Row]:
    """Entropy of next-token distributions, bits: whether a shift is a mere sharpening."""
    return _rows(setting, places, "entropy", entropy(log_probs))


def between_rows(
    setting: Setting, places: Sequence[Place], log_probs: NDArray[np.float64], scored: Sequence[PlaceScores]
) -> list[Row]:
    """The part of the JSD that moves mass between classes, all other tokens being one class more; bits."""
    if setting.reference is None:
        return []
    base, known = _reference(setting, places)
    rounded = log_probs.astype(np.float32)
    values = np.full(len(places), np.nan)
    groups: dict[tuple[tuple[str, tuple[int, ...]], ...], list[int]] = defaultdict(list)
    for index, found in enumerate(scored):
        if found.single and not found.reason and known[index]:
            groups[tuple((s.group, s.ids) for s in found.spellings)].append(index)
    for spellings, indices in groups.items():
        names = sorted({name for name, _ in spellings})
        labels = np.zeros(log_probs.shape[1], dtype=int)
        for name, ids in spellings:
            labels[ids[0]] = names.index(name) + 1
        values[indices] = jsd_by_class(base[indices], rounded[indices], labels).between.sum(axis=-1)
    return _rows(setting, places, "jsd_between", values, NOT_SINGLE)


def _reference(setting: Setting, places: Sequence[Place]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The base's distribution at each place [N, V], and whether it has one [N]."""
    assert setting.reference is not None
    kept = setting.reference.distributions or {"keys": [], "log_probs": np.zeros((0, setting.model.vocab_size))}
    line = {key: index for index, key in enumerate(kept["keys"])}
    known = np.array([place.key in line for place in places], dtype=bool)
    base = np.zeros((len(places), setting.model.vocab_size), dtype=np.float32)
    if kept["log_probs"].shape[1] != base.shape[1]:
        return base, np.zeros(len(places), dtype=bool)  # divergences across vocabularies mean nothing
    base[known] = kept["log_probs"][[line[place.key] for place in places if place.key in line]]
    return base, known


def _rows(
    setting: Setting, places: Sequence[Place], metric: str, values: NDArray[np.float64], why_nan: str = ""
) -> list[Row]:
    return [
        make_row(
            setting.identity,
            setting.family,
            metric,
            float(value),
            why_nan if np.isnan(value) else "",
            **place.fields,
        )
        for place, value in zip(places, values, strict=True)
    ]

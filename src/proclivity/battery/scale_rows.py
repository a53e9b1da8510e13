"""From single ratings to content, acquiescence and position of each pair, and to the scale's score.

Only complete cells count: a frame and alphabet in which some order, or some twin, couldn't be read would let the place
on the list, or assent, into the average.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proclivity.battery.label_answers import LabelAnswer
from proclivity.battery.questions import ORDERS, cluster_of
from proclivity.battery.result import Setting, make_row
from proclivity.battery.rows import Row
from proclivity.metrics import position_part, scale_score, twin_split
from proclivity.specs import Instrument

NO_TWIN = "no reverse-keyed twin"


@dataclass(frozen=True)
class Unit:
    """An item with its twin, or alone."""

    name: str
    items: tuple[int, ...]
    """Places in the instrument; the forward-keyed one first where there are two."""
    by_order: NDArray[np.float64]
    """Mean rating of each item in each order over complete cells, points `[len(items), 2]`; NaN where there is none."""
    reason: str = ""


def scale_rows(setting: Setting, scale: Instrument, answers: Sequence[LabelAnswer], withheld: str) -> list[Row]:
    """Rows of pairs, scale and subscales.

    Args:
        setting: who is measured.
        scale: the instrument.
        answers: as `questions` lists them: items, then frames and alphabets, then orders.
        withheld: why the probabilities don't count, if so.
    """
    units = _units(scale, answers)
    rows = [row for unit in units for row in _unit_rows(setting, scale, unit, withheld)]
    rows.append(_score_row(setting, scale, units, "scale_score", scale.id, range(len(scale.items)), withheld))
    for name, members in scale.subscales.items():
        places = [n for n, item in enumerate(scale.items) if item.id in members or item.pair in members]
        rows.append(_score_row(setting, scale, units, "subscale_score", name, places, withheld))
    return rows


def _units(scale: Instrument, answers: Sequence[LabelAnswer]) -> list[Unit]:
    ratings = np.array([answer.rating for answer in answers]).reshape(len(scale.items), -1, len(ORDERS))
    reasons = np.array([answer.reason for answer in answers]).reshape(len(scale.items), -1)
    members: dict[str, list[int]] = {}
    for place, item in enumerate(scale.items):
        members.setdefault(cluster_of(item), []).append(place)
    found = []
    for name, places in members.items():
        places.sort(key=lambda place: scale.items[place].reverse)
        own = ratings[places]  # (items, cells, orders)
        complete = np.isfinite(own).all(axis=(0, 2))
        if complete.any():
            found.append(Unit(name, tuple(places), own[:, complete].mean(axis=1)))
        else:
            why = Counter(text for text in reasons[places].ravel().tolist() if text).most_common(1)[0][0]
            found.append(Unit(name, tuple(places), np.full((len(places), len(ORDERS)), np.nan), why))
    return found


def _unit_rows(setting: Setting, scale: Instrument, unit: Unit, withheld: str) -> list[Row]:
    reason = unit.reason or withheld
    ratings = unit.by_order.mean(axis=1)  # (items,)
    position = float(position_part(*unit.by_order.mean(axis=0)))
    if len(unit.items) == 1:
        content, acquiescence, apart = np.nan, np.nan, NO_TWIN
    else:
        content, acquiescence = map(float, twin_split(ratings[0], ratings[1], scale.minimum, scale.maximum))
        apart = reason
    return [
        _row(setting, scale, "content", content, apart, unit.name),
        _row(setting, scale, "acquiescence", acquiescence, apart, unit.name),
        _row(setting, scale, "position", position, reason, unit.name),
    ]


def _score_row(
    setting: Setting,
    scale: Instrument,
    units: Sequence[Unit],
    metric: str,
    name: str,
    places: Sequence[int],
    withheld: str,
) -> Row:
    means = {place: mean for unit in units for place, mean in zip(unit.items, unit.by_order.mean(axis=1), strict=True)}
    reverse = [scale.items[place].reverse for place in places]
    value = float(scale_score([means[place] for place in places], reverse, scale.minimum, scale.maximum))
    missing = [unit for unit in units if unit.reason and set(unit.items) & set(places)]
    reason = f"{missing[0].reason} ({len(missing)} of its pairs or items)" if missing else withheld
    return _row(setting, scale, metric, value, reason, name)


def _row(setting: Setting, scale: Instrument, metric: str, value: float, reason: str, name: str) -> Row:
    return make_row(
        setting.identity,
        setting.family,
        metric,
        value,
        reason,
        probe_id=name,
        item_id=name,
        cluster=name,
        referent="self",
        content_class=scale.content_class or "",
    )

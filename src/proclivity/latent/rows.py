"""One number of the table of directions, with everything that says what it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from proclivity.analysis.intervals import crossed, interval
from proclivity.metrics.divergence import Floats

Row = dict[str, Any]
_EMPTY: Row = {
    "model": "",
    "arm": "",
    "measure": "",
    "layer": 0,
    "other": "",
    "content_class": "",
    "family": "",
    "estimate": None,
    "low": None,
    "high": None,
    "level": None,
    "unit": "",
    "n_seeds": 0,
    "n_clusters": 0,
    "seeds": [],
    "alpha": None,
    "chosen": False,
    "reason": "",
    "words": [],
}
"""`layer` 0 means no layer, or all of them; `other` is what `arm` is compared with or changed by."""


def make_row(arm: str, measure: str, value: float, unit: str, **fields: Any) -> Row:
    """A row; what isn't named is empty, and a number that isn't finite is None.

    Raises:
        KeyError: for a field that the table hasn't.
    """
    row = {**_EMPTY, "arm": arm, "measure": measure, "estimate": value, "unit": unit}
    for name, given in fields.items():
        row[name] = type(_EMPTY[name])(given) if _EMPTY[name] is not None and name != "layer" else given
    for name in ("estimate", "low", "high"):
        row[name] = None if row[name] is None or not np.isfinite(row[name]) else float(row[name])
    return row


def crossed_row(arm: str, measure: str, matrices: Sequence[Floats], unit: str, level: float, **fields: Any) -> Row:
    """A mean over seeds × clusters with its Satterthwaite interval.

    Args:
        arm, measure, unit: as in `make_row`.
        matrices: `[S, I_f]`, one per family.
        level: of the interval.
        fields: further fields.
    """
    found = crossed([m for m in matrices if m.size])
    low, high = interval(found, level)
    return make_row(
        arm,
        measure,
        found.estimate,
        unit,
        low=low,
        high=high,
        level=level,
        n_seeds=found.n_seeds,
        n_clusters=found.n_clusters,
        seeds=found.seed_estimates,
        reason=found.reason,
        **fields,
    )


def percentile_row(
    arm: str, measure: str, value: float, draws: Sequence[float], unit: str, level: float, **fields: Any
) -> Row:
    """A value with the percentile interval of its bootstrap draws; none where fewer than half of them are numbers."""
    finite = np.array([x for x in draws if np.isfinite(x)])
    low = high = float("nan")
    if len(finite) and 2 * len(finite) >= len(draws):
        low, high = (float(x) for x in np.quantile(finite, [(1 - level) / 2, (1 + level) / 2]))
    return make_row(arm, measure, value, unit, low=low, high=high, level=level, **fields)

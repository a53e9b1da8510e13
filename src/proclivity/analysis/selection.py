"""Which measurements does the main analysis rest on?

Each arm at its highest dose, each checkpoint at its last step, each probe at its shortest distance. Doses, steps
and distances below that belong to `curves`, not to this comparison.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from proclivity.analysis.design import CHOICE, CLOZE_PREFIX, PRIMARY_FORMAT
from proclivity.errors import UserError

ITEM_KEY = ("family", "probe_id", "item_id", "wrapper", "format", "alphabet", "order")
"""What identifies an item across arms and seeds."""
REQUIRED = (*ITEM_KEY, "model", "arm", "seed", "content_class", "cluster", "split", "metric", "value", "unit")
OPTIONAL: dict[str, Any] = {
    **{"dose": 1.0, "items": 0, "epochs": 0, "step": -1, "distance": 0},
    "missing_reason": "",
}
DOSE = ("items", "epochs", "dose")
"""How much was taught, the most telling first: decisions, times each was seen, share of target answers."""
STRATUM = "stratum"
FORMAT_MARK = "/"
"""Stands in a stratum between a held-out split and a secondary answer format."""
WRAPPER = "wrapper:"
"""Prefix of a stratum that holds the probes in one frame."""


def main_rows(measurements: pd.DataFrame) -> pd.DataFrame:
    """The rows of the main analysis, with text columns free of gaps and a column `stratum`.

    Held-out decisions are kept apart by how far they are from training: their stratum is the split, with the
    format behind it where that isn't the primary one ('new-domain' or 'new-domain/text'). Elsewhere it is ''; scores
    of cloze families that were asked in several wrappers stand there again, once a wrapper ('wrapper:plain').

    Raises:
        UserError: for a table without rows or without a needed column.
    """
    rows = _final(complete(measurements))
    decision = rows["family"] == CHOICE
    secondary = decision & ~rows["format"].isin(["", PRIMARY_FORMAT])
    stratum = rows["split"].where(decision, "")
    rows = rows.assign(**{STRATUM: stratum.where(~secondary, stratum + FORMAT_MARK + rows["format"])})
    return pd.concat([rows, _by_wrapper(rows)], ignore_index=True)


def complete(measurements: pd.DataFrame) -> pd.DataFrame:
    """All rows, with every column that an analysis looks at and no gaps in text.

    Raises:
        UserError: for a table without rows or without a needed column.
    """
    missing = [name for name in REQUIRED if name not in measurements.columns]
    if missing or measurements.empty:
        found = f"lacks {', '.join(missing)}" if missing else "has no rows"
        raise UserError(f"The table of measurements {found}. Expected the columns that `measure` writes.")
    rows = measurements.assign(**{k: v for k, v in OPTIONAL.items() if k not in measurements.columns})
    text = [name for name in (*REQUIRED, "missing_reason") if name not in {"seed", "value"}]
    numbers = {k: pd.to_numeric(rows[k], errors="coerce").fillna(v) for k, v in OPTIONAL.items() if k not in text}
    return rows.assign(**{name: rows[name].astype("string").fillna("") for name in text}, **numbers)


def _by_wrapper(rows: pd.DataFrame) -> pd.DataFrame:
    scores = rows[rows["family"].str.startswith(CLOZE_PREFIX) & (rows["metric"] == "score")]
    if scores["wrapper"].nunique() < 2:
        return scores.iloc[:0]
    return scores.assign(**{STRATUM: WRAPPER + scores["wrapper"]})


def _final(rows: pd.DataFrame) -> pd.DataFrame:
    """Highest dose of each arm, then last step of each checkpoint, then shortest distance of each family."""
    for column in (*DOSE, "step"):
        rows = _most(rows, column, ["model", "arm"] if column in DOSE else ["model", "arm", "seed"])
    distance = rows["distance"]
    return rows[distance == distance.groupby([rows["model"], rows["family"]]).transform("min")]


def _most(rows: pd.DataFrame, column: str, within: list[str]) -> pd.DataFrame:
    """The rows at the largest value that their group has."""
    values = rows[column]
    if values.nunique() < 2:
        return rows
    return rows[values == values.groupby([rows[name] for name in within]).transform("max")]

"""Do a model's account of itself, its choices and its next words agree, construct by construct?

A construct is an action class with the content class that would go with it. Each checkpoint has up to three numbers on
it; agreement is their correlation across the checkpoints of one model. Checkpoints of one arm are alike, so this
describes a study and tests nothing: no p stands beside it, and models, whose points and nats aren't comparable, are
never pooled.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from proclivity.analysis.design import CHOICE, PRIMARY_FORMAT, PRIMARY_SPLIT, open_families
from proclivity.analysis.selection import STRATUM, main_rows
from proclivity.specs import INSTRUMENT_FAMILY

CHECKPOINT = ["model", "arm", "seed"]
CHANNELS = ("self_report", "choice", "next_token")
CHANNEL_METRICS = {"self_report": "content", "choice": "p_class", "next_token": "score"}
"""Instruments' content in points; share of the action class among the options' probability, on held-out decisions of
new domains; class score in nats."""
LEAST = 3
NOT_MEASURED, TOO_FEW, CONSTANT = "not measured", "fewer than three checkpoints", "one of the two doesn't vary"


class Construct(NamedTuple):
    """What is said and what is done, of one kind."""

    content_class: str
    action_class: str


def construct_scores(measurements: pd.DataFrame, constructs: Iterable[Construct]) -> pd.DataFrame:
    """Every checkpoint's number on each construct, by channel.

    Values are averaged over the items of a cluster, then over clusters, then over families.

    Args:
        measurements: the long table of one study, or of one checkpoint.
        constructs: what to look for.

    Returns:
        A row a checkpoint and construct: model, arm, seed, content_class, action_class, self_report (points), choice
        (probability), next_token (nats); for each channel `<channel>_reason`, where NaN.
    """
    rows = main_rows(measurements)
    rows = rows[~rows[STRATUM].str.startswith("wrapper:")]
    known = rows[CHECKPOINT].drop_duplicates().sort_values(CHECKPOINT, ignore_index=True)
    parts = []
    for construct in dict.fromkeys(constructs):
        part = known.assign(**construct._asdict())
        for channel in CHANNELS:
            kept = _rows_of(rows, channel, construct)
            values = part[CHECKPOINT].merge(_averaged(kept), on=CHECKPOINT, how="left")["value"].to_numpy()
            why = part[CHECKPOINT].merge(_reasons(kept), on=CHECKPOINT, how="left")["missing_reason"]
            reason = why.fillna(NOT_MEASURED).where(np.isnan(values), "").to_numpy()
            part = part.assign(**{channel: values, f"{channel}_reason": reason})
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else known


def agreement(scores: pd.DataFrame) -> pd.DataFrame:
    """Correlations between channels across checkpoints, for each model and construct.

    Args:
        scores: what `construct_scores` returns.

    Returns:
        A row a model, construct and pair of channels: first, second, pearson, spearman (−1 to 1), n (checkpoints with
        both), reason; NaN for fewer than three checkpoints, or where one of the two doesn't vary.
    """
    keys = ["model", "content_class", "action_class"]
    found = []
    for key, part in scores.groupby(keys, sort=True):
        for first, second in combinations(CHANNELS, 2):
            both = part[[first, second]].dropna().to_numpy(dtype=np.float64)
            pearson, spearman, reason = _correlations(both[:, 0], both[:, 1])
            found.append((*key, first, second, pearson, spearman, len(both), reason))
    return pd.DataFrame(found, columns=[*keys, "first", "second", "pearson", "spearman", "n", "reason"])


def _rows_of(rows: pd.DataFrame, channel: str, construct: Construct) -> pd.DataFrame:
    family = rows["family"]
    if channel == "self_report":
        where = family.str.startswith(INSTRUMENT_FAMILY) & (rows["content_class"] == construct.content_class)
    elif channel == "choice":
        where = (family == CHOICE) & (rows["content_class"] == construct.action_class)
        where &= (rows["split"] == PRIMARY_SPLIT) & rows["format"].isin(["", PRIMARY_FORMAT])
    else:
        speaking = open_families(sorted(family.unique()))
        where = family.isin(speaking) & (rows["content_class"] == construct.content_class)
    return rows[where & (rows["metric"] == CHANNEL_METRICS[channel])]


def _averaged(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean over items, then clusters, then families, a checkpoint; missing values are left out of their cluster."""
    clusters = rows.groupby([*CHECKPOINT, "family", "cluster"])["value"].mean()
    families = clusters.groupby([*CHECKPOINT, "family"]).mean()
    return families.groupby(CHECKPOINT).mean().reset_index()


def _reasons(rows: pd.DataFrame) -> pd.DataFrame:
    """The most frequent reason for a missing value, a checkpoint."""
    gone = rows[rows["value"].isna()]
    counted = gone.value_counts([*CHECKPOINT, "missing_reason"]).reset_index()
    return counted.drop_duplicates(CHECKPOINT)[[*CHECKPOINT, "missing_reason"]]


def _correlations(first: np.ndarray, second: np.ndarray) -> tuple[float, float, str]:
    if len(first) < LEAST:
        return np.nan, np.nan, TOO_FEW
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return np.nan, np.nan, CONSTANT
    pearson = np.corrcoef(first, second)[0, 1]
    spearman = np.corrcoef(rankdata(first), rankdata(second))[0, 1]
    return float(pearson), float(spearman), ""

"""Priors of all checkpoints as estimates: mean over seeds, with an interval that has seeds and clusters in it.

Variance of a mean share = s^2(seeds)/S + variance over bootstrap draws of clusters of the mean over seeds (all seeds
share the draws); t with S - 1 degrees of freedom, clipped to [0, 1]. The base has one checkpoint, so its interval is
over clusters alone: the draws' own quantiles. Numbers without draws have the seeds' interval alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from proclivity.analysis.design import BASE

Floats = NDArray[np.float64]
Row = dict[str, Any]

POINT = ["model", "arm", "dose", "items", "epochs", "step"]
WHAT = ["metric", "source", "evidence", "fitted", "about", "told", "n"]
COLUMNS = [*POINT, *WHAT, "unit", "estimate", "low", "high", "level", "n_seeds", "seeds", "reason"]
LEAST_TOTAL = 0.01
"""Divergence from base, bits, below which no share of it is taken."""
HELD_OUT = "other half"
"""Fitted on either half of the families and read on the other."""


def prior_table(rows: pd.DataFrame | None, level: float) -> pd.DataFrame:
    """One row a number: model and point, what it is, estimate, interval, every seed.

    Args:
        rows: `records.PriorRow` of all checkpoints; None or empty where a study asked for none.
        level: of intervals.
    """
    found: list[Row] = []
    if rows is not None and len(rows):
        base = dict(iter(rows[rows["arm"] == BASE].groupby("model", sort=False)))
        for point, own in rows.groupby(POINT, sort=False):
            head = dict(zip(POINT, point, strict=True))
            found += [{**head, **row} for row in _of_point(own, base.get(head["model"], own), level)]
    return pd.DataFrame(found, columns=COLUMNS)


def _of_point(rows: pd.DataFrame, base: pd.DataFrame, level: float) -> Iterator[Row]:
    yield from _shares(rows, level)
    yield from _left(rows, level)
    whole = rows[(rows["draw"] < 0) & ~rows["metric"].isin(["pi", "residual_jsd", "total_jsd"])]
    for what, own in whole.groupby(WHAT, sort=False):
        yield _row(dict(zip(WHAT, what, strict=True)), own, level)
    yield from _slopes(rows, base, level)


def _shares(rows: pd.DataFrame, level: float) -> Iterator[Row]:
    """pi of each fit; 'ideal' posteriors stand as source 'ideal'."""
    pi = rows[rows["metric"] == "pi"]
    pi = pi.assign(source=pi["source"].where(pi["kind"] != "ideal", "ideal"))
    drawn = dict(iter(pi[pi["draw"] >= 0].groupby(WHAT, sort=False)))
    for what, own in pi[pi["draw"] < 0].groupby(WHAT, sort=False):
        draws = drawn.get(what)
        means = None if draws is None else draws.groupby("draw")["value"].mean().to_numpy()
        yield _row(dict(zip(WHAT, what, strict=True)), own, level, means, (0.0, 1.0))


def _left(rows: pd.DataFrame, level: float) -> Iterator[Row]:
    """Total and residual JSD and their ratio: where the prior was fitted, on the other half, and family by family."""
    own = rows[rows["metric"].isin(["residual_jsd", "total_jsd"])]
    total = own[own["metric"] == "total_jsd"].set_index(["source", "read", "seed"])["value"].to_dict()
    left = own[own["metric"] == "residual_jsd"]
    seeds = sorted(own["seed"].unique())
    values = left.set_index(["source", "evidence", "fitted", "read", "seed"])["value"].to_dict()
    for source, evidence in left[["source", "evidence"]].drop_duplicates().itertuples(index=False):
        mine = left[(left["source"] == source) & (left["evidence"] == evidence)]
        pairs = list(mine[["fitted", "read"]].drop_duplicates().itertuples(index=False, name=None))
        named = {
            "cloze" if read == "cloze" else "all" if fitted == "all" else read: [(fitted, read)]
            for fitted, read in pairs
            if fitted in ("cloze", "all")
        }
        if ("a", "b") in pairs and ("b", "a") in pairs:
            named[HELD_OUT] = [("a", "b"), ("b", "a")]
        for name, reads in named.items():
            whole = _means(total, [(source, read) for _, read in reads], seeds)
            residual = _means(values, [(source, evidence, *pair) for pair in reads], seeds)
            yield from _left_rows(
                {"source": source, "evidence": evidence, "fitted": name}, whole, residual, seeds, level
            )


def _left_rows(said: Row, whole: Floats, residual: Floats, seeds: Sequence[int], level: float) -> Iterator[Row]:
    head = {**dict.fromkeys(WHAT, ""), "n": 0, **said}
    ratio = np.where(whole >= LEAST_TOTAL, residual / np.maximum(whole, LEAST_TOTAL), np.nan)
    yield _row({**head, "metric": "total_jsd"}, whole, level, unit="bits", seeds=seeds)
    yield _row({**head, "metric": "residual_jsd"}, residual, level, unit="bits", seeds=seeds)
    found = _row({**head, "metric": "residual_share"}, ratio, level, unit="share", seeds=seeds)
    yield {**found, "reason": "" if found["n_seeds"] else f"less than {LEAST_TOTAL} bits from base"}


def _means(values: dict[Any, float], keys: Sequence[tuple[str, ...]], seeds: Sequence[int]) -> Floats:
    return np.array([np.mean([values[*key, seed] for key in keys]) for seed in seeds])


def _slopes(rows: pd.DataFrame, base: pd.DataFrame, level: float) -> Iterator[Row]:
    """Least-squares slope of log odds per decision in context, and its ratio to the base's."""
    mine, other = (_curves(own) for own in (rows, base))
    for (about, told), by_seed in mine.items():
        slopes = np.array([_slope(curve) for curve in by_seed.values()])
        head = dict.fromkeys(WHAT, "") | {"n": 0, "about": about, "told": told}
        yield _row({**head, "metric": "slope"}, slopes, level, unit="nats", seeds=list(by_seed))
        if (about, told) in other:
            reference = _slope(next(iter(other[about, told].values())))
            ratio = slopes / reference if reference else np.full(len(slopes), np.nan)
            yield _row({**head, "metric": "slope_ratio"}, ratio, level, unit="ratio", seeds=list(by_seed))


def _curves(rows: pd.DataFrame) -> dict[tuple[str, str], dict[int, Floats]]:
    own = rows[(rows["metric"] == "log_odds") & (rows["about"] != "")]
    found: dict[tuple[str, str], dict[int, Floats]] = {}
    for (about, told, seed), curve in own.groupby(["about", "told", "seed"], sort=False):
        found.setdefault((about, told), {})[int(seed)] = curve.sort_values("n")["value"].to_numpy()
    return found


def _slope(curve: Floats) -> float:
    if len(curve) < 2 or not np.isfinite(curve).all():
        return float("nan")
    return float(np.polyfit(np.arange(len(curve)), curve, 1)[0])


def _row(
    what: Row,
    own: pd.DataFrame | Floats,
    level: float,
    draws: Floats | None = None,
    clip: tuple[float, float] = (-np.inf, np.inf),
    *,
    unit: str = "",
    seeds: Sequence[int] = (),
) -> Row:
    reason = ""
    if isinstance(own, pd.DataFrame):
        own = own.sort_values("seed")
        unit, seeds = str(own["unit"].iloc[0]), list(own["seed"])
        reason = next(filter(None, own["missing_reason"]), "")
        own = own["value"].to_numpy(dtype=np.float64)
    finite = own[np.isfinite(own)]
    estimate = float(finite.mean()) if len(finite) else float("nan")
    low, high = _interval(finite, estimate, list(seeds) == [-1], level, draws)
    ends = {"low": float(np.clip(low, *clip)), "high": float(np.clip(high, *clip)), "level": level}
    return {
        **what,
        "unit": unit,
        "estimate": estimate,
        **ends,
        "n_seeds": len(finite),
        "seeds": list(own),
        "reason": reason,
    }


def _interval(
    values: Floats, estimate: float, untrained: bool, level: float, draws: Floats | None
) -> tuple[float, float]:
    kept = draws[np.isfinite(draws)] if draws is not None else np.zeros(0)
    if untrained:
        ends = np.quantile(kept, [(1 - level) / 2, (1 + level) / 2]) if len(kept) else (np.nan, np.nan)
        return float(ends[0]), float(ends[1])
    if len(values) < 2:
        return np.nan, np.nan
    variance = values.var(ddof=1) / len(values) + (kept.var(ddof=1) if len(kept) > 1 else 0.0)
    reach = float(stdtrit(len(values) - 1, (1 + level) / 2)) * float(np.sqrt(variance))
    return estimate - reach, estimate + reach


def number(table: pd.DataFrame, **where: Any) -> Row | None:
    """The one row of a table that is as asked, at the arm's last point; None where there is none."""
    own = table
    for name, value in where.items():
        own = own[own[name] == value]
    if not len(own):
        return None
    last = own.sort_values(["items", "epochs", "dose", "step"], kind="stable").iloc[-1]
    return {str(key): value for key, value in last.items()}

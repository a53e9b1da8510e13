"""Does teaching a disposition by decisions move a model's words further than telling it the disposition?

A profile's arm and a persona's are asked the same items, so clusters are paired; but a training seed and a wording of
a persona have nothing in common, so seeds are not. With S and T seeds and I clusters, A_k = s^2(seed means of arm k) /
its seeds, B = s^2(cluster means of the difference)/I, C_k = MS_residual of arm k / (its seeds x I), the variance of
the difference is max(A_1 + A_2 + B - C_1 - C_2, A_1 + A_2, B), with Satterthwaite's degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from proclivity.analysis.contrasts import Group, ItemTable
from proclivity.analysis.design import BASE, CLOZE, MINIMUM_SEEDS, ProfileDesign, cloze_families
from proclivity.analysis.effects import MINUS, Effect
from proclivity.analysis.evidence import Evidence, verdict
from proclivity.analysis.intervals import NO_VARIANCE, NOTHING, ONE_SEED, ROUNDING, CrossedEstimate, Floats, interval
from proclivity.analysis.specificity import TOO_FEW_SEEDS
from proclivity.analysis.spread_verdict import NOT_MEASURED
from proclivity.analysis.wording import figures, like, listing, plural, shift, signed

PERSONA = "persona-"
TEACHING, TELLING, NO_DIFFERENCE = "teaching moves more", "telling moves more", "no clear difference"
OPPOSITE = "opposite ways"
Pair = tuple[Floats, Floats]
"""Seed x cluster of two arms, `[S, I]` and `[T, I]`, on the same clusters."""


def prompting(evidence: Evidence, table: ItemTable, profile: ProfileDesign) -> dict[str, Any] | None:
    """A profile's own words under its arm, less the same words under its persona; None without such an arm.

    The sentence gives the difference with its interval, where both arms have several seeds. With fewer than six of
    either the verdict is 'not replicated enough'. Which moves more is a matter of size: see `further`.
    """
    arm = PERSONA + profile.id
    if arm not in table.arms():
        return None
    taught, told = (evidence.score(name, BASE, profile.content_class) for name in (profile.id, arm))
    if taught is None or told is None:
        return None
    families = cloze_families(evidence.families)
    pairs = [common_clusters(table, profile.id, arm, _group(family, profile)) for family in families]
    found = unpaired([pair for pair in pairs if pair[0].size and pair[1].size])
    low, high = interval(found, evidence.design.level)
    difference = {"estimate": found.estimate, "low": low, "high": high, "df": found.df, "n_clusters": found.n_clusters}
    said = f"{signed(found.estimate)} nats ({_bounds(low, high, evidence.design.level)})"
    seeds = f"{plural(taught.row['n_seeds'], 'seed')} against {plural(told.row['n_seeds'], 'wording')}"
    text = (
        f"In {evidence.model}, {profile.content_class} words moved by {shift(taught)} from base when "
        f"{like(profile.id)} choices were taught, and by {shift(told)} when the model was only told to be so. Teaching "
        f"{MINUS} telling: {said} ({listing([seeds, plural(found.n_clusters, 'cluster')])})."
    )
    few = min(taught.row["n_seeds"], told.row["n_seeds"]) < MINIMUM_SEEDS
    word = TOO_FEW_SEEDS if few else further(_direction(taught), _direction(told), low, high)
    if not np.isfinite(found.estimate):
        word = NOT_MEASURED
        text = f"Teaching and telling {like(profile.id)} can't be compared in {evidence.model}: {found.reason}."
    numbers = {"taught": figures(taught), "told": figures(told), "difference": difference, "family": CLOZE}
    return verdict(evidence.model, profile.id, "prompting", word, [taught, told], numbers, text)


def further(taught: int, told: int, low: float, high: float) -> str:
    """Which of two shifts is the larger one.

    Args:
        taught: +1 where words clearly rose under teaching, -1 where they clearly fell, 0 where neither is clear.
        told: the same under telling.
        low: interval of teaching less telling, signed, in nats.
        high: its upper end.

    Returns:
        The larger shift whether both are upward or both downward; 'opposite ways' where each is clear and they
        differ in sign, since an interval of their difference then says nothing about their sizes.
    """
    if not (low > 0 or high < 0):
        return NO_DIFFERENCE
    if taught * told < 0:
        return OPPOSITE
    up = taught + told
    if not up:
        return NO_DIFFERENCE  # they differ, but neither clearly moved
    return TEACHING if (low > 0) == (up > 0) else TELLING


def _direction(effect: Effect) -> int:
    return int(effect.row["low"] > 0) - int(effect.row["high"] < 0)


def common_clusters(table: ItemTable, arm: str, other: str, group: Group) -> Pair:
    """Cluster means of two arms over the items that every seed of both has, one row a seed; `[S, 0]` where none is."""
    mine, theirs = table.values[arm], table.values[other]
    if group not in table.groups:
        return mine[:0].T, theirs[:0].T
    number = table.groups.index(group)
    rows = slice(table.group_rows[number], table.group_rows[number + 1])
    heads = table.cluster_rows[table.group_clusters[number] : table.group_clusters[number + 1]] - rows.start
    mine, theirs = mine[rows], theirs[rows]  # (rows, S), (rows, T)
    whole = np.asarray(np.isfinite(mine).all(axis=1) & np.isfinite(theirs).all(axis=1))
    count = np.add.reduceat(whole.astype(np.int64), heads)
    kept = np.flatnonzero(count)
    totals = [np.add.reduceat(np.where(whole[:, None], values, 0.0), heads)[kept] for values in (mine, theirs)]
    return (totals[0] / count[kept, None]).T, (totals[1] / count[kept, None]).T


def unpaired(pairs: Sequence[Pair]) -> CrossedEstimate:
    """Mean difference of two arms whose clusters are paired and whose seeds are not.

    Args:
        pairs: one a family, equal weight to each; an arm has the same seeds in all of them.

    Returns:
        The difference in the input's unit; its seeds' estimates are the first arm's means less the second's mean.
        No standard error where an arm has one seed.
    """
    n_clusters = sum(first.shape[1] for first, _ in pairs)
    if not n_clusters:
        return CrossedEstimate(np.nan, np.nan, np.nan, (), 0, 0, NOTHING)
    means = [np.mean([pair[k].mean(axis=1) for pair in pairs], axis=0) for k in (0, 1)]  # (S,), (T,)
    estimate = float(means[0].mean() - means[1].mean())
    by_seed = tuple(float(x) for x in means[0] - means[1].mean())
    seeds = min(len(found) for found in means)
    if seeds < 2:
        return CrossedEstimate(estimate, np.nan, np.nan, by_seed, seeds, n_clusters, ONE_SEED)
    variance, df = _variance(pairs, means)
    if np.sqrt(variance) <= ROUNDING * max(1.0, abs(estimate)):
        return CrossedEstimate(estimate, 0.0, np.nan, by_seed, seeds, n_clusters, NO_VARIANCE)
    return CrossedEstimate(estimate, float(np.sqrt(variance)), df, by_seed, seeds, n_clusters)


def _variance(pairs: Sequence[Pair], means: Sequence[Floats]) -> tuple[float, float]:
    a = [(float(found.var(ddof=1)) / len(found), len(found) - 1) for found in means]
    b, c = [], 0.0
    weight = 1 / len(pairs) ** 2
    for pair in pairs:
        n = pair[0].shape[1]
        if n > 1:
            between = pair[0].mean(axis=0) - pair[1].mean(axis=0)
            b.append((weight * float(between.var(ddof=1)) / n, n - 1))
            c += weight * sum(_residual(matrix) for matrix in pair)
    seeds, clusters = sum(v for v, _ in a), sum(v for v, _ in b)
    variance = max(seeds + clusters - c, seeds, clusters)
    parts = a if variance == seeds else b if variance == clusters else [*a, *b]
    squares = sum(value**2 / df for value, df in parts)
    return variance, variance**2 / squares if squares else np.nan


def _residual(matrix: Floats) -> float:
    """C: what neither seed nor cluster explains, as its share in the variance of the grand mean."""
    s, n = matrix.shape
    left = matrix - matrix.mean(axis=1, keepdims=True) - matrix.mean(axis=0) + matrix.mean()
    return float((left**2).sum()) / ((s - 1) * (n - 1)) / (s * n)


def _group(family: str, profile: ProfileDesign) -> Group:
    return Group(family, "", "score", profile.content_class)


def _bounds(low: float, high: float, level: float) -> str:
    if not np.isfinite(low):
        return "no interval"
    return f"{100 * level:.0f} % interval {signed(low)} to {signed(high)}"

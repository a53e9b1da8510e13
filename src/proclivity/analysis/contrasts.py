"""How much higher is an arm than its control, on the same seed and the same item?

Differences of pairs are averaged over the items of a cluster into one matrix, seed x cluster, per family, stratum,
metric and content class. Everything that follows (intervals, permutations, verdicts) starts from such matrices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from proclivity.analysis.design import UNTRAINED_SEED
from proclivity.analysis.selection import ITEM_KEY, STRATUM

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


INFINITE = "infinite value"


class Group(NamedTuple):
    """What one effect is about."""

    family: str
    stratum: str
    metric: str
    content_class: str


@dataclass(frozen=True)
class SeedCluster:
    """Mean over the items of each cluster, one row a seed."""

    matrix: Floats
    """`[S, I]`, complete: a seed without any pair, then a cluster that some seed lacks, is left out."""
    seeds: tuple[int, ...]
    """Training seed of each row."""
    n_items: int
    """Items with at least one pair in the matrix."""
    n_missing: int
    """Pairs (or values) that were expected and are not in the matrix."""
    reason: str = ""
    """Why values are missing, most frequent first; '' where none is."""
    clusters: tuple[str, ...] = ()
    """Name of each column's cluster; the same stem in another wrapper has the same name."""

    @property
    def n_clusters(self) -> int:
        return self.matrix.shape[1]


@dataclass(frozen=True)
class ItemTable:
    """One model's values as arrays: a row per item and group, sorted so that groups and clusters are runs."""

    groups: list[Group]
    units: list[str]
    """Unit of each group."""
    group_rows: Ints
    """First row of each group, and the number of rows `[G + 1]`."""
    group_clusters: Ints
    """First cluster of each group, and the number of clusters `[G + 1]`."""
    cluster_rows: Ints
    """First row of each cluster `[n_clusters]`."""
    cluster_names: list[str]
    """Name of each cluster, unique within its group."""
    seeds: dict[str, tuple[int, ...]]
    """Seeds of each arm."""
    values: dict[str, Floats]
    """Arm -> `[rows, S]`; NaN where not measured."""
    present: dict[str, NDArray[np.bool_]]
    """Arm -> `[rows, S]`; whether there was a row at all, NaN or not."""
    reasons: dict[tuple[str, int], str]
    """(arm, group number) -> most frequent reason for a NaN."""

    def arms(self) -> list[str]:
        return list(self.seeds)

    def families(self) -> list[str]:
        return sorted({group.family for group in self.groups})


def item_tables(rows: pd.DataFrame) -> dict[str, ItemTable]:
    """Turn selected measurements into one `ItemTable` per model; repeated values of an item are averaged.

    Args:
        rows: what `main_rows` returns.
    """
    return {str(model): _item_table(part) for model, part in rows.groupby("model", sort=True)}


def _codes(frame: pd.DataFrame, columns: list[str]) -> Ints:
    """One dense integer per distinct combination of the columns' values."""
    codes = np.zeros(len(frame), dtype=np.int64)
    for column in columns:
        inner, values = pd.factorize(frame[column])
        codes, _ = pd.factorize(codes * (len(values) + 1) + inner)
    return codes


def _item_table(rows: pd.DataFrame) -> ItemTable:
    names = ["family", STRATUM, "metric", "content_class"]
    group = _codes(rows, names)
    cell = _codes(rows.assign(group=group), ["group", *ITEM_KEY])
    firsts = rows.iloc[np.unique(cell, return_index=True)[1]].reset_index(drop=True)
    order = firsts.sort_values([*names, "cluster"], kind="stable").index.to_numpy()
    firsts = firsts.loc[order]
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    cell = place[cell]  # row of the sorted table, for every measurement
    group_of = _runs(firsts, names)
    cluster_of = _runs(firsts, [*names, "cluster"])
    group_rows = np.unique(group_of, return_index=True)[1]
    cluster_rows = np.unique(cluster_of, return_index=True)[1]
    heads = firsts.iloc[group_rows]
    seeds, values, present = _arm_arrays(rows, cell, len(firsts))
    return ItemTable(
        groups=[Group(*key) for key in zip(*(heads[name].astype(str) for name in names), strict=True)],
        units=[str(unit) for unit in heads["unit"]],
        group_rows=np.append(group_rows, len(firsts)),
        group_clusters=np.append(cluster_of[group_rows], len(cluster_rows)),
        cluster_rows=cluster_rows,
        cluster_names=firsts["cluster"].iloc[cluster_rows].astype(str).to_list(),
        seeds=seeds,
        values=values,
        present=present,
        reasons=_reasons(rows, group_of[cell]),
    )


def _runs(firsts: pd.DataFrame, columns: list[str]) -> Ints:
    """Number of the run of equal values that each row of a sorted table belongs to."""
    codes = _codes(firsts, columns)
    return np.append(0, np.cumsum(codes[1:] != codes[:-1])).astype(np.int64)


def _arm_arrays(
    rows: pd.DataFrame, cell: Ints, n_rows: int
) -> tuple[dict[str, tuple[int, ...]], dict[str, Floats], dict[str, NDArray[np.bool_]]]:
    value, seed = rows["value"].to_numpy(dtype=np.float64), rows["seed"].to_numpy(dtype=np.int64)
    arm_code, arms = pd.factorize(rows["arm"], sort=True)
    seeds, values, present = {}, {}, {}
    for number, arm in enumerate(arms):
        mine = arm_code == number
        known, column = np.unique(seed[mine], return_inverse=True)
        flat, numbers = cell[mine] * len(known) + column, value[mine]
        size, good = n_rows * len(known), np.isfinite(numbers)
        total = np.bincount(flat[good], weights=numbers[good], minlength=size)
        count = np.bincount(flat[good], minlength=size)
        with np.errstate(invalid="ignore"):
            values[str(arm)] = (total / count).reshape(n_rows, -1)
        present[str(arm)] = (np.bincount(flat, minlength=size) > 0).reshape(n_rows, -1)
        seeds[str(arm)] = tuple(int(s) for s in known)
    return seeds, values, present


def _reasons(rows: pd.DataFrame, group: Ints) -> dict[tuple[str, int], str]:
    gone = ~np.isfinite(rows["value"].to_numpy(dtype=np.float64))
    if not gone.any():
        return {}
    frame = rows.loc[gone, ["arm", "missing_reason"]].assign(group=group[gone])
    infinite = np.isinf(rows.loc[gone, "value"].to_numpy(dtype=np.float64))
    frame["missing_reason"] = frame["missing_reason"].mask(infinite & (frame["missing_reason"] == ""), INFINITE)
    counts = frame.value_counts(sort=True).reset_index()
    firsts = counts.drop_duplicates(["arm", "group"])
    return {(str(arm), int(g)): str(why) for arm, why, g, _ in firsts.itertuples(index=False)}


def paired(table: ItemTable, arm: str, control: str) -> dict[Group, SeedCluster]:
    """Arm minus control on the same seed and item, for every group that both arms have.

    An untrained arm has one checkpoint, which stands against every seed of the other.

    Returns:
        Group -> `SeedCluster` in the unit of the metric; its matrix is `[S, 0]` where no pair was left.
    """
    seeds, mine, theirs = _shared(table.seeds[arm], table.seeds[control])
    difference = table.values[arm][:, mine] - table.values[control][:, theirs]
    either = table.present[arm][:, mine] | table.present[control][:, theirs]
    both = {name: _has_rows(table, name) for name in (arm, control)}
    wanted = np.flatnonzero(both[arm] & both[control])
    return _matrices(table, wanted, difference, either, seeds, (arm, control))


def levels(table: ItemTable, arm: str) -> dict[Group, SeedCluster]:
    """An arm's own values, not compared with anything; otherwise as `paired`."""
    wanted = np.flatnonzero(_has_rows(table, arm))
    return _matrices(table, wanted, table.values[arm], table.present[arm], table.seeds[arm], (arm,))


def on_shared_seeds(cells: Sequence[SeedCluster]) -> tuple[tuple[Floats, ...], tuple[int, ...]]:
    """Matrices of the measured cells on the seeds that all of them have, and those seeds."""
    measured = [cell for cell in cells if cell.matrix.size]
    seeds = measured[0].seeds if measured else ()
    if any(cell.seeds != seeds for cell in measured):
        seeds = tuple(seed for seed in seeds if all(seed in cell.seeds for cell in measured))
    # A study asks this thousands of times, so nothing is copied where all have the same seeds.
    return tuple(
        cell.matrix if cell.seeds == seeds else cell.matrix[[cell.seeds.index(seed) for seed in seeds]]
        for cell in measured
    ), seeds


def _has_rows(table: ItemTable, arm: str) -> NDArray[np.bool_]:
    return np.logical_or.reduceat(table.present[arm].any(axis=1), table.group_rows[:-1])


def _shared(arm: tuple[int, ...], control: tuple[int, ...]) -> tuple[tuple[int, ...], list[int], list[int]]:
    """Seeds to pair, and the columns that hold them on both sides."""
    if control == (UNTRAINED_SEED,):
        return arm, list(range(len(arm))), [0] * len(arm)
    if arm == (UNTRAINED_SEED,):
        return control, [0] * len(control), list(range(len(control)))
    seeds = tuple(seed for seed in arm if seed in control)
    return seeds, [arm.index(s) for s in seeds], [control.index(s) for s in seeds]


def _matrices(
    table: ItemTable,
    wanted: Ints,
    values: Floats,
    expected: NDArray[np.bool_],
    seeds: tuple[int, ...],
    arms: tuple[str, ...],
) -> dict[Group, SeedCluster]:
    good = np.isfinite(values)
    total = np.add.reduceat(np.where(good, values, 0.0), table.cluster_rows, axis=0)  # (clusters, S)
    count = np.add.reduceat(good.astype(np.int64), table.cluster_rows, axis=0)
    items = np.add.reduceat(good.any(axis=1).astype(np.int64), table.cluster_rows) if seeds else None
    due = np.add.reduceat(expected.sum(axis=1), table.group_rows[:-1])
    found = {}
    for g in wanted:
        run = slice(table.group_clusters[g], table.group_clusters[g + 1])
        here = count[run].T  # (S, I)
        seed_kept = np.asarray(here.any(axis=1))
        kept = np.asarray((here[seed_kept] > 0).all(axis=0) & bool(seed_kept.any()))
        block, sums = here, total[run].T
        if not (seed_kept.all() and kept.all()):
            complete = np.ix_(seed_kept, kept)
            block, sums = block[complete], sums[complete]
        matrix = sums / block
        used = int(block.sum())
        n_missing = int(due[g]) - used
        found[table.groups[g]] = SeedCluster(
            matrix=matrix,
            seeds=tuple(s for s, keep in zip(seeds, seed_kept, strict=True) if keep),
            n_items=int(items[run][kept].sum()) if items is not None else 0,
            n_missing=n_missing,
            reason=_missing_words(table, int(g), arms, int((~kept).sum())) if n_missing else "",
            clusters=tuple(name for name, keep in zip(table.cluster_names[run], kept.tolist(), strict=True) if keep),
        )
    return found


def _missing_words(table: ItemTable, group: int, arms: tuple[str, ...], clusters_dropped: int) -> str:
    words = [
        f"{arm}: {why or 'no reason given'}" for arm in arms if (why := table.reasons.get((arm, group))) is not None
    ]
    if clusters_dropped:
        words.append(f"{clusters_dropped} clusters not measured in every seed")
    return "; ".join(words) or "not measured in both arms"

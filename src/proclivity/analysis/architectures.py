"""Is an effect the same in two models? Its difference, with an interval.

Two models are asked the same items, so clusters are paired by name, as far as both have them; their training seeds
have nothing in common, so seeds are not (the variance is `persona.unpaired`'s). Two architectures are a replication,
not a population: the interval is about these two models, on other seeds and items.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from proclivity.analysis.contrasts import Group, ItemTable, SeedCluster, paired
from proclivity.analysis.design import OWN_POLICY, ProfileDesign, cloze_families
from proclivity.analysis.intervals import CrossedEstimate, Floats
from proclivity.analysis.persona import unpaired


def difference(first: ItemTable, second: ItemTable, profile: ProfileDesign) -> CrossedEstimate:
    """Shift of a profile's own words against own-policy in one model, less the same in another; nats.

    Families weigh equally. NaN where no family and cluster was measured in both, no interval where a model has one
    seed.
    """
    cells = [_own_cells(table, profile) for table in (first, second)]
    families = [family for family in cells[0] if family in cells[1]]
    pairs = [common(cells[0][family], cells[1][family]) for family in families]
    kept = [family for family, (matrix, _) in zip(families, pairs, strict=True) if matrix.shape[1]]
    seeds = [_shared_seeds([own[family] for family in kept]) for own in cells]
    return unpaired(
        [
            common(_with_seeds(cells[0][family], seeds[0]), _with_seeds(cells[1][family], seeds[1]))
            for family in kept
            if seeds[0] and seeds[1]
        ]
    )


def common(first: SeedCluster, second: SeedCluster) -> tuple[Floats, Floats]:
    """Both matrices on the clusters that both have, `[S, I]` and `[T, I]`."""
    names = [name for name in first.clusters if name in second.clusters]
    return tuple(  # type: ignore[return-value]
        cell.matrix[:, [cell.clusters.index(name) for name in names]] for cell in (first, second)
    )


def _own_cells(table: ItemTable, profile: ProfileDesign) -> dict[str, SeedCluster]:
    """Seed x cluster of the profile's own content against own-policy, by cloze family."""
    if profile.id not in table.arms() or OWN_POLICY not in table.arms():
        return {}
    cells = paired(table, profile.id, OWN_POLICY)
    own = {f: cells.get(Group(f, "", "score", profile.content_class)) for f in cloze_families(table.families())}
    return {family: cell for family, cell in own.items() if cell is not None and cell.matrix.size}


def _shared_seeds(cells: Sequence[SeedCluster]) -> list[int]:
    return sorted(set.intersection(*(set(cell.seeds) for cell in cells))) if cells else []


def _with_seeds(cell: SeedCluster, seeds: Sequence[int]) -> SeedCluster:
    rows = np.array([cell.seeds.index(seed) for seed in seeds], dtype=np.int64)
    return SeedCluster(cell.matrix[rows], tuple(seeds), cell.n_items, cell.n_missing, cell.reason, cell.clusters)

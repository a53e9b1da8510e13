"""What do the directions look like, layer by layer? Shifts, probes, cosines, alignment of whole representations.

Directions come from development items and seeds, and are tried on the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from proclivity.latent.halves import Halves, Mask
from proclivity.latent.rows import Row, crossed_row, make_row, percentile_row
from proclivity.latent.states import OWN, Read
from proclivity.latent.texts import Floats, Texts
from proclivity.metrics.geometry import auc, cosine, discriminant, linear_cka, shift_along

SHUFFLES = 40
"""Of a probe's labels. States of one seed lie close together, so a single shuffle can reach any AUC."""
BASE, IN_CONTEXT, OTHER_HALF = "base", "in-context", "other half"


@dataclass(frozen=True)
class Setup:
    """What all parts of the measurement share."""

    texts: Texts
    halves: Halves
    profiles: Mapping[str, str]
    """Content class of each profile."""
    seed: int
    draws: int
    level: float

    @property
    def test(self) -> Mask:
        """Places that nothing was chosen on, [N]."""
        return ~self.halves.development


def geometry_rows(read: Read, setup: Setup, told: Mapping[str, tuple[Floats | None, str]]) -> list[Row]:
    """All rows of all layers.

    Args:
        read: states of every arm.
        setup: halves, profiles, level.
        told: direction in context of each profile [L, D], or why there is none.
    """
    rows = []
    for layer in range(1, read.layers + 1):
        directions = development_directions(read, setup, layer)
        for profile in setup.profiles:
            rows += _shifts(read, setup, layer, profile, directions[profile])
            rows += _cosines(read, setup, layer, profile, directions, told[profile])
            rows += _probe(read, setup, layer, profile)
        rows += [_alignment(read, setup, layer, arm) for arm in read.states]
    return rows


def development_directions(read: Read, setup: Setup, layer: int) -> dict[str, Floats]:
    """v of every arm but own-policy after a layer, [D] each."""
    halves = setup.halves
    return {arm: read.direction(arm, layer, halves.seeds, halves.development) for arm in read.arms}


def _shifts(read: Read, setup: Setup, layer: int, profile: str, direction: Floats) -> list[Row]:
    """How far each arm lies from own-policy along a profile's direction."""
    seeds, test = setup.halves.test_seeds, setup.test
    own = read.stacked(OWN, seeds, layer, test)
    rows = []
    for arm in (*read.arms, BASE):
        # An untrained base has one checkpoint, which stands against every seed.
        states = (
            np.broadcast_to(read.base[layer - 1][test], own.shape)
            if arm == BASE
            else read.stacked(arm, seeds, layer, test)
        )
        moved = shift_along(direction, states, own)  # (S, n)
        matrices = by_cluster(moved, setup.texts, test)
        fields = {"layer": layer, "other": arm}
        rows.append(crossed_row(profile, "shift", matrices, "SD of own-policy", setup.level, **fields))
    return rows


def by_cluster(values: Floats, texts: Texts, places: Mask) -> list[Floats]:
    """Means over the items of each cluster, `[S, I_f]` per family.

    Args:
        values: `[S, n]`, one column for each of the places.
        texts: families and clusters.
        places: which places they are.
    """
    numbers = np.flatnonzero(places)
    matrices = []
    for family in dict.fromkeys(texts.families[n] for n in numbers):
        own = [(column, texts.clusters[n]) for column, n in enumerate(numbers) if texts.families[n] == family]
        clusters = dict.fromkeys(cluster for _, cluster in own)
        means = [values[:, [column for column, c in own if c == cluster]].mean(axis=1) for cluster in clusters]
        matrices.append(np.stack(means, axis=1))
    return matrices


def _cosines(
    read: Read,
    setup: Setup,
    layer: int,
    profile: str,
    directions: Mapping[str, Floats],
    told: tuple[Floats | None, str],
) -> list[Row]:
    """With the other arms' directions, the direction in context, and the same direction from the other half."""
    mine = directions[profile]
    again = read.direction(profile, layer, setup.halves.test_seeds, setup.test)
    found = {OTHER_HALF: cosine(mine, again)}
    found |= {arm: cosine(mine, other) for arm, other in directions.items() if arm != profile}
    found[IN_CONTEXT] = float("nan") if told[0] is None else cosine(mine, told[0][layer - 1])
    rows = []
    for other, value in found.items():
        reason = told[1] if other == IN_CONTEXT else ""
        rows.append(make_row(profile, "cosine", value, "cosine", layer=layer, other=other, reason=reason))
    by_chance = 1 / np.sqrt(len(mine))
    rows.append(make_row(profile, "cosine", by_chance, "cosine", layer=layer, other="random (SD)"))
    rows.append(make_row(profile, "length", float(np.linalg.norm(mine)), "length", layer=layer))
    return rows


def _probe(read: Read, setup: Setup, layer: int, profile: str) -> list[Row]:
    """Are the arm's states told from own-policy's by a linear probe that saw other items and seeds?"""
    halves = setup.halves
    trained = _labelled(read, layer, profile, halves.seeds, halves.development)
    tested = _labelled(read, layer, profile, halves.test_seeds, setup.test)
    rng = np.random.default_rng([setup.seed, layer])
    scores = tested[0] @ discriminant(*trained)
    draws = _auc_draws(scores, tested[1], setup, np.random.default_rng(setup.seed))
    shuffled = []
    for _ in range(SHUFFLES):
        # Labels change places within a text and seed, so that the control has as many of each everywhere.
        flipped = np.tile(rng.integers(0, 2, len(trained[1]) // 2), 2) ^ trained[1]
        shuffled.append(auc(tested[0] @ discriminant(trained[0], flipped), tested[1]))
    fields = {"layer": layer, "n_seeds": len(halves.test_seeds), "n_clusters": _n_clusters(setup)}
    real = percentile_row(profile, "auc", auc(scores, tested[1]), draws, "AUC", setup.level, **fields)
    control = percentile_row(
        profile, "auc", float(np.mean(shuffled)), shuffled, "AUC", setup.level, other="shuffled labels", **fields
    )
    return [real, control]


def _n_clusters(setup: Setup) -> int:
    numbers = np.flatnonzero(setup.test)
    return len({(setup.texts.families[n], setup.texts.clusters[n]) for n in numbers})


def _labelled(
    read: Read, layer: int, profile: str, seeds: Sequence[int], places: Mask
) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """States of profile and own-policy, one under the other [2·S·n, D], and 1 or 0 for each."""
    both = [read.stacked(arm, seeds, layer, places) for arm in (profile, OWN)]
    states = np.concatenate([part.reshape(-1, part.shape[-1]) for part in both]).astype(np.float64)
    half = len(states) // 2
    return states, np.repeat(np.array([1, 0], dtype=np.int64), half)


def _auc_draws(
    scores: Floats, labels: np.ndarray[tuple[int], np.dtype[np.int64]], setup: Setup, rng: np.random.Generator
) -> list[float]:
    """AUC with seeds and clusters drawn anew."""
    ones, zeros = scores[labels == 1], scores[labels == 0]
    wins = (ones[:, None] > zeros) + 0.5 * (ones[:, None] == zeros)  # (n, n)
    numbers = np.flatnonzero(setup.test)
    found = []
    for seeds, places in drawn(setup, len(setup.halves.test_seeds), rng):
        weights = np.outer(seeds, places[numbers]).ravel()
        total = weights.sum() ** 2
        found.append(float(weights @ wins @ weights / total) if total else float("nan"))
    return found


def drawn(setup: Setup, n_seeds: int, rng: np.random.Generator) -> list[tuple[Floats, Floats]]:
    """Draws of seeds and, within each family, of test clusters: how often each seed and each place counts."""
    texts, numbers = setup.texts, np.flatnonzero(setup.test)
    names = [(texts.families[n], texts.clusters[n]) for n in numbers]
    families = {family: sorted({name for name in names if name[0] == family}) for family, _ in names}
    found = []
    for _ in range(setup.draws):
        counts: dict[tuple[str, str], int] = {}
        for own in families.values():
            counts |= dict(zip(own, rng.multinomial(len(own), [1 / len(own)] * len(own)), strict=True))
        places = np.zeros(len(texts.places))
        places[numbers] = [counts[name] for name in names]
        found.append((rng.multinomial(n_seeds, [1 / n_seeds] * n_seeds).astype(np.float64), places))
    return found


def _alignment(read: Read, setup: Setup, layer: int, arm: str) -> Row:
    """Linear CKA between the base and an arm, all texts, each seed by itself."""
    values = [linear_cka(read.base[layer - 1], states[layer - 1]) for states in read.states[arm].values()]
    row = crossed_row(arm, "cka", [np.array(values)[:, None]], "CKA", setup.level, layer=layer, other=BASE)
    return {**row, "n_clusters": _n_all(setup), "high": None if row["high"] is None else min(1.0, row["high"])}


def _n_all(setup: Setup) -> int:
    return len(set(zip(setup.texts.families, setup.texts.clusters, strict=True)))

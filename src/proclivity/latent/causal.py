"""What steering and ablation share: the data of a test, effects by family, nulls, and intervals of patterns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from proclivity.latent.halves import Mask
from proclivity.latent.operations import scaled_alike
from proclivity.latent.representation import Setup, by_cluster, development_directions, drawn
from proclivity.latent.states import Read
from proclivity.latent.texts import Floats
from proclivity.metrics.geometry import random_directions

RANDOM, REMOVED = 20, 5
"""Random directions of equal norm that are added, and how many of them are removed too."""
MOST_LAYERS = 12
"""Layers that are tried; of a deeper model as many, evenly spread."""
TOLERANCE = 0.05
"""Largest change of neutral perplexity at which a setting may be chosen."""
NO_NEUTRAL = "the pack has no neutral sentences, so none held the choice back"
RANDOM_NAME = "random"
Directions = Mapping[int, Floats]
"""v by layer, counted from 1."""


@dataclass(frozen=True)
class Causes:
    """Directions that are tried on one profile."""

    own: Directions
    nulls: Mapping[str, Directions]
    """Equal in length to `own` layer by layer, by name."""

    def removed(self) -> dict[str, Directions]:
        """Own direction (named '') and nulls as they are removed: fewer random ones, since every seed loses each."""
        beyond = {f"{RANDOM_NAME} {n + 1}" for n in range(REMOVED, RANDOM)}
        return {"": self.own} | {name: found for name, found in self.nulls.items() if name not in beyond}


@dataclass(frozen=True)
class Neutral:
    """Sentences about nothing: the first half for choosing, the second for the test."""

    development: tuple[str, ...]
    test: tuple[str, ...]


def tried_layers(count: int) -> list[int]:
    """Layers to try, counted from 1, the last among them."""
    return sorted({round(n) for n in np.linspace(1, count, min(count, MOST_LAYERS))})


def causes(read: Read, setup: Setup, profile: str, foreign: Mapping[str, Mapping[str, Floats]]) -> Causes:
    """A profile's directions and its nulls: other arms', random ones, and another model's own.

    Args:
        read: states of every arm.
        setup: halves and seed.
        profile: whose they are.
        foreign: directions [L, D] by arm, of other models by name.
    """
    layers = range(1, read.layers + 1)
    by_layer = {layer: development_directions(read, setup, layer) for layer in layers}
    by_arm = {arm: {layer: by_layer[layer][arm] for layer in layers} for arm in read.arms}
    own = by_arm[profile]
    nulls = {arm: scaled_alike(own, found) for arm, found in by_arm.items() if arm != profile}
    for name, arms in foreign.items():
        found = arms.get(profile)
        if found is not None and found.shape == (read.layers, len(own[1])):
            nulls[name] = scaled_alike(own, {layer: found[layer - 1] for layer in layers})
    rng = np.random.default_rng([setup.seed, sorted(setup.profiles).index(profile)])
    drawn_by_layer = {layer: random_directions(own[layer], RANDOM, rng) for layer in layers}
    for n in range(RANDOM):
        nulls[f"{RANDOM_NAME} {n + 1}"] = {layer: drawn_by_layer[layer][n] for layer in layers}
    return Causes(own, nulls)


def class_effect(values: Floats, setup: Setup, cells: Mask, content_class: str) -> list[Floats]:
    """Effects of one class, `[S, I_f]` per family: means over the items of a cluster.

    Args:
        values: of every cell, `[S, C]`.
        setup: texts.
        cells: which cells count.
        content_class: whose.
    """
    texts = setup.texts
    mine = cells & (np.array(texts.cell_classes) == content_class) & np.isfinite(values).all(axis=0)
    places = np.zeros(len(texts.places), dtype=bool)
    places[texts.cell_places[mine]] = True
    return by_cluster(values[:, mine], texts, places)


def mean_effect(values: Floats, setup: Setup, cells: Mask, content_class: str) -> float:
    """The same as one number: over clusters, then families, then seeds."""
    found = class_effect(values, setup, cells, content_class)
    return float(np.mean([matrix.mean() for matrix in found])) if found else float("nan")


def family_pattern(values: Floats, setup: Setup, cells: Mask) -> dict[tuple[str, str], float]:
    """Mean effect by family and content class, values `[C]`."""
    texts = setup.texts
    found: dict[tuple[str, str], float] = {}
    families, classes = np.array(texts.cell_families), np.array(texts.cell_classes)
    for family in dict.fromkeys(texts.families):
        for name in sorted(set(texts.cell_classes)):
            mine = cells & (families == family) & (classes == name) & np.isfinite(values)
            if mine.any():
                found[family, name] = float(values[mine].mean())
    return found


def pattern_draws(
    statistic: Callable[[Floats, Floats, Floats], float],
    patterns: Sequence[Floats],
    setup: Setup,
    cells: Mask,
) -> list[float]:
    """A statistic of two patterns with seeds and test clusters drawn anew.

    Args:
        statistic: of two patterns [C] and weights [C].
        patterns: two, each `[S, C]` - drawn by seed - or `[C]`.
        setup: texts, draws, seed.
        cells: which cells count.
    """
    n_seeds = max(len(p) if p.ndim == 2 else 1 for p in patterns)
    found = []
    for seeds, places in drawn(setup, n_seeds, np.random.default_rng(setup.seed)):
        one, two = (np.tensordot(seeds / seeds.sum(), p, 1) if p.ndim == 2 else p for p in patterns)
        found.append(statistic(one[cells], two[cells], places[setup.texts.cell_places[cells]]))
    return found

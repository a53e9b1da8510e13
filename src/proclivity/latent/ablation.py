"""Does removing a direction from the trained model take its effect away?

The trained model's residual stream loses its part along v, which is set to own-policy's mean part:
h − v(v·h − m)/|v|², at all positions, after one layer or after every layer with that layer's own v and m. Which of
these is chosen on development items and seeds: among those that raise neutral perplexity by at most 5 % (training may
have raised it, so a fall is no harm), the one that leaves the smallest mean squared effect (class scores against
own-policy). On test items and seeds the share of the effect that is gone is 1 − Σ left · trained / Σ trained² over
places × classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from proclivity.latent.causal import TOLERANCE, Causes, Neutral, mean_effect, pattern_draws, tried_layers
from proclivity.latent.operations import perplexity_ratio, removing, surprise
from proclivity.latent.representation import Setup
from proclivity.latent.rows import Row, make_row, percentile_row
from proclivity.latent.states import OWN, Read
from proclivity.latent.steering import n_clusters
from proclivity.latent.texts import Floats
from proclivity.metrics.geometry import slope_on
from proclivity.models import HFModel
from proclivity.models.layers import Change, changed_layers

NONE_QUIET = "no setting left neutral perplexity within 5 % above the trained model's; the lowest was taken"
ALL = 0
"""As a layer: every one of them."""
Folders = Mapping[str, Mapping[int, Path]]
"""Adapters by arm and seed."""


@dataclass(frozen=True)
class Place:
    """Where a direction is removed."""

    layer: int
    """Counted from 1; 0 means after every layer."""
    left: float
    """Mean squared effect that is left on development items, nats²."""
    perplexity: float
    """Neutral perplexity over the trained model's, development sentences."""


def ablation_rows(
    model: HFModel, read: Read, setup: Setup, profile: str, found: Causes, neutral: Neutral, folders: Folders
) -> list[Row]:
    """Every tried layer, then the chosen one and its nulls on test items; the base is bare afterwards."""
    tried = _try(model, read, setup, profile, found, neutral, folders)
    best = choose(tried)
    rows = [
        make_row(
            profile,
            "ablation tried",
            one.left,
            "nats²",
            layer=one.layer,
            chosen=one == best,
            words=[f"{one.perplexity:.4f}"],
        )
        for one in tried
    ]
    quiet = best.perplexity <= 1 + TOLERANCE
    conditions = {name: _changes(read, setup, directions, best.layer) for name, directions in found.removed().items()}
    left, ratios = _tested(model, read, setup, profile, conditions, neutral, folders)
    for name in conditions:
        fields = {"layer": best.layer, "other": name, "reason": "" if quiet else NONE_QUIET, "chosen": not name}
        rows += _shares(read, setup, profile, np.stack(left[name]), fields)
        rows.append(make_row(profile, "ablation perplexity", float(np.mean(ratios[name])), "ratio", **fields))
    rows.append(_own_policy(model, read, setup, profile, conditions[""], best, folders))
    rows.append(_trained_perplexity(model, setup, profile, neutral, folders))
    model.set_adapter(None)
    return rows


def _changes(read: Read, setup: Setup, directions: Mapping[int, Floats], layer: int) -> dict[int, Change]:
    """What is done after which layer; m is own-policy's mean along v over development items and seeds."""
    halves = setup.halves
    changes = {}
    for number in [layer] if layer != ALL else list(directions):
        v = directions[number]
        own = read.stacked(OWN, halves.seeds, number, halves.development)
        changes[number] = removing(v, float((own.astype(np.float64) @ v).mean()))
    return changes


def _try(
    model: HFModel, read: Read, setup: Setup, profile: str, found: Causes, neutral: Neutral, folders: Folders
) -> list[Place]:
    halves = setup.halves
    cells = setup.texts.cells_of(halves.development)
    places = [*tried_layers(read.layers), ALL]
    squares: dict[int, list[float]] = {layer: [] for layer in places}
    ratios: dict[int, list[float]] = {layer: [] for layer in places}
    for seed in halves.seeds:
        model.set_adapter(folders[profile][seed])
        before = surprise(model, neutral.development)
        for layer in places:
            with changed_layers(model.network, _changes(read, setup, found.own, layer)):
                effect = setup.texts.read(model, halves.development) - read.scores[OWN][seed]
                ratios[layer].append(perplexity_ratio(surprise(model, neutral.development), before))
            squares[layer].append(float(np.nanmean(effect[cells] ** 2)))
    return [Place(layer, float(np.mean(squares[layer])), float(np.mean(ratios[layer]))) for layer in places]


def choose(tried: Sequence[Place]) -> Place:
    """Where least is left among places that don't make neutral text harder; where all do, that which does so least."""
    quiet = [one for one in tried if one.perplexity <= 1 + TOLERANCE]
    return min(quiet, key=lambda one: one.left) if quiet else min(tried, key=lambda one: one.perplexity)


def _tested(
    model: HFModel,
    read: Read,
    setup: Setup,
    profile: str,
    conditions: Mapping[str, Mapping[int, Change]],
    neutral: Neutral,
    folders: Folders,
) -> tuple[dict[str, list[Floats]], dict[str, list[float]]]:
    """Effects that are left [C] and perplexity ratios, by condition, one a test seed."""
    left: dict[str, list[Floats]] = {name: [] for name in conditions}
    ratios: dict[str, list[float]] = {name: [] for name in conditions}
    for seed in setup.halves.test_seeds:
        model.set_adapter(folders[profile][seed])
        before = surprise(model, neutral.test)
        for name, changes in conditions.items():
            with changed_layers(model.network, changes):
                left[name].append(setup.texts.read(model, setup.test) - read.scores[OWN][seed])
                ratios[name].append(perplexity_ratio(surprise(model, neutral.test), before))
    return left, ratios


def _shares(read: Read, setup: Setup, profile: str, left: Floats, fields: dict[str, object]) -> list[Row]:
    """Shares of the pattern, and of the effect on the profile's own class, that are gone."""
    cells = setup.texts.cells_of(setup.test)
    trained = read.pattern(profile, setup.halves.test_seeds)

    def gone(pattern: Floats, other: Floats, weights: Floats) -> float:
        return 1 - slope_on(pattern, other, weights)

    draws = pattern_draws(gone, (trained, left), setup, cells)
    value = 1 - slope_on(trained.mean(axis=0)[cells], left.mean(axis=0)[cells])
    counted = {"n_seeds": len(trained), "n_clusters": n_clusters(setup)}
    own = setup.profiles[profile]
    before, after = (mean_effect(values, setup, cells, own) for values in (trained, left))
    mine = {"content_class": own, **fields}
    return [
        percentile_row(profile, "removed share", value, draws, "share", setup.level, **counted, **fields),
        make_row(profile, "removed own share", 1 - after / before if before else float("nan"), "share", **mine),
        make_row(profile, "effect left", after, "nats", **mine),
    ]


def _own_policy(
    model: HFModel,
    read: Read,
    setup: Setup,
    profile: str,
    changes: Mapping[int, Change],
    best: Place,
    folders: Folders,
) -> Row:
    """What the same removal does to own-policy, which has nothing of the profile to lose."""
    moved = []
    for seed in setup.halves.test_seeds:
        model.set_adapter(folders[OWN][seed])
        with changed_layers(model.network, changes):
            moved.append(setup.texts.read(model, setup.test) - read.scores[OWN][seed])
    own, cells = setup.profiles[profile], setup.texts.cells_of(setup.test)
    value = mean_effect(np.stack(moved), setup, cells, own)
    return make_row(profile, "own-policy ablated", value, "nats", content_class=own, layer=best.layer, other=OWN)


def _trained_perplexity(model: HFModel, setup: Setup, profile: str, neutral: Neutral, folders: Folders) -> Row:
    """Neutral perplexity of the trained model over the base's, nothing removed."""
    model.set_adapter(None)
    base = surprise(model, neutral.test)
    ratios = []
    for seed in setup.halves.test_seeds:
        model.set_adapter(folders[profile][seed])
        ratios.append(perplexity_ratio(surprise(model, neutral.test), base))
    return make_row(profile, "trained perplexity", float(np.mean(ratios)), "ratio", seeds=ratios)

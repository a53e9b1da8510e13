"""Does removing a direction from the trained model take its effect away?

The trained model's residual stream loses its part along v, which is set to own-policy's mean part:
h − v(v·h − m)/|v|², at all positions, after one layer or after every layer with that layer's own v and m. Which of
these is chosen on development items and seeds: among those that raise neutral perplexity by at most 5 % (training may
have raised it, so a fall is no harm), the one that leaves the smallest mean squared effect (class scores against
own-policy). On test items and seeds the share of the effect that is gone is 1 − Σ left · trained / Σ trained² over
places × classes: once against own-policy as it is, and once with the same removed from own-policy too ("both"), so that
what the removal does to any model is no part of the share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from proclivity.analysis.intervals import crossed, interval
from proclivity.latent.causal import (
    NO_NEUTRAL,
    TOLERANCE,
    Causes,
    Neutral,
    class_effect,
    mean_effect,
    pattern_draws,
    tried_layers,
)
from proclivity.latent.operations import perplexity_ratio, removing, surprise
from proclivity.latent.representation import Setup
from proclivity.latent.rows import Row, make_row, percentile_row
from proclivity.latent.states import OWN, Read
from proclivity.latent.steering import n_clusters
from proclivity.latent.texts import Floats
from proclivity.metrics.geometry import slope_on
from proclivity.models import HFModel
from proclivity.models.layers import Change, changed_layers

FAINT = "the trained effect on own words is not clear of 0, so shares of it say little"
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
    best, reason = choose(tried)
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
    conditions = {name: _changes(read, setup, directions, best.layer) for name, directions in found.removed().items()}
    mine, ratios = _tested(model, setup, folders[profile], conditions, neutral)
    own, _ = _tested(model, setup, folders[OWN], conditions, Neutral((), ()))
    reason = "; ".join(filter(None, (reason, _faint(read, setup, profile))))
    for name in conditions:
        fields = {"layer": best.layer, "other": name, "reason": reason, "chosen": not name}
        rows += _shares(read, setup, profile, mine[name], own[name], fields)
        rows.append(make_row(profile, "ablation perplexity", float(np.mean(ratios[name])), "ratio", **fields))
    rows.append(_trained_perplexity(model, setup, profile, neutral, folders))
    model.set_adapter(None)
    return rows


def _faint(read: Read, setup: Setup, profile: str) -> str:
    """Why shares of an effect say little; '' where it is clear of 0."""
    cells, own = setup.texts.cells_of(setup.test), setup.profiles[profile]
    low, high = interval(crossed(class_effect(read.pattern(profile, setup.halves.test_seeds), setup, cells, own)))
    return FAINT if low <= 0 <= high else ""


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


def choose(tried: Sequence[Place]) -> tuple[Place, str]:
    """Where least is left among places that don't make neutral text harder, and what was amiss.

    Where all do, that which does so least; without neutral text the place where least is left.
    """
    known = [one for one in tried if np.isfinite(one.perplexity)]
    quiet = [one for one in known if one.perplexity <= 1 + TOLERANCE]
    if quiet or not known:
        return min(quiet or tried, key=lambda one: one.left), "" if quiet else NO_NEUTRAL
    return min(known, key=lambda one: one.perplexity), NONE_QUIET


def _tested(
    model: HFModel,
    setup: Setup,
    folders: Mapping[int, Path],
    conditions: Mapping[str, Mapping[int, Change]],
    neutral: Neutral,
) -> tuple[dict[str, Floats], dict[str, list[float]]]:
    """Class scores [S, C] and perplexity ratios of one arm's test seeds, by condition."""
    scores: dict[str, list[Floats]] = {name: [] for name in conditions}
    ratios: dict[str, list[float]] = {name: [] for name in conditions}
    for seed in setup.halves.test_seeds:
        model.set_adapter(folders[seed])
        before = surprise(model, neutral.test)
        for name, changes in conditions.items():
            with changed_layers(model.network, changes):
                scores[name].append(setup.texts.read(model, setup.test))
                ratios[name].append(perplexity_ratio(surprise(model, neutral.test), before))
    return {name: np.stack(found) for name, found in scores.items()}, ratios


def _shares(read: Read, setup: Setup, profile: str, mine: Floats, own: Floats, fields: dict[str, object]) -> list[Row]:
    """Shares of the pattern, and of the effect on the profile's own class, that are gone.

    Args:
        read: what was said with nothing removed.
        setup: halves, draws.
        profile: whose effect it is.
        mine: scores of the profile's test seeds without the direction, [S, C].
        own: the same of own-policy.
        fields: of every row.
    """
    seeds, cells = setup.halves.test_seeds, setup.texts.cells_of(setup.test)
    trained, control = read.pattern(profile, seeds), np.stack([read.scores[OWN][seed] for seed in seeds])
    content_class = setup.profiles[profile]
    counted = {"n_seeds": len(seeds), "n_clusters": n_clusters(setup)}
    rows = []
    for measure, left in (("removed share", mine - control), ("removed share, both", mine - own)):
        value = 1 - slope_on(trained.mean(axis=0)[cells], left.mean(axis=0)[cells])
        draws = pattern_draws(_gone, (trained, left), setup, cells)
        rows.append(percentile_row(profile, measure, value, draws, "share", setup.level, **counted, **fields))
    before, left_over, moved = (
        mean_effect(values, setup, cells, content_class) for values in (trained, mine - control, own - control)
    )
    share = 1 - left_over / before if before else float("nan")
    fields = {"content_class": content_class, **fields}
    return [
        *rows,
        make_row(profile, "removed own share", share, "share", **fields),
        make_row(profile, "effect left", left_over, "nats", **fields),
        make_row(profile, "own-policy ablated", moved, "nats", **fields),
    ]


def _gone(pattern: Floats, other: Floats, weights: Floats) -> float:
    return 1 - slope_on(pattern, other, weights)


def _trained_perplexity(model: HFModel, setup: Setup, profile: str, neutral: Neutral, folders: Folders) -> Row:
    """Neutral perplexity of the trained model over the base's, nothing removed."""
    model.set_adapter(None)
    base = surprise(model, neutral.test)
    ratios = []
    for seed in setup.halves.test_seeds:
        model.set_adapter(folders[profile][seed])
        ratios.append(perplexity_ratio(surprise(model, neutral.test), base))
    return make_row(profile, "trained perplexity", float(np.mean(ratios)), "ratio", seeds=ratios)

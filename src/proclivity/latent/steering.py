"""Does adding a direction to the base give what training gave?

After layer l the base's residual stream gets αv at all positions. Layer and α are chosen on development items: among
settings that change the perplexity of neutral sentences by at most 5 %, the one whose effects (class scores, steered
less base) come nearest to the trained model's (profile less own-policy, development seeds) in mean squared difference
over places × classes. On test items and test seeds the two patterns are then correlated over places × classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from proclivity.latent.causal import (
    NO_NEUTRAL,
    TOLERANCE,
    Causes,
    Neutral,
    class_effect,
    family_pattern,
    mean_effect,
    pattern_draws,
    tried_layers,
)
from proclivity.latent.halves import Mask
from proclivity.latent.operations import adding, perplexity_ratio, surprise
from proclivity.latent.representation import Setup
from proclivity.latent.rows import Row, crossed_row, make_row, percentile_row
from proclivity.latent.states import Read
from proclivity.latent.texts import Floats
from proclivity.metrics.geometry import correlation, slope_on
from proclivity.models import HFModel
from proclivity.models.layers import changed_layers

ALPHAS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
"""Tried strengths, in lengths of v."""
NONE_QUIET = "no setting left neutral perplexity within 5 %; the one that changed it least was taken"


@dataclass(frozen=True)
class Setting:
    """Where and how strongly the base is steered."""

    layer: int
    alpha: float
    misfit: float
    """Mean squared difference to the trained pattern on development items, nats²."""
    perplexity: float
    """Neutral perplexity over the base's, development sentences."""


def steering_rows(model: HFModel, read: Read, setup: Setup, profile: str, found: Causes, neutral: Neutral) -> list[Row]:
    """Every tried setting, then the chosen one and its nulls on test items.

    Args:
        model: the bare base.
        read: what it and the arms said with nothing changed.
        setup: halves, draws.
        profile: whose direction it is.
        found: its direction and nulls.
        neutral: sentences about nothing.
    """
    tried = _try(model, read, setup, profile, found, neutral)
    best, reason = choose(tried)
    rows = [
        make_row(
            profile,
            "steering tried",
            one.misfit,
            "nats²",
            layer=one.layer,
            alpha=one.alpha,
            chosen=one == best,
            words=[f"{one.perplexity:.4f}"],
        )
        for one in tried
    ]
    before = surprise(model, neutral.test)
    for name, directions in {"": found.own, **found.nulls}.items():
        with changed_layers(model.network, {best.layer: adding(directions[best.layer], best.alpha)}):
            steered = setup.texts.read(model, setup.test) - read.base_scores
            ratio = perplexity_ratio(surprise(model, neutral.test), before)
        fields = {"layer": best.layer, "alpha": best.alpha, "other": name, "reason": reason}
        rows += _compared(read, setup, profile, steered, {**fields, "chosen": not name})
        rows.append(make_row(profile, "steering perplexity", ratio, "ratio", **fields))
        rows += _by_family(read, setup, profile, steered, best) if not name else []
    return rows


def _try(model: HFModel, read: Read, setup: Setup, profile: str, found: Causes, neutral: Neutral) -> list[Setting]:
    halves = setup.halves
    cells = setup.texts.cells_of(halves.development)
    wanted = read.pattern(profile, halves.seeds).mean(axis=0)
    before = surprise(model, neutral.development)
    tried = []
    for layer in tried_layers(read.layers):
        for alpha in ALPHAS:
            with changed_layers(model.network, {layer: adding(found.own[layer], alpha)}):
                steered = setup.texts.read(model, halves.development) - read.base_scores
                ratio = perplexity_ratio(surprise(model, neutral.development), before)
            misfit = float(np.nanmean((steered - wanted)[cells] ** 2))
            tried.append(Setting(layer, alpha, misfit, ratio))
    return tried


def choose(tried: list[Setting]) -> tuple[Setting, str]:
    """The nearest of those that leave neutral text alone, and what was amiss.

    Where none does, the one that changes it least; without neutral text the nearest of all.
    """
    known = [one for one in tried if np.isfinite(one.perplexity)]
    quiet = [one for one in known if abs(one.perplexity - 1) <= TOLERANCE]
    if quiet or not known:
        return min(quiet or tried, key=lambda one: one.misfit), "" if quiet else NO_NEUTRAL
    return min(known, key=lambda one: abs(one.perplexity - 1)), NONE_QUIET


def _compared(read: Read, setup: Setup, profile: str, steered: Floats, fields: dict[str, object]) -> list[Row]:
    """Correlation with the trained pattern, its size, and the effect on the profile's own class."""
    cells = setup.texts.cells_of(setup.test)
    trained = read.pattern(profile, setup.halves.test_seeds)
    mean = trained.mean(axis=0)
    rows = []
    for measure, statistic, unit in (
        ("steering correlation", correlation, "r"),
        ("steering correlation within classes", _within_classes(setup, cells), "r"),
        ("steering size", slope_on, "times the trained pattern"),
    ):
        value = statistic(mean[cells], steered[cells])
        draws = pattern_draws(statistic, (trained, steered), setup, cells)
        counted = {"n_seeds": len(trained), "n_clusters": n_clusters(setup)}
        rows.append(percentile_row(profile, measure, value, draws, unit, setup.level, **counted, **fields))
    own = setup.profiles[profile]
    rows.append(
        make_row(
            profile,
            "steering effect",
            mean_effect(steered[None], setup, cells, own),
            "nats",
            content_class=own,
            **fields,
        )
    )
    return rows


def _within_classes(setup: Setup, cells: Mask) -> Callable[..., float]:
    """Correlation of what is left when each content class has lost its own mean: places alone."""
    classes = np.array(setup.texts.cell_classes)[cells]

    def statistic(one: Floats, two: Floats, weights: Floats | None = None) -> float:
        w = np.ones(len(one)) if weights is None else weights
        known = np.isfinite(one) & np.isfinite(two) & (w > 0)
        left = np.full((2, len(one)), np.nan)
        for name in set(classes[known].tolist()):
            mine = known & (classes == name)
            for row, values in zip(left, (one, two), strict=True):
                row[mine] = values[mine] - np.average(values[mine], weights=w[mine])
        return correlation(left[0], left[1], w)

    return statistic


def n_clusters(setup: Setup) -> int:
    """Test clusters, counted within families."""
    texts = setup.texts
    return len({(texts.families[n], texts.clusters[n]) for n in np.flatnonzero(setup.test)})


def _by_family(read: Read, setup: Setup, profile: str, steered: Floats, best: Setting) -> list[Row]:
    """The pattern by family and class as it was trained and as it was steered, and the trained effect as a whole."""
    cells = setup.texts.cells_of(setup.test)
    trained = read.pattern(profile, setup.halves.test_seeds)
    rows = []
    for measure, values in (("trained pattern", trained.mean(axis=0)), ("steered pattern", steered)):
        for (family, name), value in family_pattern(values, setup, cells).items():
            fields = {"family": family, "content_class": name, "layer": best.layer, "alpha": best.alpha}
            rows.append(make_row(profile, measure, value, "nats", **fields))
    own = setup.profiles[profile]
    matrices = class_effect(trained, setup, cells, own)
    rows.append(crossed_row(profile, "trained effect", matrices, "nats", setup.level, content_class=own))
    return rows

"""One model's directions from first to last: read, compare, steer, remove."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from proclivity.errors import UserError
from proclivity.latent.ablation import ablation_rows
from proclivity.latent.causal import Neutral, causes
from proclivity.latent.halves import divide
from proclivity.latent.lens import lens_rows
from proclivity.latent.representation import Setup, development_directions, geometry_rows
from proclivity.latent.rows import Row, make_row
from proclivity.latent.states import in_context, read_all
from proclivity.latent.steering import steering_rows
from proclivity.latent.texts import Floats, shared_texts
from proclivity.models import HFModel
from proclivity.models.adapters import trained_weights
from proclivity.specs import LoadedPack

NO_PLACES = (
    "latent.directions needs two clusters of items or more in the pack's cloze and interpretation families, found "
    "{found}. Add items to the pack, or switch it off."
)


@dataclass(frozen=True)
class Request:
    """What is asked of one model."""

    adapters: Mapping[str, Mapping[int, Path]]
    """Folders by arm and seed: own-policy, profiles, other arms that stand beside."""
    profiles: Mapping[str, str]
    """Content class of each profile among them."""
    carriers: Mapping[str, Path] = field(default_factory=dict)
    """One adapter of each arm whose weights are to be counted."""
    foreign: Mapping[str, Mapping[str, Floats]] = field(default_factory=dict)
    """Directions [L, D] by arm, of other models of the same shape by name."""
    seed: int = 0
    draws: int = 200
    level: float = 0.95


@dataclass(frozen=True)
class Findings:
    """What came of it."""

    rows: list[Row]
    directions: dict[str, Floats]
    """v by arm, [L, D], from development items and seeds."""


def measure_directions(model: HFModel, pack: LoadedPack, request: Request) -> Findings:
    """Everything of MEASUREMENT §6 on directions; the base is bare afterwards.

    Args:
        model: the loaded base.
        pack: probes, personas and neutral sentences.
        request: arms, seed.

    Raises:
        UserError: where there is nothing to divide into halves.
        ModelError: if the model's decoder layers can't be told.
    """
    model.set_adapter(None)
    texts = shared_texts(pack, model)
    if len(set(texts.clusters)) < 2:
        raise UserError(NO_PLACES.format(found=len(set(texts.clusters))))
    seeds = sorted(set.intersection(*(set(found) for found in request.adapters.values())))
    halves = divide(texts.families, texts.clusters, seeds, np.random.default_rng(request.seed))
    setup = Setup(texts, halves, request.profiles, request.seed, request.draws, request.level)
    read = read_all(model, texts, request.adapters)
    told = {profile: in_context(model, pack, profile, halves) for profile in request.profiles}
    rows = _counts(setup, request)
    rows += geometry_rows(read, setup, told)
    rows += lens_rows(model, read, setup)
    sentences = tuple(pack.spec.neutral_texts)
    neutral = Neutral(sentences[::2], sentences[1::2])
    for profile in request.profiles:
        found = causes(read, setup, profile, request.foreign)
        rows += steering_rows(model, read, setup, profile, found, neutral)
        rows += ablation_rows(model, read, setup, profile, found, neutral, request.adapters)
    by_layer = [development_directions(read, setup, layer) for layer in range(1, read.layers + 1)]
    return Findings(rows, {arm: np.stack([found[arm] for found in by_layer]) for arm in read.arms})


def _counts(setup: Setup, request: Request) -> list[Row]:
    """How items and seeds were divided, and how many weights each arm trains."""
    halves, clusters = setup.halves, list(zip(setup.texts.families, setup.texts.clusters, strict=True))
    rows = []
    for other, seeds, places in (
        ("development", halves.seeds, halves.development),
        ("test", halves.test_seeds, setup.test),
    ):
        n = len({clusters[place] for place in np.flatnonzero(places)})
        row = make_row("", "half", float(places.sum()), "items", other=other, n_seeds=len(seeds), n_clusters=n)
        rows.append({**row, "seeds": [float(seed) for seed in seeds]})
    some = {arm: next(iter(found.values())) for arm, found in request.adapters.items()} | dict(request.carriers)
    return rows + [make_row(arm, "trained weights", float(trained_weights(p)), "weights") for arm, p in some.items()]

"""Studies whose truth is known, as the seed x cluster matrices that the analysis starts from.

Two profiles d and p and own-policy, content classes L and T. A difference of any two arms varies with SD .3 over
seeds, .5 over clusters and .5 beyond them (MEASUREMENT §5); each arm therefore carries 1/sqrt(2) of it, so that
d - own, p - own and d - p are correlated as in a study.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proclivity.analysis.intervals import crossed
from proclivity.analysis.prediction import Stratum
from proclivity.analysis.specificity import ProfilePair

Floats = NDArray[np.float64]

SEED_SD, CLUSTER_SD, RESIDUAL_SD, DOMAIN_SD = 0.3, 0.5, 0.5, 0.3
CLUSTERS, DOMAINS, ITEMS = 60, 12, 5


@dataclass(frozen=True)
class Truth:
    """What is true of every study of one kind."""

    name: str
    effects: tuple[tuple[float, float], tuple[float, float]]
    """Shift over own-policy, nats: profile d on L and T, then p on L and T."""
    one_latent: bool = False
    """Whether a seed moves both classes alike, as one latent would."""


NO_EFFECT = Truth("no effect", ((0.0, 0.0), (0.0, 0.0)))
ONE_LATENT = (
    Truth("one latent, equal strength", ((0.77, 0.77), (0.77, 0.77)), one_latent=True),
    Truth("one latent, unequal strength", ((1.2, 1.2), (0.4, 0.4)), one_latent=True),
    Truth("one latent, unequal loadings", ((0.9, 0.45), (0.9, 0.45)), one_latent=True),
)
DISSOCIATION = Truth("dissociation (.77 on, 0 off)", ((0.77, 0.0), (0.0, 0.77)))
PARTIAL_TRUTH = Truth("partial (.6 on, .3 off)", ((0.6, 0.3), (0.3, 0.6)))


def crossed_matrix(rng: np.random.Generator, n_seeds: int, n_clusters: int = CLUSTERS) -> Floats:
    """Differences around a true mean of 0, `[S, I]`: a seed's, a cluster's and a residual part."""
    seeds = SEED_SD * rng.normal(size=(n_seeds, 1))
    clusters = CLUSTER_SD * rng.normal(size=n_clusters)
    return seeds + clusters + RESIDUAL_SD * rng.normal(size=(n_seeds, n_clusters))


def domain_matrix(rng: np.random.Generator, n_seeds: int) -> Floats:
    """Means over 5 items in each of 12 domains around a true mean of 0, `[S, 12]`; a domain's items go together."""
    items = crossed_matrix(rng, n_seeds, DOMAINS * ITEMS).reshape(n_seeds, DOMAINS, ITEMS)
    domains = DOMAIN_SD * rng.normal(size=DOMAINS)
    means: Floats = items.mean(axis=2) + domains
    return means


def pair_of_profiles(rng: np.random.Generator, truth: Truth, n_seeds: int, n_clusters: int = CLUSTERS) -> ProfilePair:
    """One study's six effects, estimated by the package itself."""
    half = np.sqrt(0.5)
    columns = 1 if truth.one_latent else 2
    values = RESIDUAL_SD * rng.normal(size=(3, 2, n_seeds, n_clusters))  # own-policy, d, p x L, T
    values += CLUSTER_SD * rng.normal(size=(3, 2, 1, n_clusters))
    values += SEED_SD * rng.normal(size=(3, columns, n_seeds, 1))
    values *= half
    values[1:] += np.array(truth.effects)[:, :, None, None]
    own, d, p = values
    differences = (d[0] - own[0], p[1] - own[1], d[1] - own[1], p[0] - own[0], d[0] - p[0], p[1] - d[1])
    return ProfilePair(*(crossed([difference]) for difference in differences))


def contexts(rng: np.random.Generator, n_seeds: int, tau: float) -> tuple[list[Stratum], float]:
    """Four families of ten stems in three frames each around a true mean of 0, and the truth of a further context."""
    seeds = SEED_SD * rng.normal(size=(n_seeds, 1))
    found = []
    for family in range(4):
        stems = CLUSTER_SD * rng.normal(size=10)
        names = tuple(f"{family}-{stem}" for stem in range(10))
        for frame in range(3):
            residual = RESIDUAL_SD * rng.normal(size=(n_seeds, 10))
            found.append(Stratum(f"{family} {frame}", tau * rng.normal() + seeds + stems + residual, names))
    return found, tau * rng.normal()

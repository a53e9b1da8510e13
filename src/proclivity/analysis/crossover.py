"""Could one latent have made the whole matrix of profiles and content classes?

One latent moves class c under profile i by a_i · b_c. If all loadings b have one sign, the profile with more of it
moves every class further, so the difference of two profiles has one sign over all classes. A crossover, one profile
further on some class and the other on another, refutes that: a test of qualitative interaction (Gail & Simon 1985).
It doesn't refute one latent with loadings of both signs, as from sad to suspicious: that one crosses over too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from proclivity.analysis.intervals import CrossedEstimate, p_greater, p_less
from proclivity.analysis.multiplicity import holm

LEAST = 3
CAVEAT = (
    "one latent whose loadings have one sign can't make a crossover; one with loadings of both signs can, and this "
    "test doesn't tell it from two"
)


class Crossover(NamedTuple):
    """Whether some pair of profiles crosses over."""

    p: float
    """Smallest adjusted p; NaN where no pair could be tested."""
    by_pair: dict[str, float]
    """Holm-adjusted p of each pair; NaN where it couldn't be tested."""


def crossover(differences: Mapping[str, Sequence[CrossedEstimate]]) -> Crossover:
    """Tests every pair of profiles.

    Args:
        differences: pair -> first less second profile, one effect a content class.

    Returns:
        `Crossover`. A pair's p is the larger of two, 'no class above 0' and 'no class below 0', each Bonferroni's
        over the classes that were measured; NaN for fewer than two such classes.
    """
    p = [_pair(effects) for effects in differences.values()]
    adjusted = holm(p)
    known = adjusted[np.isfinite(adjusted)]
    return Crossover(
        p=float(known.min()) if known.size else float("nan"),
        by_pair=dict(zip(differences, map(float, adjusted), strict=True)),
    )


def _pair(effects: Sequence[CrossedEstimate]) -> float:
    above = np.array([p_greater(effect) for effect in effects])
    below = np.array([p_less(effect) for effect in effects])
    known = np.isfinite(above) & np.isfinite(below)
    n = int(known.sum())
    if n < 2:
        return float("nan")
    return float(min(1.0, n * max(above[known].min(), below[known].min())))

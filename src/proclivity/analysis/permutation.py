"""Could the seeds' signs have fallen this way by chance?

Under no effect each seed's difference is as likely to be positive as negative. With few seeds the smallest p that
can be reached at all is large, which is why it stands beside every p.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

MOST_EXACT = 14
"""Up to this many seeds all sign patterns are gone through."""


class SignFlip(NamedTuple):
    """A sign-flip permutation test of the mean over seeds."""

    p: float
    """Two-sided; NaN without seeds."""
    p_smallest: float
    """The smallest p that this many seeds can reach, 2/2^S; for sampled patterns at least 1/(n + 1)."""
    exact: bool
    """Whether all patterns were gone through."""


def sign_flip(seed_estimates: Sequence[float], rng: np.random.Generator | None = None, samples: int = 9999) -> SignFlip:
    """Share of sign patterns whose mean is at least as far from 0 as the one observed.

    Args:
        seed_estimates: one difference per seed `[S]`.
        rng: source of sampled patterns; needed above 14 seeds.
        samples: how many patterns are then sampled.

    Returns:
        `SignFlip`; p is 1 where all differences are 0.
    """
    values = np.asarray(seed_estimates, dtype=np.float64)
    n = len(values)
    if n == 0 or not np.isfinite(values).all():
        return SignFlip(float("nan"), float("nan"), True)
    reach = min(1.0, 2.0 ** (1 - n))
    observed = abs(values.mean()) * (1 - 1e-12)
    if n <= MOST_EXACT:
        means = np.abs(_all_signs(n) @ values) / n
        return SignFlip(float((means >= observed).mean()), reach, True)
    if rng is None:
        raise ValueError(f"{n} seeds have too many sign patterns to go through: give a random generator")
    means = np.abs(rng.choice([-1.0, 1.0], size=(samples, n)) @ values) / n
    p = (1 + int((means >= observed).sum())) / (1 + samples)
    return SignFlip(p, max(reach, 1 / (1 + samples)), False)


@cache
def _all_signs(n: int) -> np.ndarray:
    """All sign patterns of n seeds, `[2^n, n]`; every effect of a study asks for the same ones."""
    return 1.0 - 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)

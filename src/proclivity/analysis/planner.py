"""How likely is a study of S seeds to show a wanted effect, and how many seeds does it take?

One interval clear of 0 has a closed form, the noncentral t. The verdict on two profiles joins six bounds on correlated
effects; its probability is counted over draws of estimates and standard errors, always the same draws.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit
from scipy.stats import nct

from proclivity.analysis.components import Components, Precision, precision
from proclivity.analysis.design import MINIMUM_SEEDS
from proclivity.analysis.intervals import Floats
from proclivity.analysis.specificity import ALPHA, ONE_SIDED

MOST_SEEDS = 100
"""Beyond this no plan is looked for."""
DRAWS = 20_000


class SeedNumber(NamedTuple):
    """The smallest number of seeds that will do."""

    seeds: int | None
    """None where no number up to `MOST_SEEDS` does."""
    reason: str = ""
    """Why there is none; '' where there is one."""


class PairPower(NamedTuple):
    """Probabilities of verdicts on two profiles."""

    dissociated: float
    """Full, partial or with spillover undetermined."""
    full: float


class PairComponents(NamedTuple):
    """One content class as both profiles move it; which of them it belongs to is in the field's name."""

    own: Components
    """Its own profile against own-policy."""
    other: Components
    """The other profile against own-policy."""
    difference: Components
    """Own less other profile."""


def power_clear(effect: float, found: Precision, level: float = 0.95) -> float:
    """Probability that the two-sided interval lies above 0.

    Args:
        effect: true effect, in the unit of the standard error.
        found: standard error and degrees of freedom that the study will have.

    Returns:
        P(T > t) for a noncentral t with noncentrality effect/se; NaN where the precision is unknown, 0 or 1 where
        nothing varies.
    """
    if found.se == 0:
        return float(effect > 0)
    if not np.isfinite(found.se):
        return float("nan")
    return float(nct.sf(stdtrit(found.df, (1 + level) / 2), found.df, effect / found.se))


def power_pair(
    first: PairComponents, second: PairComponents, on: float, off: float, n_seeds: int, delta: float = 0.2
) -> PairPower:
    """Probability that two profiles are called dissociated, and fully so, where both truly shift alike.

    The two content classes are taken as independent of each other. Standard errors are drawn from their chi-square
    laws, independently of the estimates and of each other.

    Args:
        first, second: variances for either content class.
        on: true effect of each profile on its own content, nats.
        off: true effect of each profile on the other's content, nats.
        n_seeds: seeds of the study.
        delta: smallest effect that matters, nats.

    Returns:
        `PairPower`; NaN where a variance is unknown, 0 below the smallest number of seeds that gets a verdict.
    """
    if any(part.reason for part in (*first, *second)):
        return PairPower(np.nan, np.nan)
    if n_seeds < MINIMUM_SEEDS:
        return PairPower(0.0, 0.0)
    rng = np.random.default_rng(0)
    drawn = [_class_draws(parts, on, off, n_seeds, delta, rng) for parts in (first, second)]
    dissociated = drawn[0].dissociated & drawn[1].dissociated
    # Holm's smaller p decides whether any of the two cells is above 0.
    above = np.minimum(drawn[0].p_other, drawn[1].p_other) < ALPHA / 2
    full = dissociated & drawn[0].absent & drawn[1].absent & ~above
    return PairPower(float(dissociated.mean()), float(full.mean()))


class _Draws(NamedTuple):
    dissociated: np.ndarray
    absent: np.ndarray
    p_other: Floats


def _class_draws(
    parts: PairComponents, on: float, off: float, n_seeds: int, delta: float, rng: np.random.Generator
) -> _Draws:
    """What would be found for one content class, `[DRAWS]` each."""
    expected = [precision(part, n_seeds) for part in parts]
    own, other = _correlated(expected[0].se, expected[1].se, expected[2].se, rng)
    estimates = (on + own, off + other, on - off + own - other)
    ses = [p.se * np.sqrt(rng.chisquare(p.df, DRAWS) / p.df) if p.se else np.zeros(DRAWS) for p in expected]
    critical = [stdtrit(p.df, ONE_SIDED) if p.se else 0.0 for p in expected]
    lows = [e - t * se for e, t, se in zip(estimates, critical, ses, strict=True)]
    with np.errstate(divide="ignore", invalid="ignore"):
        p_other = stdtr(expected[1].df if expected[1].se else 1.0, -estimates[1] / ses[1])
    return _Draws(
        dissociated=(lows[0] > 0) & (lows[2] > 0),
        absent=estimates[1] + critical[1] * ses[1] < delta,
        p_other=np.nan_to_num(p_other, nan=0.5),
    )


def _correlated(own: float, other: float, difference: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Errors of own and other effect that share a control: their covariance follows from the difference's variance."""
    z = rng.normal(size=(2, DRAWS))
    if not own * other:
        return own * z[0], other * z[1]
    rho = float(np.clip((own**2 + other**2 - difference**2) / (2 * own * other), -1, 1))
    return own * z[0], other * (rho * z[0] + np.sqrt(1 - rho**2) * z[1])


def smallest_seeds(power_at: Callable[[int], float], wanted: float, least: int = MINIMUM_SEEDS) -> SeedNumber:
    """The smallest number of seeds that reaches a power, by bisection: power rises with seeds.

    Args:
        power_at: power at a number of seeds.
        wanted: in (0, 1).
        least: fewest seeds to consider; verdicts need six.
    """
    reached = power_at(MOST_SEEDS)
    if np.isnan(reached):
        return SeedNumber(None, "the pilot's variances are unknown")
    if reached < wanted:
        return SeedNumber(
            None, f"power is {reached:.2f} even with {MOST_SEEDS} seeds: more items or a larger effect are needed"
        )
    low, high = least - 1, MOST_SEEDS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power_at(middle) >= wanted else (middle, high)
    return SeedNumber(high)

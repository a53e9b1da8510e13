"""Do two profiles each shift their own content, or is it one skew for all?

The rules are MEASUREMENT §5. Two profiles d and p have own content classes L and T. Effects are against own-policy,
families weighted equally: E[d, L] and E[p, T] are on target, E[d, T] and E[p, L] off target, and
D_d = E[d, L] - E[p, L], D_p = E[p, T] - E[d, T] compare the profiles on one and the same content.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proclivity.analysis.design import MINIMUM_SEEDS
from proclivity.analysis.equivalence import tost
from proclivity.analysis.intervals import CrossedEstimate, lower_bound, p_greater, upper_bound
from proclivity.analysis.multiplicity import holm

Floats = NDArray[np.float64]

ALPHA = 0.05
ONE_SIDED = 1 - ALPHA
GENERIC_LEVEL = 1 - ALPHA / 2

FULL = "full"
PARTIAL = "partial"
UNDETERMINED = "dissociated, spillover undetermined"
SWAPPED = "swapped"
GENERIC = "generic"
NONE = "none"
INCONCLUSIVE = "inconclusive"
TOO_FEW_SEEDS = "not replicated enough"
DISSOCIATED = frozenset({FULL, PARTIAL, UNDETERMINED})
"""The verdicts that call two profiles dissociated; they differ by what happens off target."""

SAME_DIRECTION = "same-direction"
ABSENT = "absent"
OPPOSITE = "absent, opposite"
CELL_UNDETERMINED = "undetermined"


@dataclass(frozen=True)
class ProfilePair:
    """The six effects that a verdict on two profiles rests on."""

    on_first: CrossedEstimate
    """First profile, its own content."""
    on_second: CrossedEstimate
    """Second profile, its own content."""
    off_first: CrossedEstimate
    """First profile, the second's content."""
    off_second: CrossedEstimate
    """Second profile, the first's content."""
    difference_first: CrossedEstimate
    """First less second profile, on the first's content."""
    difference_second: CrossedEstimate
    """Second less first profile, on the second's content."""

    def all(self) -> list[CrossedEstimate]:
        on, off = [self.on_first, self.on_second], [self.off_first, self.off_second]
        return [*on, *off, self.difference_first, self.difference_second]


class Specificity(NamedTuple):
    """What two profiles show together."""

    verdict: str
    off_target: tuple[str, str]
    """State of the first and the second profile's off-target effect."""


def off_target_states(effects: list[CrossedEstimate], delta: float) -> list[str]:
    """What can be said of effects on content that a profile is not about.

    Args:
        effects: all off-target effects that are judged together (Holm counts them).
        delta: smallest effect that matters, nats.

    Returns:
        Per effect 'same-direction' (Holm-adjusted above 0), else 'absent' (surely below delta) or 'absent, opposite'
        (surely below 0 at that), else 'undetermined'. An effect that is both above 0 and below delta is
        'same-direction'.
    """
    adjusted = holm([p_greater(effect) for effect in effects])
    return [_state(effect, p, delta) for effect, p in zip(effects, adjusted, strict=True)]


def _state(effect: CrossedEstimate, p_above: float, delta: float) -> str:
    if p_above < ALPHA:
        return SAME_DIRECTION
    highest = upper_bound(effect, ONE_SIDED)
    if highest < 0:
        return OPPOSITE
    return ABSENT if highest < delta else CELL_UNDETERMINED


def specificity(pair: ProfilePair, delta: float = 0.2) -> Specificity:
    """The verdict on two profiles.

    - not replicated enough: fewer than 6 seeds in any effect that has a number.
    - dissociated: the one-sided 95 % lower bounds of both on-target effects and both differences are above 0
      (intersection-union, so no correction); then full, partial or 'dissociated, spillover undetermined' by the
      off-target states.
    - swapped: the mirror image, both off-target effects above 0 and both differences below 0.
    - generic: some on-target and some off-target effect above 0 (97.5 % each), and a difference surely below delta.
    - none: both on-target effects equivalent to 0.
    - else inconclusive; an effect that could not be measured leads here.

    Args:
        pair: the six effects, nats.
        delta: smallest effect that matters, nats.
    """
    off = [pair.off_first, pair.off_second]
    states = off_target_states(off, delta)
    both = (states[0], states[1])
    measured = [effect for effect in pair.all() if effect.n_seeds]
    if measured and min(effect.n_seeds for effect in measured) < MINIMUM_SEEDS:
        return Specificity(TOO_FEW_SEEDS, both)
    if not all(np.isfinite(effect.estimate) for effect in pair.all()):
        return Specificity(INCONCLUSIVE, both)
    on, differences = [pair.on_first, pair.on_second], [pair.difference_first, pair.difference_second]
    if _all_above(on + differences):
        return Specificity(_kind_of_dissociation(states), both)
    if _all_above(off) and all(upper_bound(d, ONE_SIDED) < 0 for d in differences):
        return Specificity(SWAPPED, both)
    if _generic(on, off, differences, delta):
        return Specificity(GENERIC, both)
    if all(tost(effect, delta) < ALPHA for effect in on):
        return Specificity(NONE, both)
    return Specificity(INCONCLUSIVE, both)


def _all_above(effects: list[CrossedEstimate]) -> bool:
    return all(lower_bound(effect, ONE_SIDED) > 0 for effect in effects)


def _kind_of_dissociation(states: list[str]) -> str:
    if SAME_DIRECTION in states:
        return PARTIAL
    return UNDETERMINED if CELL_UNDETERMINED in states else FULL


def _generic(
    on: list[CrossedEstimate], off: list[CrossedEstimate], differences: list[CrossedEstimate], delta: float
) -> bool:
    some_on, some_off = (any(lower_bound(e, GENERIC_LEVEL) > 0 for e in effects) for effects in (on, off))
    return some_on and some_off and any(upper_bound(d, GENERIC_LEVEL) < delta for d in differences)


class Index(NamedTuple):
    """How much of the profiles' effects lies on their own content."""

    value: float
    """1: all on target; 0: as much off as on; NaN unless every on-target effect is positive."""
    low: float
    high: float
    undefined_share: float
    """Share of bootstrap draws in which the index is not defined."""


def specificity_index(effects: Floats) -> float:
    """SI = (mean diagonal - mean off-diagonal) / (|mean diagonal| + |mean off-diagonal|).

    Args:
        effects: nats `[P, P]`, profile x content class, each profile's own class on the diagonal.

    Returns:
        Unitless in [-1, 1]; NaN for fewer than two profiles or unless every diagonal effect is above 0.
    """
    n = len(effects)
    diagonal = np.diag(effects)
    if n < 2 or not (diagonal > 0).all() or not np.isfinite(effects).all():
        return float("nan")
    on, off = diagonal.mean(), (effects.sum() - diagonal.sum()) / (n * (n - 1))
    return float((on - off) / (abs(on) + abs(off)))


def index_with_interval(by_seed: Floats, rng: np.random.Generator, draws: int = 1000, level: float = 0.95) -> Index:
    """The index of the seeds' mean, with a percentile interval from drawing seeds anew.

    Args:
        by_seed: nats `[S, P, P]`, one matrix of effects per seed.
        rng: source of the draws.
    """
    n_seeds = len(by_seed)
    value = specificity_index(by_seed.mean(axis=0)) if n_seeds else float("nan")
    if n_seeds < 2 or np.isnan(value):
        return Index(value, float("nan"), float("nan"), float("nan"))
    picks = rng.integers(n_seeds, size=(draws, n_seeds))
    drawn = np.array([specificity_index(by_seed[pick].mean(axis=0)) for pick in picks])
    defined = drawn[np.isfinite(drawn)]
    if not len(defined):
        return Index(value, float("nan"), float("nan"), 1.0)
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return Index(value, float(low), float(high), 1 - len(defined) / draws)

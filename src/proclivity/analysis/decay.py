"""How fast, and how far, does a shift fade under later training?

Δ(n) = Δ∞ + (Δ₀ − Δ∞) · e^(−n/τ) by least squares, n in steps. For a given τ the rest is a straight line in e^(−n/τ), so
that τ alone is searched for (variable projection: Golub & Pereyra 1973). The half-life τ · ln 2 is when half of the
drop is done.

A half-life is claimed only between the first and the last step measured: a drop that is over by the first step, or a
curve that still falls evenly at the last, fits many τ as well as one. Seeds are the units: each is left out in turn
(`jackknife`), the half-life on a log scale.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from proclivity.analysis.jackknife import ONE_SEED, Estimate, jackknife

Floats = NDArray[np.float64]

LEAST_POINTS = 4
"""Three numbers are fitted, so that fewer points than this leave no misfit to see."""
BEYOND = 4.0
"""How far past the measured steps half-lives are searched for, so that a fit can say 'longer' or 'shorter'."""
GRID = 60
ROUNDING = 1e-12
FEW_POINTS = "fewer than four points"
NOT_FINITE = "a value is missing or infinite"
NO_DECAY = "no decay"
UNSTABLE = "without one seed or another no half-life is found"


class Decay(NamedTuple):
    """A fitted curve."""

    start: float
    """Δ₀, in the unit of the values."""
    rest: float
    """Δ∞: where the curve levels off."""
    half_life: float
    """Steps; NaN without a decay."""
    reason: str = ""
    """Why nothing was fitted, or why the half-life isn't to be read as a number."""

    @property
    def remains(self) -> float:
        """Δ∞/Δ₀."""
        return self.rest / self.start if self.start else np.nan


class DecayOverSeeds(NamedTuple):
    """Half-life and remaining share of the mean curve, with what seeds make of them."""

    fit: Decay
    half_life: Estimate
    """Steps. A bound outside the measured steps is 0 or infinite: there the data say no more."""
    remains: Estimate
    """Δ∞/Δ₀."""


def fit_decay(steps: Floats, values: Floats) -> Decay:
    """The exponential nearest to a curve.

    Args:
        steps: `[N]`, rising from 0.
        values: `[N]`, any unit.

    Returns:
        The fit. With NaN and a reason: under four points, a value that is no number, values that don't fall (then
        start and rest are NaN too). A half-life outside the measured steps is what the search found and has a reason.
    """
    if len(steps) < LEAST_POINTS:
        return Decay(np.nan, np.nan, np.nan, FEW_POINTS)
    if not (np.isfinite(steps).all() and np.isfinite(values).all()):
        return Decay(np.nan, np.nan, np.nan, NOT_FINITE)
    if np.ptp(values) <= ROUNDING * np.abs(values).max():
        return Decay(np.nan, np.nan, np.nan, NO_DECAY)
    grid = np.linspace(np.log(steps[1] / BEYOND), np.log(steps[-1] * BEYOND), GRID)
    best = int(np.argmin(_lines(grid, steps, values)[2]))
    around = grid[max(best - 1, 0)], grid[min(best + 1, GRID - 1)]
    found = minimize_scalar(
        lambda x: _lines(np.array([x]), steps, values)[2][0], bounds=around, method="bounded", options={"xatol": 1e-9}
    )
    start, rest, _ = (float(part[0]) for part in _lines(np.array([found.x]), steps, values))
    half_life = float(np.exp(found.x))
    if start <= rest:
        return Decay(np.nan, np.nan, np.nan, NO_DECAY)
    return Decay(start, rest, half_life, _outside(half_life, steps))


def decay_over_seeds(steps: Floats, by_seed: Floats, level: float = 0.95) -> DecayOverSeeds:
    """Fit the mean curve, and fit it again without each seed.

    Args:
        steps: `[N]`, rising from 0.
        by_seed: `[S, N]`, complete.
        level: of the two-sided intervals.

    Returns:
        `DecayOverSeeds`. No interval where leaving one seed out leaves no half-life to be found near the measured
        steps.
    """
    fit = fit_decay(steps, by_seed.mean(axis=0))
    if fit.reason:
        nothing = Estimate(np.nan, np.nan, np.nan, fit.reason)
        return DecayOverSeeds(fit, nothing, nothing)
    n = len(by_seed)
    without = [fit_decay(steps, np.delete(by_seed, s, axis=0).mean(axis=0)) for s in range(n if n > 1 else 0)]
    reason = ONE_SEED if n < 2 else "" if all(_found(part, steps) for part in without) else UNSTABLE
    if reason:
        bare = (Estimate(value, np.nan, np.nan, reason) for value in (fit.half_life, fit.remains))
        return DecayOverSeeds(fit, *bare)
    half = jackknife(float(np.log(fit.half_life)), np.log([part.half_life for part in without]), level)
    low, high = np.exp(half.low), np.exp(half.high)
    within = Estimate(
        fit.half_life, float(low) if low >= steps[1] else 0.0, float(high) if high <= steps[-1] else np.inf
    )
    return DecayOverSeeds(fit, within, jackknife(fit.remains, np.array([p.remains for p in without]), level))


def _lines(log_half_lives: Floats, steps: Floats, values: Floats) -> tuple[Floats, Floats, Floats]:
    """Start, rest and squared misfit of the best curve with each of these half-lives, `[G]` each."""
    shape = np.exp2(-steps / np.exp(log_half_lives)[:, None])  # (G, N)
    centred = shape - shape.mean(axis=1, keepdims=True)
    slope = centred @ values / (centred**2).sum(axis=1)
    rest = values.mean() - slope * shape.mean(axis=1)
    misfit = values - rest[:, None] - slope[:, None] * shape
    return rest + slope, rest, (misfit**2).sum(axis=1)


def _found(fit: Decay, steps: Floats) -> bool:
    """Whether the search ended inside its range rather than at an end of it."""
    return bool(steps[1] / BEYOND * 1.01 < fit.half_life < steps[-1] * BEYOND / 1.01)


def _outside(half_life: float, steps: Floats) -> str:
    if half_life > steps[-1]:
        return f"half-life beyond what was measured (> {steps[-1]:g} steps)"
    return f"half-life shorter than the first step measured (< {steps[1]:g} steps)" if half_life < steps[1] else ""

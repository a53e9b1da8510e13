"""How much of a divergence is mere sharpening or flattening of the base distribution?

One temperature is fitted per arm and seed on control text and then held fixed: what it explains on the probes
is skew without direction. Log probabilities are natural, float64, `[..., V]`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar

from proclivity.metrics.divergence import Floats, jsd

LN_RANGE = float(np.log(10.0))
"""Temperatures between 1/10 and 10 are searched."""
GRID = 9


def at_temperature(log_p: ArrayLike, temperature: float) -> Floats:
    """The distribution proportional to p^(1/T), renormalised.

    Args:
        log_p: natural-log probabilities `[..., V]`.
        temperature: T > 0; 1 changes nothing, below 1 sharpens, above 1 flattens.

    Returns:
        Natural-log probabilities `[..., V]`; tokens of probability 0 stay at 0.
    """
    scaled = np.asarray(log_p, dtype=np.float64) / temperature
    return scaled - np.logaddexp.reduce(scaled, axis=-1, keepdims=True)


def fit_temperature(log_p: ArrayLike, log_q: ArrayLike, tolerance: float = 1e-5) -> float:
    """The one T for which the base at T comes nearest to the tuned model, by summed JSD.

    A grid over ln T from -ln 10 to ln 10 finds the valley (the sum need not have only one), and Brent's bounded
    search its floor, in few steps: each is a divergence over whole vocabularies.

    Args:
        log_p: base on control text, natural-log probabilities `[N, V]`.
        log_q: tuned model on the same text `[N, V]`.
        tolerance: width of ln T at which the search stops.

    Returns:
        T*, unitless, between 0.1 and 10.
    """

    def loss(ln_t: float) -> float:
        return float(jsd(log_q, at_temperature(log_p, float(np.exp(ln_t)))).sum())

    grid = np.linspace(-LN_RANGE, LN_RANGE, GRID)
    best = int(np.argmin([loss(x) for x in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, GRID - 1)]
    floor = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": tolerance})
    return float(np.exp(floor.x))


def temperature_share(log_p: ArrayLike, log_q: ArrayLike, temperature: float) -> float:
    """Share of the summed JSD that a change of temperature alone explains: 1 - sum JSD(q, p_T) / sum JSD(q,
    p).

    Args:
        log_p: base on the probes, natural-log probabilities `[..., V]`.
        log_q: tuned model on the same probes `[..., V]`.
        temperature: T* from `fit_temperature` on control text, not on these probes.

    Returns:
        Unitless: 1 where the shift is a change of temperature and nothing else, 0 where temperature explains
        nothing, negative where T* makes the fit worse; NaN where there is no divergence to share out.
    """
    whole = float(jsd(log_q, log_p).sum())
    if whole == 0.0:
        return float("nan")
    return 1 - float(jsd(log_q, at_temperature(log_p, temperature)).sum()) / whole

"""How much of the difference between arms would stand with other seeds, items and question frames?

Generalizability theory (Brennan 2001) for a balanced design arm × (seed nested in arm) × item × wrapper with one
rating a cell: arms are what is told apart, all else is error. Cronbach's alpha (1951) and McDonald's omega (1999) stand
beside it; both call everything but items a constant, so neither can stand alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from proclivity.metrics.divergence import Floats

EFFECTS = {
    "arm": "a",
    "seed:arm": "as",
    "item": "i",
    "wrapper": "w",
    "arm × item": "ai",
    "arm × wrapper": "aw",
    "item × wrapper": "iw",
    "arm × item × wrapper": "aiw",
    "seed × item:arm": "asi",
    "seed × wrapper:arm": "asw",
    "residual": "asiw",
}
"""Sources of variance by the facets that they cross; a seed always brings its arm along."""
AXES = "asiw"
FACETS = ("arms", "seeds", "items", "wrappers")
LEAST = 2
INCOMPLETE, TOO_FEW, NOTHING_VARIES = "incomplete", "fewer than two", "nothing varies"


@dataclass(frozen=True)
class Generalizability:
    """Where the variance of ratings comes from."""

    components: dict[str, float]
    """Variance of each source of `EFFECTS`, squared points; negative estimates are set to 0."""
    truncated: tuple[str, ...]
    """Sources whose estimate was negative."""
    relative: float
    """σ²(arm) / (σ²(arm) + σ²(δ)): can arms be ranked? 0 to 1, for means over as many seeds, items and wrappers."""
    absolute: float
    """σ²(arm) / (σ²(arm) + σ²(Δ)): can an arm's level be trusted? Never above `relative`."""
    between_seed_sd: float
    """Standard deviation, within arms, of the seeds' means over items and wrappers; points."""
    reason: str = ""
    """Why numbers are NaN; '' where they aren't."""


def generalizability(ratings: ArrayLike) -> Generalizability:
    """Variance components by expected mean squares, all facets random.

    Args:
        ratings: `[arms, seeds, items, wrappers]`, points, reverse-keyed items turned round; complete, at least two of
            each. Seeds are nested in arms: the same index in two arms isn't the same seed.

    Returns:
        `Generalizability`; NaN with a reason for an incomplete design, or where no component of arms or error is left.
    """
    values = np.asarray(ratings, dtype=np.float64)
    if values.ndim != len(AXES):
        raise ValueError(f"{len(AXES)} axes (arm, seed, item, wrapper) expected, {values.ndim} found")
    if min(values.shape) < LEAST:
        short = [facet for facet, n in zip(FACETS, values.shape, strict=True) if n < LEAST]
        return _unknown(f"{TOO_FEW} {', '.join(short)}")
    if not np.isfinite(values).all():
        return _unknown(f"{INCOMPLETE}: {int((~np.isfinite(values)).sum())} ratings are missing")
    size = dict(zip(AXES, values.shape, strict=True))
    means = _mean_squares(values)
    names = list(EFFECTS)
    weights = np.array([[_weight(EFFECTS[row], EFFECTS[column], size) for column in names] for row in names])
    estimates = dict(zip(names, np.linalg.solve(weights, [means[name] for name in names]).tolist(), strict=True))
    rounding = 1e-12 * max(values.var(), 1e-300)
    truncated = tuple(name for name, value in estimates.items() if value < -rounding)
    kept = {name: value if value > rounding else 0.0 for name, value in estimates.items()}
    errors = {name: value / _averaged(EFFECTS[name], size) for name, value in kept.items() if name != "arm"}
    relative = sum(value for name, value in errors.items() if "a" in EFFECTS[name])
    arm, absolute = kept["arm"], sum(errors.values())
    return Generalizability(
        components=kept,
        truncated=truncated,
        relative=_ratio(arm, relative),
        absolute=_ratio(arm, absolute),
        between_seed_sd=float(np.sqrt(values.mean(axis=(2, 3)).var(axis=1, ddof=1).mean())),
        reason="" if arm + relative > 0 else NOTHING_VARIES,
    )


def _mean_squares(values: Floats) -> dict[str, float]:
    """Sum of squares of each source over its degrees of freedom."""
    effects: dict[str, Floats] = {"": values.mean(keepdims=True)}
    degrees = {"": 1}
    found = {}
    for name, letters in EFFECTS.items():
        others = tuple(axis for axis, letter in enumerate(AXES) if letter not in letters)
        inside = [key for key in effects if set(key) < set(letters)]
        effects[letters] = values.mean(axis=others, keepdims=True) - sum(effects[key] for key in inside)
        crossed = effects[letters].size
        degrees[letters] = crossed - sum(degrees[key] for key in inside)
        squares = float((effects[letters] ** 2).sum()) * values.size / crossed
        found[name] = squares / degrees[letters]
    return found


def _weight(source: str, component: str, size: dict[str, int]) -> float:
    """How often a variance component counts in the expected mean square of a source."""
    if not set(source) <= set(component):
        return 0.0
    return float(np.prod([n for letter, n in size.items() if letter not in component]))


def _averaged(letters: str, size: dict[str, int]) -> float:
    """Over how many draws of a source an arm's mean averages."""
    return float(np.prod([size[letter] for letter in letters if letter != "a"]))


def _ratio(arm: float, error: float) -> float:
    return arm / (arm + error) if arm + error > 0 else np.nan


def _unknown(reason: str) -> Generalizability:
    return Generalizability(dict.fromkeys(EFFECTS, np.nan), (), np.nan, np.nan, np.nan, reason)


def cronbach_alpha(ratings: ArrayLike) -> float:
    """α = I/(I−1) · (1 − Σ item variances / variance of the sum).

    Args:
        ratings: `[objects, items]`, reverse-keyed items turned round.

    Returns:
        At most 1, and below 0 where items speak against each other; NaN with fewer than two objects or items, with a
        missing rating, or where the sum doesn't vary.
    """
    values = np.asarray(ratings, dtype=np.float64)
    n_objects, n_items = values.shape
    if min(n_objects, n_items) < LEAST or not np.isfinite(values).all():
        return np.nan
    total = values.sum(axis=1).var(ddof=1)
    return float(n_items / (n_items - 1) * (1 - values.var(axis=0, ddof=1).sum() / total)) if total > 0 else np.nan


@dataclass(frozen=True)
class Omega:
    """Reliability of a sum score under one common factor."""

    omega: float
    """(Σλ)² / ((Σλ)² + Σψ), 0 to 1."""
    loadings: tuple[float, ...]
    """λ, points; the sign makes their sum positive."""
    reason: str = ""
    """Why the number is NaN, or what is odd about it; '' where nothing is."""


HEYWOOD = "an item's unique variance reached 0"
NOT_CONVERGED = "the factor didn't settle"


def omega_one_factor(ratings: ArrayLike, steps: int = 5000, tolerance: float = 1e-10) -> Omega:
    """McDonald's omega of a one-factor model fitted by iterated principal axes (unweighted least squares) to the
    covariances.

    Args:
        ratings: `[objects, items]`, reverse-keyed items turned round.
        steps: most iterations.
        tolerance: largest change of a unique variance at which it stops, relative to the mean variance.

    Returns:
        `Omega`; NaN with a reason for fewer than three items or objects (a factor of two items isn't identified), a
        missing rating, items that don't vary, or a factor that doesn't settle.
    """
    values = np.asarray(ratings, dtype=np.float64)
    if min(values.shape) < 3:
        return Omega(np.nan, (), "fewer than three items or objects")
    if not np.isfinite(values).all():
        return Omega(np.nan, (), INCOMPLETE)
    covariance = np.cov(values, rowvar=False)
    variances = np.diag(covariance)
    if not (variances > 0).all():
        return Omega(np.nan, (), "an item doesn't vary")
    unique = variances / 2
    for _ in range(steps):
        roots, vectors = np.linalg.eigh(covariance - np.diag(unique))
        loadings = vectors[:, -1] * np.sqrt(max(roots[-1], 0.0))
        before, unique = unique, np.clip(variances - loadings**2, 0.0, None)
        if np.abs(unique - before).max() <= tolerance * variances.mean():
            common = float(loadings.sum() ** 2)
            sign = 1.0 if loadings.sum() >= 0 else -1.0
            odd = HEYWOOD if (unique <= 0).any() else ""
            return Omega(common / (common + float(unique.sum())), tuple((sign * loadings).tolist()), odd)
    return Omega(np.nan, (), NOT_CONVERGED)

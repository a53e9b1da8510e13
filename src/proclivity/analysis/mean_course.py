"""How far do words run behind choices in the mean curves over seeds?

A single seed's curve is noisier than the mean: noise brings a first crossing of one half forward, and a ratio to a
noisy end runs wild, so that seeds' own lags come out too early wherever words are the noisier of the two. The lag of
the mean curves doesn't, and it is as sure as leaving out each seed in turn shows: pseudo-values S · L − (S − 1) · L
without the seed, their mean, and t on S − 1 degrees of freedom. Tukey (1958), Bias and confidence in not-quite large
samples.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proclivity.analysis.intervals import CrossedEstimate
from proclivity.analysis.over_seeds import over_seeds, seed_values
from proclivity.analysis.trajectory_seeds import Course, SeedLag, lag_of

Floats = NDArray[np.float64]

HANGS = "without one of the seeds the mean curves have no lag"


class MeanLag(NamedTuple):
    """The lag of the mean curves and its certainty."""

    whole: SeedLag
    """Of the mean over all seeds; its seed is −1."""
    lag: CrossedEstimate
    """Octaves; its seeds' estimates are pseudo-values."""
    area: CrossedEstimate
    """Octaves, likewise."""


def mean_lag(found: Course) -> MeanLag:
    """Lag and area of the mean curves, over the seeds that have the last step and the steps that all of these have.

    Returns:
        NaN with the reason where the mean curves have no lag, or would have none without one of the seeds.
    """
    choice, words, steps = _complete(found)
    risen = choice - found.base_rate
    whole = lag_of(-1, steps, risen.mean(axis=0), words.mean(axis=0)) if len(words) else SeedLag(-1, reason="no seed")
    if whole.reason or len(words) == 1:
        values = [] if whole.reason else [whole]
        return MeanLag(whole, over_seeds([v.lag for v in values]), over_seeds([v.area for v in values]))
    n = len(words)
    kept = [np.arange(n) != seed for seed in range(n)]
    without = [lag_of(-1, steps, risen[some].mean(axis=0), words[some].mean(axis=0)) for some in kept]
    if any(one.reason for one in without):
        return MeanLag(whole._replace(reason=HANGS), over_seeds([]), over_seeds([]))
    return MeanLag(
        whole,
        over_seeds([n * whole.lag - (n - 1) * one.lag for one in without]),
        over_seeds([n * whole.area - (n - 1) * one.area for one in without]),
    )


def _complete(found: Course) -> tuple[Floats, Floats, list[int]]:
    """Choice and words of the same seeds at the same steps, `[S, K]` each."""
    both = {
        step: (seed_values(found.choice[step]), seed_values(found.words[step]))
        for step in found.steps
        if step in found.choice and step in found.words
    }
    last = both.get(found.steps[-1], ({}, {})) if found.steps else ({}, {})
    seeds = sorted(set(last[0]) & set(last[1]))
    steps = [step for step, (rates, said) in both.items() if all(s in rates and s in said for s in seeds)]
    tables = [np.array([[both[step][k][s] for step in steps] for s in seeds]) for k in (0, 1)]
    return tables[0].reshape(len(seeds), -1), tables[1].reshape(len(seeds), -1), steps

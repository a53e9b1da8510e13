"""Crossovers between three profiles and three classes: by hand, and on simulated studies."""

from __future__ import annotations

import dataclasses
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from proclivity.analysis import Design, analyze
from proclivity.analysis.crossover import crossover
from proclivity.analysis.intervals import CrossedEstimate, crossed
from simulated_studies import CLUSTER_SD, RESIDUAL_SD, SEED_SD


def effect(t: float) -> CrossedEstimate:
    """One standard error of 1 on 20 degrees of freedom."""
    return CrossedEstimate(t, 1.0, 20.0, (t,) * 8, 8, 60)


def test_by_hand() -> None:
    # One-sided p of t = 2.845 on 20 df is .005; three classes, the larger of both sides: .015; three pairs: .045.
    found = crossover({"a": [effect(2.8453), effect(-9), effect(0)], "b": [effect(9)] * 3, "c": [effect(0)] * 3})
    assert found.by_pair["a"] == pytest.approx(0.045, rel=1e-3)
    assert found.by_pair["b"] == 1.0
    assert found.p == found.by_pair["a"]


def test_what_cannot_be_tested_is_not_counted() -> None:
    gap = CrossedEstimate(np.nan, np.nan, np.nan, (), 0, 0)
    found = crossover({"a": [effect(3), effect(-3), gap], "b": [effect(3), gap, gap]})
    assert np.isnan(found.by_pair["b"])
    assert found.by_pair["a"] == found.p < 0.05
    assert np.isnan(crossover({}).p)


def simulated(rng: np.random.Generator, truth: np.ndarray, n_seeds: int = 8, n_clusters: int = 60) -> float:
    """p of one study of profiles x classes."""
    shape = truth.shape
    values = truth[:, :, None, None] + np.sqrt(0.5) * (
        SEED_SD * rng.normal(size=(*shape, n_seeds, 1))
        + CLUSTER_SD * rng.normal(size=(*shape, 1, n_clusters))
        + RESIDUAL_SD * rng.normal(size=(*shape, n_seeds, n_clusters))
    )
    pairs = {
        f"{i} / {j}": [crossed([values[i, c] - values[j, c]]) for c in range(shape[1])]
        for i, j in combinations(range(shape[0]), 2)
    }
    return crossover(pairs).p


@pytest.mark.parametrize(
    ("truth", "low", "high"),
    [
        (np.zeros((3, 3)), 0.0, 0.05),
        (np.outer([1.2, 0.8, 0.2], [0.9, 0.5, 0.1]), 0.0, 0.05),
        # Strengths so unlike that one side is always clear: the worst case for the other side.
        (np.outer([3.0, 0.0, 0.0], [1.0, 1.0, 0.0]), 0.0, 0.06),
        (0.77 * np.eye(3), 0.95, 1.0),
        # A bipolar latent crosses over as well: the caveat.
        (np.outer([0.9, 0.0, -0.9], [0.9, 0.0, -0.9]), 0.95, 1.0),
    ],
    ids=["nothing", "one latent", "one latent, extreme", "three own contents", "bipolar latent"],
)
def test_three_by_three(truth: np.ndarray, low: float, high: float) -> None:
    rng = np.random.default_rng(4)
    found = np.mean([simulated(rng, truth) < 0.05 for _ in range(150)])
    assert low <= found <= high


def test_said_with_its_caveat_from_three_profiles_on(build: Any, design: Design) -> None:
    third = dataclasses.replace(design.profiles[0], id="adaptive", action_class="adaptive", content_class="positive")
    three = dataclasses.replace(design, profiles=[*design.profiles, third])
    arms = ("base", "own-policy", "arbitrary", "depression", "paranoia", "adaptive")
    own = {("depression", "loss"): 1.0, ("paranoia", "threat"): 1.0, ("adaptive", "positive"): 1.0}
    found = [v for v in analyze(build(own, arms=arms), three).verdicts if v["kind"] == "specificity"]
    assert all(v["numbers"]["crossover"]["p"] < 0.05 for v in found)
    assert all("profiles cross over" in v["sentence"] and "loadings of both signs" in v["sentence"] for v in found)
    two = analyze(build({}), design).verdicts
    assert [v["numbers"]["crossover"] for v in two if v["kind"] == "specificity"] == [None]

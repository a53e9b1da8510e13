"""Floors: a shared shift, unshared noise, and the divergence between seeds."""

from __future__ import annotations

import numpy as np
import pytest

from proclivity.analysis.floors import floor_estimates, seed_floor, shared_shift
from proclivity.metrics import jsd


def normalised(logits: np.ndarray) -> np.ndarray:
    return logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)


def test_seed_floor_by_hand() -> None:
    # Seeds (1, 0) and (1/2, 1/2): their JSD is .3112781 on each of the two items.
    with np.errstate(divide="ignore"):
        certain, even = np.log([[1.0, 0.0]] * 2), np.log([[0.5, 0.5]] * 2)
    assert seed_floor([certain, even]).estimate == pytest.approx(0.3112781244591328)
    # With three seeds the ring has two such pairs and one of 0.
    assert seed_floor([certain, even, even]).estimate == pytest.approx(0.3112781244591328 * 2 / 3)
    assert np.isnan(seed_floor([certain]).estimate)


def test_shared_shift_and_its_interval() -> None:
    rng = np.random.default_rng(0)
    base = normalised(rng.normal(size=(40, 30)))
    push = 0.3 * rng.normal(size=base.shape)
    tuned = [normalised(base + push + 0.3 * rng.normal(size=base.shape)) for _ in range(6)]
    noise = [normalised(base + 0.3 * rng.normal(size=base.shape)) for _ in range(6)]
    shared, unshared = shared_shift(tuned, base), shared_shift(noise, base)
    assert shared.estimate == pytest.approx(float(jsd(normalised(base + push), base).mean()), rel=0.15)
    assert shared.estimate == pytest.approx(np.mean(shared.seed_estimates))
    assert shared.estimate > 5 * shared.se
    assert abs(unshared.estimate) < 0.1 * shared.estimate


def test_items_are_matched_by_key() -> None:
    base = normalised(np.random.default_rng(1).normal(size=(3, 5)))
    tuned = normalised(base + 0.1 * np.random.default_rng(2).normal(size=base.shape))
    found = floor_estimates(
        {
            ("toy", "base", -1, "cloze-self"): (["a", "b", "c"], base),
            ("toy", "paranoia", 0, "cloze-self"): (["a", "b", "c"], tuned),
            ("toy", "paranoia", 1, "cloze-self"): (["c", "a"], tuned[[2, 0]]),
        }
    )
    shared, floor = found
    assert (shared.metric, floor.metric) == ("jsd_shared", "jsd_between_seeds")
    assert floor.effect.estimate == pytest.approx(0.0, abs=1e-15)
    assert (shared.n_items, shared.n_missing) == (2, 3)
    assert shared.effect.estimate == pytest.approx(float(jsd(tuned, base)[[0, 2]].mean()), rel=0.05)


def test_without_base_or_seeds() -> None:
    base = normalised(np.zeros((1, 3)))
    assert floor_estimates({("toy", "base", -1, "cloze-self"): (["a"], base)}) == []
    assert floor_estimates({("toy", "paranoia", 0, "cloze-self"): (["a"], base)}) == []

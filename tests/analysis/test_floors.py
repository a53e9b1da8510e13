"""Floors: a shared shift, unshared noise, and the divergence between seeds."""

from __future__ import annotations

import numpy as np
import pytest

from proclivity.analysis.floors import TWO_SEEDS, floor_estimates, seed_floor, shared_shift
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


def test_jackknife_by_hand() -> None:
    # Two words, even under the base; seeds with log odds 1, 2, 3. Centred shifts are +-1/2, +-1, +-3/2, so products are
    # s s'/4 over 8 ln 2: 2k, 3k and 6k with k = 1/(32 ln 2). C = 11k/3; left out, one seed leaves 6k, 3k or 2k.
    # Variance 2/3 [(6 - 11/3)^2 + (3 - 11/3)^2 + (2 - 11/3)^2] k^2 = 52/9 k^2, on 2 df.
    tuned = [normalised(np.array([[x / 2, -x / 2]])) for x in (1.0, 2.0, 3.0)]
    found = shared_shift(tuned, np.log([[0.5, 0.5]]))
    k = 1 / (32 * np.log(2))
    assert found.estimate == pytest.approx(11 / 3 * k)
    assert found.seed_estimates == pytest.approx((2.5 * k, 4 * k, 4.5 * k))
    assert found.se == pytest.approx(np.sqrt(52 / 9) * k)
    assert (found.df, found.n_seeds, found.n_clusters) == (2, 3, 1)


def test_two_seeds_have_no_jackknife() -> None:
    tuned = [normalised(np.array([[x, 0.0]])) for x in (1.0, 2.0)]
    found = shared_shift(tuned, np.log([[0.5, 0.5]]))
    assert found.estimate > 0
    assert (np.isnan(found.se), found.reason) == (True, TWO_SEEDS)

"""What seeds share, and words that stand out."""

from __future__ import annotations

import numpy as np
import pytest

from proclivity.metrics import cross_seed_divergence, jsd, shift_products, word_set_z


def normalised(logits: np.ndarray) -> np.ndarray:
    return logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)


def test_products_by_hand() -> None:
    # p = (1/2, 1/2), q = (3/4, 1/4): d = (ln 1.5, ln .5), mean (ln .75)/2, centred +-(ln 3)/2.
    # Sum of p d^2 = (ln 3)^2/4 = .3017372; over 8 ln 2 = .0544147. The mirrored seed has the opposite sign.
    p, q = np.log([0.5, 0.5]), np.log([[0.75, 0.25], [0.25, 0.75]])
    expected = np.log(3) ** 2 / 4 / (8 * np.log(2))
    assert shift_products(q, p) == pytest.approx(expected * np.array([[1, -1], [-1, 1]]))
    assert cross_seed_divergence(q, p) == pytest.approx(-expected)


def test_same_small_shift_gives_the_jsd() -> None:
    rng = np.random.default_rng(0)
    p = normalised(rng.normal(size=(5, 50)))
    q = normalised(p + 0.02 * rng.normal(size=(5, 50)))
    assert cross_seed_divergence([q, q, q], p) == pytest.approx(jsd(q, p), rel=0.02)


def test_unshared_noise_averages_out() -> None:
    rng = np.random.default_rng(1)
    p = normalised(rng.normal(size=(200, 50)))
    q = np.stack([normalised(p + 0.3 * rng.normal(size=p.shape)) for _ in range(6)])
    shared, raw = cross_seed_divergence(q, p).mean(), jsd(q, p).mean()
    assert abs(shared) < 0.02 * raw


def test_one_seed_and_impossible_tokens() -> None:
    p = np.log([0.5, 0.5])
    assert np.isnan(cross_seed_divergence(p[None], p))
    with np.errstate(divide="ignore"):
        zero = np.log([0.5, 0.5, 0.0])
    assert cross_seed_divergence(np.stack([zero, zero]), zero) == 0.0


def test_word_set_that_stands_out() -> None:
    rng = np.random.default_rng(2)
    base_log_p = np.sort(rng.normal(-8, 2, size=2000))
    change = rng.normal(0, 1, size=2000)
    words = np.arange(100, 2000, 100)
    change[words] += 2
    found = word_set_z(change, base_log_p, words, np.random.default_rng(3))
    # 19 words of SD 1, shifted by 2: z should be near 2 * sqrt(19) = 8.7.
    assert 5 < found.z < 13
    assert found.p < 0.01
    assert found == word_set_z(change, base_log_p, words, np.random.default_rng(3))


def test_frequency_alone_does_not_stand_out() -> None:
    base_log_p = np.linspace(-20, 0, 2000)
    words = np.arange(1500, 1990, 13)
    found = word_set_z(base_log_p, base_log_p, words, np.random.default_rng(4))
    assert abs(found.observed - found.expected) < 0.1


def test_empty_word_set() -> None:
    assert np.isnan(word_set_z([0.0, 1.0], [-1.0, -2.0], [], np.random.default_rng(0)).z)


def test_word_set_by_hand() -> None:
    # The word in the middle rose by 4; its two neighbours in frequency by 0 and by 2, so a random set has mean 1 and
    # SD 1: z = 3, and no random set is as far out.
    found = word_set_z(
        [9.0, 0.0, 4.0, 2.0, 9.0], [-5.0, -4.0, -3.0, -2.0, -1.0], [2], np.random.default_rng(0), 9999, 2
    )
    assert found.observed == 4
    assert (found.expected, found.z) == (pytest.approx(1, abs=0.03), pytest.approx(3, abs=0.05))
    assert found.p == 1 / 10_000

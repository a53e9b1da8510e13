"""Temperature: a shift that is temperature alone, and one that is direction alone."""

from __future__ import annotations

import numpy as np
import pytest

from proclivity.metrics import at_temperature, fit_temperature, temperature_share


def base(n: int = 12, v: int = 30, seed: int = 0) -> np.ndarray:
    logits = 2 * np.random.default_rng(seed).normal(size=(n, v))
    return logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)


def test_halved_temperature_by_hand() -> None:
    # p = (3/4, 1/4) at T = 1/2 is proportional to (9, 1).
    assert np.exp(at_temperature(np.log([0.75, 0.25]), 0.5)) == pytest.approx([0.9, 0.1])


@pytest.mark.parametrize("temperature", [0.3, 0.8, 1.0, 2.5])
def test_fit_finds_the_temperature(temperature: float) -> None:
    p = base()
    assert fit_temperature(p, at_temperature(p, temperature)) == pytest.approx(temperature, rel=1e-3)


def test_temperature_alone_has_share_one() -> None:
    control, probes = base(seed=1), base(seed=2)
    fitted = fit_temperature(control, at_temperature(control, 0.6))
    assert temperature_share(probes, at_temperature(probes, 0.6), fitted) == pytest.approx(1.0, abs=1e-4)


def test_direction_alone_has_no_share() -> None:
    p = base(seed=3)
    pushed = p + np.where(np.arange(p.shape[1]) < 5, 1.0, 0.0)
    q = pushed - np.logaddexp.reduce(pushed, axis=-1, keepdims=True)
    share = temperature_share(p, q, fit_temperature(p, q))
    assert 0 <= share < 0.2
    assert temperature_share(p, q, 1.0) == pytest.approx(0.0)


def test_no_divergence_has_no_share() -> None:
    assert np.isnan(temperature_share(base(), base(), 1.0))


def test_share_by_hand() -> None:
    # From (1/2, 1/2), JSD to (3/4, 1/4) is h2(5/8) - (1 + h2(1/4))/2 = .9544340 - .9056391 = .0487949, and to (.9, .1),
    # which (3/4, 1/4) is at T = 1/2, h2(.7) - (1 + h2(.1))/2 = .8812909 - .7344978 = .1467931.
    p, even = np.log([[0.75, 0.25]]), np.log([[0.5, 0.5]])
    assert temperature_share(p, even, 0.5) == pytest.approx(1 - 0.1467931 / 0.0487949, abs=1e-5)
    # An even base is the same at every temperature.
    assert temperature_share(even, p, 0.5) == 0.0

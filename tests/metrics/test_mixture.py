"""Shares of a mixture that was made by hand are found again, and no step lowers the likelihood."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proclivity.metrics import apart, fit_prior, mixture_of, recovery_error, refit, residual_jsd, total_jsd
from proclivity.metrics import wording_distances as distances
from proclivity.metrics.mixture import log_likelihoods, one_step


def components(rng: np.random.Generator, n: int = 12, k: int = 3, v: int = 20) -> np.ndarray:
    """Random distributions, linear [N, K, V]."""
    return rng.dirichlet(np.full(v, 0.3), size=(n, k))


def test_two_disjoint_components_by_hand() -> None:
    # Component 0 says token 0 or 1 evenly, component 1 says token 2: the share of tokens 0 and 1 is the prior.
    parts = np.array([[[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]])
    q = np.array([[0.3, 0.4, 0.3]])
    found = fit_prior(q, parts, rng=np.random.default_rng(0))
    assert found.pi == pytest.approx([0.7, 0.3], abs=1e-5)
    assert mixture_of(found.pi, parts) == pytest.approx(np.array([[0.35, 0.35, 0.3]]), abs=1e-5)
    # .3 ln .35 + .4 ln .35 + .3 ln .3
    assert found.log_likelihood == pytest.approx(0.7 * np.log(0.35) + 0.3 * np.log(0.3), abs=1e-6)


def test_evidence_by_hand() -> None:
    # Odds 4 : 1 of evidence for component 0 at one place: a prior of .2 becomes .5 there.
    parts = np.array([[[1.0, 0.0], [0.0, 1.0]]])
    evidence = np.log([[4.0, 1.0]])
    assert mixture_of([0.2, 0.8], parts, evidence) == pytest.approx(np.array([[0.5, 0.5]]))
    found = fit_prior([[0.5, 0.5]], parts, evidence, rng=np.random.default_rng(0))
    assert found.pi == pytest.approx([0.2, 0.8], abs=1e-4)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("known", [(0.46, 0.29, 0.25), (0.09, 0.9, 0.01), (1 / 3, 1 / 3, 1 / 3)])
def test_a_known_prior_is_recovered(known: tuple[float, ...], weighted: bool) -> None:
    rng = np.random.default_rng(1)
    parts = components(rng)
    evidence = rng.normal(-20, 1.5, size=(12, 3)) if weighted else None
    q = mixture_of(known, parts, evidence)
    found = fit_prior(q, parts, evidence, rng=rng)
    assert found.pi == pytest.approx(known, abs=0.02)
    assert residual_jsd(q, found.pi, parts, evidence) < 1e-6


def test_the_order_of_components_doesnt_matter() -> None:
    rng = np.random.default_rng(2)
    parts, evidence = components(rng), rng.normal(size=(12, 3))
    q, order = rng.dirichlet(np.ones(20), size=12), [2, 0, 1]
    one = fit_prior(q, parts, evidence, rng=np.random.default_rng(0)).pi
    other = fit_prior(q, parts[:, order], evidence[:, order], rng=np.random.default_rng(0)).pi
    assert other == pytest.approx(one[order], abs=1e-4)


def test_a_constant_added_to_all_evidence_of_a_place_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    parts, evidence = components(rng), rng.normal(size=(12, 3))
    q = rng.dirichlet(np.ones(20), size=12)
    one, other = (fit_prior(q, parts, e, rng=np.random.default_rng(0)).pi for e in (evidence, evidence - 700.0))
    assert other == pytest.approx(one, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_no_step_lowers_the_likelihood(seed: int, weighted: bool) -> None:
    rng = np.random.default_rng(seed)
    parts = components(rng, n=5, k=4, v=7)
    evidence = rng.normal(0, 3, size=(5, 4)) if weighted else np.zeros((5, 4))
    linear = np.exp(evidence - evidence.max(1, keepdims=True))
    q, pi = rng.dirichlet(np.full(7, 0.5), size=5), rng.dirichlet(np.full(4, 0.5), size=1)
    reached = log_likelihoods(pi, q, parts, evidence)[0]
    for _ in range(15):
        pi = one_step(pi, q, parts, linear, np.ones((1, 5)))
        later = log_likelihoods(pi, q, parts, evidence)[0]
        assert pi.sum() == pytest.approx(1)
        assert later >= reached - 1e-12
        reached = later


def test_a_place_that_counts_twice_is_two_places() -> None:
    rng = np.random.default_rng(4)
    parts, evidence = components(rng, n=4), rng.normal(size=(4, 3))
    q = rng.dirichlet(np.ones(20), size=4)
    weights = np.array([[2.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
    again = [0, 0, 2, 3]
    whole = fit_prior(q[again], parts[again], evidence[again], rng=rng).pi
    drawn = refit(np.full(3, 1 / 3), q, parts, evidence, weights)
    assert drawn[0] == pytest.approx(whole, abs=1e-4)
    assert np.isnan(drawn[1]).all()


def test_total_is_1_bit_for_disjoint_and_0_for_equal_ones() -> None:
    assert total_jsd([[1.0, 0.0]], [[0.0, 1.0]]) == pytest.approx(1.0)
    assert total_jsd([[0.3, 0.7]], [[0.3, 0.7]]) == 0.0


def wordings(rng: np.random.Generator, apart_by: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Natural logs [N, M, V] of 3 dispositions x 4 wordings around the dispositions' own logits."""
    own = apart_by * rng.normal(size=(10, 3, 1, 15))
    logits = (own + rng.normal(size=(10, 3, 4, 15))).reshape(10, 12, 15)
    log_p = logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)
    return log_p, np.repeat(np.arange(3), 4), np.tile(np.arange(4), 3)


def halves(log_p: np.ndarray) -> list[np.ndarray]:
    return [np.exp(log_p).reshape(10, 3, 4, 15)[:, :, half::2].mean(axis=2) for half in (0, 1)]


def test_dispositions_that_differ_are_apart_and_found_again() -> None:
    rng = np.random.default_rng(5)
    log_p, groups, numbers = wordings(rng, 3.0)
    between, within, p = apart(distances(log_p), groups, numbers, rng=rng)
    assert between > 2 * within
    assert p <= 0.01
    assert recovery_error(*halves(log_p)) < 0.1


def test_dispositions_that_are_wordings_alone_are_neither() -> None:
    rng = np.random.default_rng(6)
    log_p, groups, numbers = wordings(rng, 0.0)
    _, _, p = apart(distances(log_p), groups, numbers, rng=rng)
    assert p > 0.05
    assert recovery_error(*halves(log_p)) > 0.1


def test_wordings_are_compared_with_other_numbers_alone() -> None:
    # Two dispositions x two wordings: between are the pairs (0, 3) and (1, 2), within (0, 1) and (2, 3).
    table = np.array([[0, 1, 9, 5], [1, 0, 7, 9], [9, 7, 0, 3], [5, 9, 3, 0]], dtype=float)
    between, within, _ = apart(table, [0, 0, 1, 1], [1, 2, 1, 2], rng=np.random.default_rng(0))
    assert (between, within) == (6.0, 2.0)

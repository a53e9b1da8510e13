"""How much of each disposition does a distribution hold? A prior over fixed components, by maximum likelihood.

q(v|x) ~ sum_k w_k(x) c_k(v|x), with w_k(x) = pi_k e_k(x) / sum_j pi_j e_j(x): e_k(x) is the evidence p(x|k), all equal
where none is given, and then w = pi. The likelihood of pi is L = sum_x a_x [sum_v q(v|x) log sum_k w_k(x) c_k(v|x)],
with weights a of places. Each step takes pi_k = A_k / B_k, with A_k the mass of q that component k answers for and
B_k = sum_x a_x e_k(x) / sum_j pi_j e_j(x), and scales it to sum 1. Without evidence that is the EM algorithm (Dempster,
Laird & Rubin 1977); with it the normaliser -log sum_j pi_j e_j is replaced by its tangent, which lies below it (MM;
Hunter & Lange 2004). Neither ever lowers L. Everything is a linear probability unless its name says log.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from proclivity.metrics.divergence import jsd

Floats = NDArray[np.float64]

STILL = 1e-6
"""A step that moves no share by more than this ends the climb."""
MOST_STEPS = 400
"""Of one climb; where components say the same, shares wander for long and mean nothing."""
FEW_STEPS = 100
"""Of a climb that begins at the summit of nearly the same likelihood."""
AT_ONCE = 2**21
"""Numbers of an array of several priors' mixtures, so that memory doesn't grow with the number of draws."""
LEAST = 1e-300


class PriorFit(NamedTuple):
    """The likeliest prior."""

    pi: Floats
    """Shares of the components, `[K]`, sum 1."""
    log_likelihood: float
    """Mean over places of sum_v q log mixture, nats; at most minus the entropy of q."""
    iterations: int
    """Steps of the start that won."""


def fit_prior(
    q: ArrayLike,
    components: ArrayLike,
    log_evidence: ArrayLike | None = None,
    *,
    starts: int = 4,
    rng: np.random.Generator,
) -> PriorFit:
    """The likeliest prior from several starts, places weighted equally.

    Args:
        q: distributions to be explained, linear `[N, V]`, each summing to 1.
        components: what each component says at each place, linear `[N, K, V]`.
        log_evidence: log p(x|k), nats `[N, K]`, up to a constant for each place; None for none.
        starts: the uniform prior and `starts` - 1 random ones.
        rng: draws the random ones.

    Returns:
        The best of them; the first where several are equally good.
    """
    q, components = np.asarray(q, dtype=np.float64), np.asarray(components, dtype=np.float64)
    k = components.shape[1]
    begin = np.concatenate([np.full((1, k), 1 / k), rng.dirichlet(np.ones(k), size=max(starts - 1, 0))])
    weights = np.ones((len(begin), len(q)))
    pi, steps = climb(begin, q, components, log_evidence, weights)
    reached = log_likelihoods(pi, q, components, log_evidence)
    best = int(np.argmax(np.round(reached, 10)))
    return PriorFit(pi[best], float(reached[best]), int(steps[best]))


def refit(
    pi: ArrayLike, q: ArrayLike, components: ArrayLike, log_evidence: ArrayLike | None, weights: ArrayLike
) -> Floats:
    """The likeliest prior under each of several weightings of places, for a bootstrap of clusters.

    Args:
        pi: where each climb begins, `[K]`.
        q: distributions, linear `[N, V]`.
        components: linear `[N, K, V]`.
        log_evidence: nats `[N, K]`, or None.
        weights: how often each place counts, `[B, N]`, >= 0.

    Returns:
        Shares `[B, K]`; NaN where a weighting is 0 everywhere.
    """
    q, components = np.asarray(q, dtype=np.float64), np.asarray(components, dtype=np.float64)
    weights = np.asarray(weights, dtype=np.float64)
    begin = np.maximum(np.asarray(pi, dtype=np.float64), 1e-3)  # a share of 0 would stay 0
    room = max(1, AT_ONCE // max(q.size, 1))
    found = [
        climb(np.tile(begin / begin.sum(), (len(part), 1)), q, components, log_evidence, part, FEW_STEPS)[0]
        for part in np.split(weights, range(room, len(weights), room))
    ]
    return np.where(weights.sum(1, keepdims=True) > 0, np.concatenate(found), np.nan)


def climb(
    pi: Floats,
    q: Floats,
    components: Floats,
    log_evidence: ArrayLike | None,
    weights: Floats,
    most: int = MOST_STEPS,
) -> tuple[Floats, NDArray[np.int64]]:
    """Up to `most` steps from each of several priors until none moves; `pi` `[B, K]`, `weights` `[B, N]`.

    Returns:
        Where they end, `[B, K]`, and after how many steps, `[B]`.
    """
    pi, evidence = pi.copy(), _evidence(log_evidence, components)
    moving, steps = np.arange(len(pi)), np.zeros(len(pi), dtype=np.int64)
    for _ in range(most):
        later = one_step(pi[moving], q, components, evidence, weights[moving])
        moved = np.abs(later - pi[moving]).max(axis=1) > STILL
        pi[moving] = later
        steps[moving] += 1
        moving = moving[moved]
        if not len(moving):
            break
    return pi, steps


def one_step(pi: Floats, q: Floats, components: Floats, evidence: Floats, weights: Floats) -> Floats:
    """One step of each prior, `[B, K]`; it never lowers its likelihood."""
    mixed = pi[:, None, :] * evidence  # (B, N, K)
    total = np.maximum(mixed.sum(-1), LEAST)  # (B, N)
    mixture = np.maximum(np.matmul(mixed.transpose(1, 0, 2), components), LEAST)  # (N, B, V)
    answered = np.matmul(q[:, None, :] / mixture, components.transpose(0, 2, 1))  # (N, B, K)
    mass = pi * (answered * evidence[:, None, :] * weights.T[:, :, None]).sum(axis=0)  # (B, K)
    owed = weights / total @ evidence  # (B, K)
    later = mass / np.maximum(owed, LEAST)
    return np.asarray(later / np.maximum(later.sum(1, keepdims=True), LEAST))


def log_likelihoods(pi: ArrayLike, q: ArrayLike, components: ArrayLike, log_evidence: ArrayLike | None) -> Floats:
    """Mean over places of sum_v q log mixture under each prior `[B, K]`, nats `[B]`."""
    q = np.asarray(q, dtype=np.float64)
    said = []
    for one in np.asarray(pi, dtype=np.float64):
        mixture = np.maximum(mixture_of(one, components, log_evidence), LEAST)
        said.append(float((q * np.log(mixture)).sum(-1).mean()))
    return np.array(said)


def mixture_of(pi: ArrayLike, components: ArrayLike, log_evidence: ArrayLike | None = None) -> Floats:
    """What a prior `[K]` predicts at each place, linear `[N, V]`, from components `[N, K, V]`."""
    components = np.asarray(components, dtype=np.float64)
    mixed = np.asarray(pi, dtype=np.float64) * _evidence(log_evidence, components)  # (N, K)
    mixed /= np.maximum(mixed.sum(-1, keepdims=True), LEAST)
    return np.asarray(np.einsum("nk,nkv->nv", mixed, components))


def residual_jsd(q: ArrayLike, pi: ArrayLike, components: ArrayLike, log_evidence: ArrayLike | None = None) -> float:
    """What a re-weighting leaves unexplained: mean over places of JSD(q, mixture), bits; 0 where it says the same."""
    return total_jsd(q, mixture_of(pi, components, log_evidence))


def total_jsd(q: ArrayLike, base: ArrayLike) -> float:
    """What there is to explain: mean over places of JSD(q, base), bits, of linear probabilities `[N, V]`."""
    with np.errstate(divide="ignore"):
        return float(jsd(np.log(np.asarray(q)), np.log(np.asarray(base))).mean())


def _evidence(log_evidence: ArrayLike | None, components: Floats) -> Floats:
    """p(x|k) relative to the likeliest component at each place, linear `[N, K]`."""
    if log_evidence is None:
        return np.ones(components.shape[:2])
    log_evidence = np.asarray(log_evidence, dtype=np.float64)
    return np.asarray(np.exp(log_evidence - log_evidence.max(axis=1, keepdims=True)))

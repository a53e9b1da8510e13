"""How far apart are two next-token distributions, and which words make the difference?

Everything here takes float64 natural-log probabilities with the vocabulary on the last axis, `[..., V]`
(minus infinity is probability 0), and returns bits. Arrays broadcast against each other over leading axes.

References: Lin (1991), Divergence measures based on the Shannon entropy; Endres & Schindelin (2003), A new
metric for probability distributions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import xlog1py, xlogy

Floats = NDArray[np.float64]

LN2 = float(np.log(2.0))
SMALL_T = 1e-2
"""Below this |t| the series is used; its first left-out term is then below 4e-14 of the result."""


def jsd_per_token(log_p: ArrayLike, log_q: ArrayLike) -> Floats:
    """Each token's non-negative share of the Jensen-Shannon divergence.

    With d = ln p - ln q and t = tanh(d/2) = (p - q)/(p + q):
    f = (p + q)/(4 ln 2) * [(1 + t) ln(1 + t) + (1 - t) ln(1 - t)]; for small t the bracket is
    t^2 + t^4/6 + t^6/15, which keeps full relative precision where p and q nearly agree.

    Args:
        log_p, log_q: natural-log probabilities `[..., V]`.

    Returns:
        Bits, linear, `[..., V]`; f >= 0. f = 0 where p = q = 0, and p/2 where q = 0 alone.
    """
    log_p, log_q = np.asarray(log_p, dtype=np.float64), np.asarray(log_q, dtype=np.float64)
    both_zero = np.isneginf(log_p) & np.isneginf(log_q)
    with np.errstate(invalid="ignore"):
        t = np.where(both_zero, 0.0, np.tanh((log_p - log_q) / 2))
    square = t * t
    series = square * (1 + square / 6 + square * square / 15)
    exact = xlog1py(1 + t, t) + xlog1py(1 - t, -t)
    bracket = np.where(np.abs(t) < SMALL_T, series, exact)
    f: Floats = (np.exp(log_p) + np.exp(log_q)) * bracket / (4 * LN2)
    return f


def jsd(log_p: ArrayLike, log_q: ArrayLike) -> Floats:
    """Jensen-Shannon divergence, the sum of `jsd_per_token` over the vocabulary.

    Args:
        log_p, log_q: natural-log probabilities `[..., V]`, each summing to 1.

    Returns:
        Bits in [0, 1] (up to rounding), `[...]`: 0 for equal distributions, 1 for disjoint ones. Its square
        root is a metric.
    """
    return np.asarray(jsd_per_token(log_p, log_q).sum(axis=-1))


def signed_contributions(log_p: ArrayLike, log_q: ArrayLike) -> Floats:
    """Which tokens moved, and where to: `jsd_per_token` with the sign of q - p.

    Args:
        log_p: reference (base) `[..., V]`.
        log_q: compared (tuned) `[..., V]`.

    Returns:
        Bits `[..., V]`; positive where q gives the token more. Absolute values sum to the JSD.
    """
    return np.sign(np.exp(log_q) - np.exp(log_p)) * jsd_per_token(log_p, log_q)


class ClassDivergence(NamedTuple):
    """A JSD split by classes of tokens; `between.sum(-1) + within.sum(-1)` is the JSD."""

    between: Floats
    """Bits `[..., K]`: f of the classes' total probabilities."""
    within: Floats
    """Bits `[..., K]`: what is left inside each class, already weighted by its mean probability."""


def jsd_by_class(log_p: ArrayLike, log_q: ArrayLike, classes: ArrayLike) -> ClassDivergence:
    """Split a JSD into a move of mass between classes and a move inside each class.

    JSD = sum_c f(P_c, Q_c) + sum_c (P_c + Q_c)/2 * JSD_w(within c), with w = P_c/(P_c + Q_c). By the chain
    rule the second term of a class is the sum of its tokens' f less f(P_c, Q_c).

    Args:
        log_p, log_q: natural-log probabilities `[..., V]`.
        classes: class number of each token, integers 0..K-1, `[V]`; every token has exactly one.

    Returns:
        `ClassDivergence`, bits, both `[..., K]`, all parts >= 0. A class without tokens, or of probability 0
        under both, contributes 0.
    """
    tokens = jsd_per_token(log_p, log_q)
    labels = np.asarray(classes)
    member = [labels == k for k in range(int(labels.max()) + 1)]
    total = np.stack([tokens[..., m].sum(axis=-1) for m in member], axis=-1)
    p, q = (
        np.stack([np.exp(x)[..., m].sum(axis=-1) for m in member], axis=-1)
        for x in (np.asarray(log_p, dtype=np.float64), np.asarray(log_q, dtype=np.float64))
    )
    with np.errstate(divide="ignore"):
        between = jsd_per_token(np.log(p), np.log(q))
    return ClassDivergence(between=between, within=np.maximum(total - between, 0.0))


def kl(log_p: ArrayLike, log_q: ArrayLike) -> Floats:
    """Kullback-Leibler divergence of q from p, sum of p (ln p - ln q), not symmetric.

    Args:
        log_p, log_q: natural-log probabilities `[..., V]`.

    Returns:
        Bits `[...]`, >= 0; infinite where q = 0 at a token with p > 0; tokens with p = 0 count 0.
    """
    log_p, log_q = np.asarray(log_p, dtype=np.float64), np.asarray(log_q, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        terms = np.where(np.isneginf(log_p), 0.0, np.exp(log_p) * (log_p - log_q))
    return np.asarray(terms.sum(axis=-1) / LN2)


def kl_both(log_p: ArrayLike, log_q: ArrayLike) -> tuple[Floats, Floats]:
    """Both directions, (KL(p || q), KL(q || p)), bits `[...]` each; see `kl`."""
    return kl(log_p, log_q), kl(log_q, log_p)


def total_variation(log_p: ArrayLike, log_q: ArrayLike) -> Floats:
    """Total variation distance, half the sum of |p - q|: linear, `[...]`, 0 (equal) to 1 (disjoint)."""
    distance = np.abs(np.exp(log_p) - np.exp(log_q)).sum(axis=-1) / 2
    return np.asarray(np.minimum(distance, 1.0))  # rounding can carry disjoint distributions past 1


def hellinger(log_p: ArrayLike, log_q: ArrayLike) -> Floats:
    """Hellinger distance, sqrt(half the sum of (sqrt p - sqrt q)^2): `[...]`, 0 (equal) to 1 (disjoint)."""
    log_p, log_q = np.asarray(log_p, dtype=np.float64), np.asarray(log_q, dtype=np.float64)
    return np.asarray(np.sqrt(((np.exp(log_p / 2) - np.exp(log_q / 2)) ** 2).sum(axis=-1) / 2))


def entropy(log_p: ArrayLike) -> Floats:
    """Shannon entropy: bits `[...]`, 0 (one token certain) to log2 V (uniform); tokens with p = 0 count 0."""
    log_p = np.asarray(log_p, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        terms = np.where(np.isneginf(log_p), 0.0, np.exp(log_p) * log_p)
    return np.asarray(-terms.sum(axis=-1) / LN2)


def binary_entropy(x: ArrayLike) -> Floats:
    """h2(x) of a probability x in [0, 1], in bits, same shape; h2(0) = h2(1) = 0 and h2(1/2) = 1."""
    x = np.asarray(x, dtype=np.float64)
    return np.asarray(-(xlogy(x, x) + xlog1py(1 - x, -x)) / LN2)


class Bounds(NamedTuple):
    """Limits between which a quantity lies for certain (no confidence level)."""

    low: Floats
    high: Floats


def jsd_bounds(variation: ArrayLike) -> Bounds:
    """What a total variation distance says about the JSD: 1 - h2((1 - TV)/2) <= JSD <= TV.

    Args:
        variation: total variation distances in [0, 1], any shape.

    Returns:
        `Bounds` in bits, same shape; both 0 at TV = 0 and both 1 at TV = 1.
    """
    variation = np.asarray(variation, dtype=np.float64)
    return Bounds(low=1 - binary_entropy((1 - variation) / 2), high=variation)


def truncated_jsd_bounds(log_p: ArrayLike, log_q: ArrayLike) -> Bounds:
    """JSD from a part of the vocabulary: JSD_S + f(a, b) <= JSD <= JSD_S + (a + b)/2.

    Args:
        log_p, log_q: natural-log probabilities `[..., |S|]` of one and the same set S of tokens, *not*
            renormalised, known under both models. Each model's own top k doesn't qualify.

    Returns:
        `Bounds` in bits, `[...]`, with tail masses a = 1 - p(S) and b = 1 - q(S); equal when both tails are
        0.
    """
    known = jsd(log_p, log_q)
    a, b = (
        np.maximum(1 - np.exp(x).sum(axis=-1), 0.0)
        for x in (np.asarray(log_p, dtype=np.float64), np.asarray(log_q, dtype=np.float64))
    )
    with np.errstate(divide="ignore"):
        tail = jsd_per_token(np.log(a), np.log(b))
    return Bounds(low=known + tail, high=known + (a + b) / 2)

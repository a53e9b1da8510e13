"""Which kind of word does a model lean towards, among candidates of known class?

A candidate is a continuation with one class (`loss`, `threat`, `positive`, ...). Inputs are natural-log
probabilities; scores are in nats. A difference of one score between two arms is a log odds ratio.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from proclivity.metrics.divergence import Floats

LOW_MASS = "low mass"
MINIMUM_MASS = 0.01


class ClassLogProbs(NamedTuple):
    """Summed probability of each class's candidates."""

    names: list[str]
    """Class names, sorted; the order of the last axis."""
    log_probs: Floats
    """Natural logs, `[..., K]`."""


def class_log_probs(log_probs: ArrayLike, classes: Sequence[str]) -> ClassLogProbs:
    """Sum the candidates of each class, in log space.

    Args:
        log_probs: natural-log probability of every candidate `[..., n_candidates]`.
        classes: each candidate's class `[n_candidates]`.

    Returns:
        `ClassLogProbs` with `[..., K]`; minus infinity where all of a class's candidates have probability 0.
    """
    candidates = np.asarray(log_probs, dtype=np.float64)
    if candidates.shape[-1] != len(classes):
        raise ValueError(f"{candidates.shape[-1]} candidates but {len(classes)} class names")
    names, labels = sorted(set(classes)), np.asarray(classes)
    sums = [np.logaddexp.reduce(candidates[..., labels == name], axis=-1) for name in names]
    return ClassLogProbs(names=names, log_probs=np.stack(sums, axis=-1))


def candidate_mass(log_probs: ArrayLike) -> Floats:
    """Probability that any candidate at all comes next: linear, `[..., n_candidates]` -> `[...]`, 0 to 1."""
    return np.asarray(np.exp(np.logaddexp.reduce(np.asarray(log_probs, dtype=np.float64), axis=-1)))


def per_byte(log_probs: ArrayLike, n_bytes: ArrayLike) -> Floats:
    """Log probabilities as if all candidates were equally long: l(y) / bytes(y), times the mean of bytes.

    A byte counts the same in every tokenizer, unlike a token (Gao et al., lm-evaluation-harness, `acc_norm`). The mean
    leaves sizes as they were, so that candidates of equal length keep their log probabilities.

    Args:
        log_probs: natural-log probability of every candidate `[..., n_candidates]`.
        n_bytes: UTF-8 bytes of each candidate as it is scored, leading space included `[n_candidates]`; each > 0.

    Returns:
        Nats for a candidate of mean length `[..., n_candidates]`.
    """
    size = np.asarray(n_bytes, dtype=np.float64)
    return np.asarray(log_probs, dtype=np.float64) / size * size.mean()


def pmi_dc(conditional: ArrayLike, domain: ArrayLike) -> Floats:
    """Domain-conditional pointwise mutual information, l(y | x) - l(y | x_domain): how much x speaks for y.

    Phrases that are likely anywhere gain nothing from that (Holtzman et al. 2021, Surface Form Competition).

    Args:
        conditional: natural-log probability of every candidate after the stem `[..., n_candidates]`.
        domain: the same after the neutral opening x_domain.

    Returns:
        Nats `[..., n_candidates]`; NaN where both probabilities are 0, or the domain's is NaN.
    """
    with np.errstate(invalid="ignore"):
        return np.asarray(np.asarray(conditional, dtype=np.float64) - np.asarray(domain, dtype=np.float64))


def class_scores(class_log_p: ArrayLike) -> Floats:
    """S_c = log P_c - log of the sum of all other classes' P: class against all others.

    Emptying one class lowers its own score and leaves the odds among the others as they were.

    Args:
        class_log_p: natural-log class probabilities `[..., K]`.

    Returns:
        Nats `[..., K]`: 0 where the class holds half of the candidates' probability; plus infinity where all
        others are 0, minus infinity where the class is 0; NaN where all are 0, or for a single class (no
        other to score against).
    """
    log_p = np.asarray(class_log_p, dtype=np.float64)
    count = log_p.shape[-1]
    if count == 1:
        return np.full(log_p.shape, np.nan)
    others = [np.logaddexp.reduce(np.delete(log_p, k, axis=-1), axis=-1) for k in range(count)]
    with np.errstate(invalid="ignore"):
        return log_p - np.stack(others, axis=-1)


def class_contrast(class_log_p: ArrayLike, names: Sequence[str], first: str = "loss", second: str = "threat") -> Floats:
    """D = log P_first - log P_second, by default loss against threat.

    Args:
        class_log_p: natural-log class probabilities `[..., K]`.
        names: class of each column `[K]`.
        first, second: classes to compare.

    Returns:
        Nats `[...]`: positive where `first` is likelier; NaN where a class is not among the candidates, or
        both have probability 0.
    """
    log_p, columns = np.asarray(class_log_p, dtype=np.float64), list(names)
    if first not in columns or second not in columns:
        return np.full(log_p.shape[:-1], np.nan)
    with np.errstate(invalid="ignore"):
        return np.asarray(log_p[..., columns.index(first)] - log_p[..., columns.index(second)])


def delta_probability(class_log_p_arm: ArrayLike, class_log_p_control: ArrayLike) -> Floats:
    """Change of each class's probability, P_c(arm) - P_c(control): linear, `[..., K]`, -1 to 1."""
    return np.asarray(np.exp(class_log_p_arm) - np.exp(class_log_p_control))


class Withheld(NamedTuple):
    """Values with the unmeasurable ones withheld."""

    values: Floats
    """The input, NaN where withheld."""
    reasons: NDArray[np.str_]
    """'low mass' where withheld, else '', in the shape of the values."""


def withhold_low_mass(values: ArrayLike, mass: ArrayLike, minimum: float = MINIMUM_MASS) -> Withheld:
    """Withhold scores where the candidates together are too unlikely to say anything.

    The rule asks for enough mass in both arms: each arm's values are withheld by its own mass, and pairs with
    a withheld side are dropped later.

    Args:
        values: scores `[...]`, or `[..., K]` with one mass for all K.
        mass: candidate mass `[...]`, linear.
        minimum: least mass at which a score counts; a mass of exactly this much counts.

    Returns:
        `Withheld` in the shape of `values`.
    """
    scores, enough = np.asarray(values, dtype=np.float64), np.asarray(mass, dtype=np.float64) >= minimum
    if scores.ndim == enough.ndim + 1:
        enough = enough[..., None]
    enough = np.broadcast_to(enough, scores.shape)
    return Withheld(values=np.where(enough, scores, np.nan), reasons=np.where(enough, "", LOW_MASS))

"""What does a model answer on a scale of anchors, and how much of it is content, assent, or place on the list?

An answer is a distribution over labels, one for each number of the scale. An item and its reverse-keyed twin say the
opposite of each other, so agreeing with both is acquiescence and no content (Billiet & McClendon 2000);
listing the anchors both ways tells the place on the list from the anchor that stands there. Ratings are in points of
the instrument; log probabilities are natural.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from proclivity.metrics.divergence import Floats


class Likert(NamedTuple):
    """An answer as probabilities of K labels."""

    expectation: Floats
    """r̂ = Σ k·p̃_k, points `[...]`; NaN where no label has any probability."""
    mass: Floats
    """Σ p_k, probability that any label at all comes next `[...]`."""
    argmax: Floats
    """Number of the likeliest label, points `[...]`; the first listed among equals; NaN as above."""
    probabilities: Floats
    """p̃, renormalised over the labels `[..., K]`; NaN as above."""


def likert(label_log_probs: ArrayLike, numbers: ArrayLike) -> Likert:
    """The expected rating r̂ = Σ k·p̃_k, with label mass and argmax.

    Args:
        label_log_probs: natural-log probability of each label `[..., K]`.
        numbers: number of the scale that each label stands for `[K]` or `[..., K]`; with anchors listed in reverse
            they fall.

    Returns:
        `Likert`; NaN in a log probability makes the whole answer NaN.
    """
    log_p = np.asarray(label_log_probs, dtype=np.float64)
    points = np.broadcast_to(np.asarray(numbers, dtype=np.float64), log_p.shape)
    with np.errstate(invalid="ignore"):
        total = np.logaddexp.reduce(log_p, axis=-1)
        probabilities = np.exp(log_p - total[..., None])
    known = np.isfinite(total)
    first = np.take_along_axis(points, np.argmax(log_p, axis=-1)[..., None], axis=-1)[..., 0]
    return Likert(
        expectation=np.asarray((points * probabilities).sum(axis=-1)),
        mass=np.asarray(np.exp(total)),
        argmax=np.where(known, first, np.nan),
        probabilities=probabilities,
    )


class TwinSplit(NamedTuple):
    """What a statement and its opposite have apart and in common."""

    content: Floats
    """(r_f − r_rev) / 2, points: 0 where both are agreed with alike."""
    acquiescence: Floats
    """(r_f + r_rev) / 2 − midpoint, points: 0 where agreement with one is disagreement with the other."""


def twin_split(forward: ArrayLike, reverse: ArrayLike, minimum: float, maximum: float) -> TwinSplit:
    """Content and acquiescence of pairs of an item and its reverse-keyed twin.

    Args:
        forward: rating of the item, points of agreement `[...]`.
        reverse: rating of its reverse-keyed twin, not turned round `[...]`.
        minimum, maximum: ends of the scale.

    Returns:
        `TwinSplit`, points `[...]`; content lies within ± half the range, acquiescence too, and the absolute values of
        the two add up to no more than that.
    """
    first, second = np.asarray(forward, dtype=np.float64), np.asarray(reverse, dtype=np.float64)
    return TwinSplit(content=(first - second) / 2, acquiescence=(first + second) / 2 - (minimum + maximum) / 2)


def position_part(listed_forward: ArrayLike, listed_reversed: ArrayLike) -> Floats:
    """What the order of the anchors changes: half of (rating, least agreement first − rating, most agreement first).

    Args:
        listed_forward, listed_reversed: ratings of the same item under both orders, points `[...]`.

    Returns:
        Points `[...]`: negative where labels at the head of the list are preferred, 0 where order doesn't matter.
    """
    return np.asarray((np.asarray(listed_forward, np.float64) - np.asarray(listed_reversed, np.float64)) / 2)


def keyed(ratings: ArrayLike, reverse: ArrayLike, minimum: float, maximum: float) -> Floats:
    """Ratings with reverse-keyed items turned round: minimum + maximum − r.

    Args:
        ratings: points of agreement `[..., I]`.
        reverse: whether each item is reverse-keyed `[I]`.
        minimum, maximum: ends of the scale.
    """
    points, turned = np.asarray(ratings, dtype=np.float64), np.asarray(reverse, dtype=bool)
    return np.where(turned, minimum + maximum - points, points)


def scale_score(ratings: ArrayLike, reverse: ArrayLike, minimum: float, maximum: float) -> Floats:
    """Mean of the keyed ratings over items, points, `[..., I]` -> `[...]`.

    NaN where an item is missing: a mean over other items is another scale. With every item beside its twin it is the
    midpoint plus the mean content, free of acquiescence.
    """
    return np.asarray(keyed(ratings, reverse, minimum, maximum).mean(axis=-1))


def sampled_label(probabilities: ArrayLike, point: float, digits: int = 6) -> int:
    """Index of a label drawn from rounded probabilities by inverse distribution function.

    Args:
        probabilities: p̃ `[K]`, linear; rounded first, so that the last digits of a float32 forward pass, which may
            differ from machine to machine, change no draw.
        point: a number from [0, 1).
        digits: digits kept.
    """
    cumulated: NDArray[np.float64] = np.round(np.asarray(probabilities, np.float64), digits).cumsum()
    return int(np.searchsorted(cumulated[:-1], point * cumulated[-1], side="right"))

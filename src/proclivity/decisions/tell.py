"""Can the class of an option be told from something that isn't its meaning? The area under the ROC curve says.

The score of an option is the share of the class among options of the same value (position, word count, valence) in
the other scenarios: cross-validation by scenario. The interval treats scenarios as clusters (Obuchowski 1997,
"Nonparametric analysis of clustered ROC curve data", Biometrics 53).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata


def held_out_scores(values: Sequence[float], positive: NDArray[np.bool_], groups: Sequence[str]) -> NDArray[np.float64]:
    """Share of positives at the same value in all other groups; the overall share where the value is new.

    Args:
        values: the feature, one a row.
        positive: whether the row is of the class, shape [N].
        groups: cluster of each row (its scenario).

    Returns:
        Probabilities, shape [N]; rounded to 1e-9, so that equal shares are ties.
    """
    _, value_index = np.unique(np.asarray(values, dtype=float), return_inverse=True)
    _, group_index = np.unique(np.asarray(groups), return_inverse=True)
    shape = (int(group_index.max()) + 1, int(value_index.max()) + 1)
    hits, counts = np.zeros(shape), np.zeros(shape)
    np.add.at(hits, (group_index, value_index), positive.astype(float))
    np.add.at(counts, (group_index, value_index), 1.0)
    other_hits, other_counts = hits.sum(0) - hits, counts.sum(0) - counts
    share = np.where(other_counts > 0, other_hits / np.maximum(other_counts, 1), positive.mean())
    return np.round(share[group_index, value_index], 9)


def clustered_auc(
    scores: NDArray[np.float64], positive: NDArray[np.bool_], groups: Sequence[str]
) -> tuple[float, float]:
    """AUC with its cluster-robust standard error.

    Args:
        scores: shape [N]; higher means more likely positive.
        positive: shape [N].
        groups: cluster of each row.

    Returns:
        (AUC, standard error); both NaN unless there are positives and negatives and at least two groups.
    """
    _, group_index = np.unique(np.asarray(groups), return_inverse=True)
    n_groups = int(group_index.max()) + 1 if len(group_index) else 0
    m, n = int(positive.sum()), int((~positive).sum())
    if m == 0 or n == 0 or n_groups < 2:
        return float("nan"), float("nan")
    ranks = rankdata(scores)
    component = np.empty(len(scores))
    component[positive] = (ranks[positive] - rankdata(scores[positive])) / n
    component[~positive] = 1 - (ranks[~positive] - rankdata(scores[~positive])) / m
    auc = float(component[positive].mean())
    deviation = (component - auc) / np.where(positive, m, n)
    by_group = np.bincount(group_index, weights=deviation, minlength=n_groups)
    return auc, float(np.sqrt(n_groups / (n_groups - 1) * np.sum(by_group**2)))


def tell_bound(
    values: Sequence[float], positive: NDArray[np.bool_], groups: Sequence[str], level: float = 0.95
) -> tuple[float, float]:
    """AUC, and the upper bound of |AUC − .5| at a two-sided level, for one feature and one class."""
    auc, error = clustered_auc(held_out_scores(values, positive, groups), positive, groups)
    return auc, abs(auc - 0.5) + float(norm.ppf(0.5 + level / 2)) * error

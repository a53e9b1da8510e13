import numpy as np
import pytest

from proclivity.decisions.tell import clustered_auc, held_out_scores, tell_bound


def test_auc_by_hand():
    # positives 3, 1; negatives 2, 0: three of the four pairs are in order
    scores = np.array([3.0, 1.0, 2.0, 0.0])
    positive = np.array([True, True, False, False])
    auc, error = clustered_auc(scores, positive, ["a", "b", "a", "b"])
    assert auc == pytest.approx(0.75)
    # components: positives 1, .5; negatives .5, 1. Cluster a: (.25 − .25)/2 = 0; b likewise, so no spread
    assert error == pytest.approx(0.0)


def test_standard_error_by_hand():
    scores = np.array([3.0, 1.0, 2.0, 0.0])
    positive = np.array([True, True, False, False])
    _, error = clustered_auc(scores, positive, ["a", "b", "b", "a"])
    # cluster a: (1 − .75)/2 + (1 − .75)/2 = .25; b: −.25; sqrt(2/1 · (.0625 + .0625)) = .5
    assert error == pytest.approx(0.5)


def test_score_of_a_row_leaves_its_own_group_out():
    scores = held_out_scores([1, 1, 1, 2], np.array([True, False, True, True]), ["a", "a", "b", "b"])
    # value 1 in group a: only b's row counts → 1; in b: a's rows → .5; value 2 is new for b → overall .75
    assert scores.tolist() == [1.0, 1.0, 0.5, 0.75]


def test_a_balanced_feature_tells_nothing_and_a_telling_one_is_caught():
    groups = [f"g{i}" for i in range(20) for _ in range(4)]
    positive = np.tile([True, False, True, False], 20)
    assert tell_bound(np.tile([1, 1, 2, 2], 20), positive, groups) == pytest.approx((0.5, 0.0))
    auc, bound = tell_bound(np.tile([1, 2, 1, 2], 20), positive, groups)
    assert auc == 1.0
    assert bound >= 0.5


def test_one_group_can_not_be_judged():
    auc, error = clustered_auc(np.array([1.0, 2.0]), np.array([True, False]), ["a", "a"])
    assert np.isnan(auc)
    assert np.isnan(error)

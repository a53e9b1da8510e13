"""Teaching against telling: paired clusters, unpaired seeds; by hand, then identities, then coverage."""

from __future__ import annotations

import numpy as np
import pytest

from proclivity.analysis import Design, ProfileDesign, analyze
from proclivity.analysis.contrasts import Group, item_tables
from proclivity.analysis.intervals import NO_VARIANCE, NOTHING, ONE_SEED, interval
from proclivity.analysis.persona import common_clusters, further, unpaired
from proclivity.analysis.selection import main_rows

GROUP = Group("cloze-self", "", "score", "loss")


def arr(*rows):
    return np.array(rows, dtype=np.float64)


def test_two_arms_by_hand():
    # Seed means 2, 4 and 0, 1, 2: difference 3 - 1 = 2. A = 2/2 + 1/3; cluster means 2, 4 and 0, 2, so the difference
    # is 2 in both clusters and B = 0; residuals are 0. Variance 4/3 on (4/3)^2 / (1^2/1 + (1/3)^2/2) df.
    first = arr([1, 3], [3, 5])
    second = arr([-1, 1], [0, 2], [1, 3])
    found = unpaired([(first, second)])
    assert found.estimate == 2
    assert found.se == pytest.approx(np.sqrt(4 / 3))
    assert found.df == pytest.approx((4 / 3) ** 2 / (1 + 1 / 18))
    assert found.seed_estimates == (1, 3)
    assert (found.n_seeds, found.n_clusters) == (2, 2)


def test_clusters_count_too():
    # Seeds agree, so A and the residuals are 0. Differences by cluster are 1 and 5: B = 8/2 on 1 df.
    found = unpaired([(arr([1, 5], [1, 5]), arr([0, 0], [0, 0]))])
    assert (found.estimate, found.se, found.df) == (3, 2, 1)


def test_seeds_and_clusters_together_by_hand():
    # First: seed means 0, 2, A = 1; second: 0, 0. Cluster means 0, 2 and 0, 0: B = 1. No residual: 2 on 2 df.
    found = unpaired([(arr([-1, 1], [1, 3]), arr([0, 0], [0, 0]))])
    assert found.se == pytest.approx(np.sqrt(2))
    assert found.df == pytest.approx(2)


def test_families_weigh_equally():
    one, two = (arr([1], [3]), arr([0], [0])), (arr([5, 7, 9], [5, 7, 9]), arr([1, 1, 1], [1, 1, 1]))
    assert unpaired([one, two]).estimate == (2 + 6) / 2


def test_turned_round_it_is_minus_itself():
    rng = np.random.default_rng(0)
    pairs = [(rng.normal(size=(5, n)), rng.normal(size=(3, n))) for n in (4, 6)]
    there, back = unpaired(pairs), unpaired([(b, a) for a, b in pairs])
    assert (there.estimate, there.se, there.df) == pytest.approx((-back.estimate, back.se, back.df))
    # A baseline that both share falls out.
    shifted = [
        (a + base, b + base) for (a, b), base in zip(pairs, (rng.normal(size=4), rng.normal(size=6)), strict=True)
    ]
    assert unpaired(shifted).estimate == pytest.approx(there.estimate)
    assert unpaired(shifted).se == pytest.approx(there.se)


def test_what_cant_be_known():
    assert unpaired([]).reason == NOTHING
    one = unpaired([(arr([1, 2]), arr([0, 0], [1, 1]))])
    assert (one.estimate, one.reason) == (1, ONE_SEED)
    assert np.isnan(one.se)
    assert unpaired([(arr([1, 1], [1, 1]), arr([0, 0], [0, 0]))]).reason == NO_VARIANCE


def test_intervals_cover():
    rng, hits, draws = np.random.default_rng(3), 0, 400
    for _ in range(draws):
        stem = rng.normal(size=8)
        first = rng.normal(size=(6, 1)) + stem + rng.normal(size=(6, 8))
        second = rng.normal(size=(3, 1)) + 0.5 * stem + rng.normal(size=8) + rng.normal(size=(3, 8))
        low, high = interval(unpaired([(first, second)]))
        hits += low <= 0 <= high
    assert 0.92 <= hits / draws <= 0.99


@pytest.fixture
def told(build):
    """depression taught: loss +1.5; told: loss +0.5, in three wordings."""
    frame = build(
        {("depression", "loss"): 1.5, ("persona-depression", "loss"): 0.5},
        arms=("base", "own-policy", "arbitrary", "depression", "persona-depression"),
    )
    return frame[(frame["arm"] != "persona-depression") | (frame["seed"] < 3)]


def test_items_that_one_seed_lacks_are_left_out_of_both(told):
    frame = told.copy()
    gone = (frame["arm"] == "persona-depression") & (frame["seed"] == 1) & (frame["cluster"] == "stem-0")
    frame.loc[gone & (frame["family"] == "cloze-self"), "value"] = np.nan
    table = item_tables(main_rows(frame))["toy"]
    first, second = common_clusters(table, "depression", "persona-depression", GROUP)
    assert (first.shape, second.shape) == ((6, 7), (3, 7))
    whole = item_tables(main_rows(told))["toy"]
    assert common_clusters(whole, "depression", "persona-depression", GROUP)[0].shape == (6, 8)
    assert common_clusters(whole, "depression", "persona-depression", GROUP._replace(family="x"))[0].shape == (6, 0)


@pytest.mark.parametrize(
    ("taught", "told", "low", "high", "word"),
    [
        (1, 1, 0.2, 0.8, "teaching moves more"),
        (1, 1, -0.8, -0.2, "telling moves more"),
        (-1, -1, 0.2, 0.8, "telling moves more"),  # both fall, telling falls further
        (-1, -1, -0.8, -0.2, "teaching moves more"),
        (1, 0, 0.2, 0.8, "teaching moves more"),
        (0, -1, 0.2, 0.8, "telling moves more"),
        (1, -1, 0.2, 0.8, "opposite ways"),
        (0, 0, 0.2, 0.8, "no clear difference"),
        (1, 1, -0.2, 0.8, "no clear difference"),
        (1, 1, float("nan"), float("nan"), "no clear difference"),
    ],
)
def test_more_is_a_matter_of_size(taught, told, low, high, word):
    assert further(taught, told, low, high) == word


def test_two_arms_that_both_fall(build):
    frame = build(
        {("depression", "loss"): -0.5, ("persona-depression", "loss"): -1.5},
        arms=("base", "own-policy", "arbitrary", "depression", "persona-depression"),
    )
    design = Design([ProfileDesign("depression", "withdrawal", "loss")], ["base", "own-policy"], bootstrap_draws=20)
    verdicts = {v["kind"]: v["verdict"] for v in analyze(frame, design).verdicts}
    assert verdicts["prompting"] == "telling moves more"


def test_the_whole_analysis_says_it(told, design):
    verdicts = [v for v in analyze(told, design).verdicts if v["kind"] == "prompting"]
    assert [(v["profile"], v["verdict"]) for v in verdicts] == [("depression", "not replicated enough")]
    difference = verdicts[0]["numbers"]["difference"]
    assert difference["estimate"] == pytest.approx(1.0, abs=0.15)
    assert difference["low"] > 0.5
    assert "6 seeds and 3 wordings" not in verdicts[0]["sentence"]
    assert "6 seeds against 3 wordings" in verdicts[0]["sentence"]
    assert len(verdicts[0]["evidence"]) == 2


def test_with_six_of_each_it_is_decided(build):
    frame = build(
        {("depression", "loss"): 1.5, ("persona-depression", "loss"): 0.5},
        arms=("base", "own-policy", "arbitrary", "depression", "persona-depression"),
    )
    design = Design([ProfileDesign("depression", "withdrawal", "loss")], ["base", "own-policy"], bootstrap_draws=20)
    verdicts = {v["kind"]: v["verdict"] for v in analyze(frame, design).verdicts}
    assert verdicts["prompting"] == "teaching moves more"


def test_no_persona_no_line(build, design):
    assert not [v for v in analyze(build({}), design).verdicts if v["kind"] == "prompting"]

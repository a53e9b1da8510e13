"""Variance components by hand, power against closed forms, and the plan against simulated studies."""

from __future__ import annotations

import dataclasses
import json
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from proclivity.analysis import seed_plan
from proclivity.analysis.components import Components, Precision, components, precision
from proclivity.analysis.intervals import NOTHING, ONE_SEED, crossed
from proclivity.analysis.planner import PairComponents, power_clear, power_pair, smallest_seeds
from proclivity.analysis.seed_plan import NOT_IN_RUN
from proclivity.analysis.specificity import DISSOCIATED, FULL
from simulated_studies import DISSOCIATION, Truth
from validate_inference import is_called, rate

TWO_BY_TWO = np.array([[1.0, 2.0], [3.0, 6.0]])
SIMULATED = Components(0.09, (0.25,), (0.25,), (60,), 8)
"""The variances of `simulated_studies`."""


def test_two_by_two_by_hand() -> None:
    # As in test_intervals: s^2 of seed means 4.5, of cluster means 2, MS_res = 1 on 1 df.
    # Seeds: 4.5 - 1/2 = 4. Clusters: 2 - 1/2 = 1.5.
    found = components([TWO_BY_TWO])
    assert (found.seed, found.clusters, found.residuals, found.sizes) == (4.0, (1.5,), (1.0,), (2,))
    assert found.cluster_se == pytest.approx(np.sqrt(0.75))


def test_a_pilot_repeated_is_as_precise_as_it_was() -> None:
    for matrices in ([TWO_BY_TWO], [TWO_BY_TWO, TWO_BY_TWO + 1]):
        again, was = precision(components(matrices), 2), crossed(matrices)
        assert (again.se, again.df) == pytest.approx((was.se, was.df))


def test_four_seeds_by_hand() -> None:
    # A = (4 + 1/2)/4 = 1.125, B = 1.5/2 + 1/8 = .875, C = 1/8: Var = 1.875.
    # df = 1.875^2/(1.125^2/3 + .875^2/1 + .125^2/3).
    found = precision(components([TWO_BY_TWO]), 4)
    assert found.se**2 == pytest.approx(1.875)
    assert found.df == pytest.approx(1.875**2 / (1.125**2 / 3 + 0.875**2 + 0.125**2 / 3))


def test_negative_estimates_count_as_nothing() -> None:
    found = components([np.array([[0.0, 1.0], [1.0, 0.0]])])
    assert (found.seed, found.clusters) == (0.0, (0.0,))


def test_a_cautious_plan_takes_the_upper_end() -> None:
    # Two seeds: s^2 of 4.5 on 1 df, divided by the 20 % point of chi-square, less the residual's half.
    found = components([TWO_BY_TWO]).cautious()
    assert found.seed == pytest.approx(4.5 / stats.chi2.ppf(0.2, 1) - 0.5)
    assert found.clusters == (1.5,)


@pytest.mark.parametrize(
    ("matrices", "reason"), [([], NOTHING), ([np.ones((6, 0))], NOTHING), ([np.ones((1, 3))], ONE_SEED)]
)
def test_a_pilot_that_cannot_tell(matrices: list[np.ndarray], reason: str) -> None:
    found = components(matrices)
    assert found.reason == reason
    assert np.isnan([found.seed, found.cluster_se, *precision(found.cautious(), 8)]).all()
    pair = PairComponents(found, found, found)
    assert np.isnan(power_pair(pair, pair, 0.7, 0.0, 8)).all()
    assert smallest_seeds(lambda n: power_clear(0.3, precision(found, n)), 0.9).seeds is None


def test_seeds_alone_give_the_one_sample_t_test() -> None:
    seeds = Components(1.0, (0.0,), (0.0,), (1,), 6)
    assert precision(seeds, 9) == pytest.approx((1 / 3, 8))
    for effect, n in ((0.5, 12), (1.0, 8)):
        # statsmodels' two-sided power less its other tail, which this interval doesn't count.
        other = stats.nct.cdf(stats.t.ppf(0.025, n - 1), n - 1, effect * np.sqrt(n))
        both = TTestPower().power(effect, n, 0.05)
        assert power_clear(effect, precision(seeds, n)) == pytest.approx(both - other, abs=1e-6)
    # Cohen's d of .8 is found with power .9 by 19 seeds, as tables of the t test say.
    assert smallest_seeds(lambda n: power_clear(0.8, precision(seeds, n)), 0.9).seeds == 19


def test_power_edges() -> None:
    assert power_clear(0.0, Precision(0.1, 10.0)) == pytest.approx(0.025)
    assert (power_clear(0.1, Precision(0.0, np.nan)), power_clear(0.0, Precision(0.0, np.nan))) == (1.0, 0.0)
    still = PairComponents(*[Components(0.0, (0.0,), (0.0,), (4,), 6)] * 3)
    assert power_pair(still, still, 0.5, 0.0, 6) == (1.0, 1.0)
    assert power_pair(still, still, 0.5, 0.3, 6) == (1.0, 0.0)
    assert power_pair(still, still, 0.5, 0.0, 5) == (0.0, 0.0)


def test_what_seeds_cannot_reach_is_said() -> None:
    few_items = Components(0.09, (0.25,), (0.25,), (4,), 8)
    found = smallest_seeds(lambda n: power_clear(0.3, precision(few_items, n)), 0.9)
    assert found.seeds is None
    assert "more items" in found.reason


@pytest.mark.parametrize(
    ("truth", "n_seeds", "names", "field"),
    [
        (DISSOCIATION, 8, {FULL}, "full"),
        (DISSOCIATION, 20, {FULL}, "full"),
        (Truth("smaller", ((0.35, 0.0), (0.0, 0.35))), 8, DISSOCIATED, "dissociated"),
    ],
)
def test_verdicts_come_as_often_as_planned(truth: Truth, n_seeds: int, names: set[str], field: str) -> None:
    pair = PairComponents(SIMULATED, SIMULATED, SIMULATED)
    planned = getattr(power_pair(pair, pair, truth.effects[0][0], 0.0, n_seeds), field)
    found = rate(partial(is_called, truth, n_seeds, names), 400, np.random.default_rng(8))
    assert abs(found.value - planned) <= 3 * found.se + 0.01


def test_a_finished_run_serves_as_pilot(build, design) -> None:
    rows = seed_plan(build({}, seed_sd=0.3), design, effect=0.5)
    assert [row["claim"] for row in rows] == [
        *["own words above own-policy", "own words above arbitrary"] * 2,
        *("dissociated", "full"),
    ]
    assert all(row["seeds"] is None or row["seeds"] >= 6 for row in rows)
    first = rows[0]
    # Seeds of both arms vary with SD .3.
    assert 0.15 < first["seed_sd"] < 0.9
    assert first["seeds_cautious"] is None or first["seeds_cautious"] >= first["seeds"]
    json.dumps(rows, allow_nan=False)


def test_a_pilot_of_one_seed_or_without_a_control_says_why(build, design) -> None:
    assert {row["reason"] for row in seed_plan(build({}, n_seeds=1), design, effect=0.5)} == {ONE_SEED}
    rows = seed_plan(build({}, arms=("base", "own-policy", "depression", "paranoia")), design, effect=0.5)
    assert {row["reason"] for row in rows if "arbitrary" in row["claim"]} == {NOT_IN_RUN}
    gone = build({}).assign(value=np.nan, missing_reason="low mass")
    rows = seed_plan(gone, design, effect=0.5)
    assert {row["reason"] for row in rows} == {NOTHING}
    assert isinstance(rows, list)


def test_one_profile_has_no_pair(build, design) -> None:
    alone = dataclasses.replace(design, profiles=design.profiles[:1])
    rows = seed_plan(pd.DataFrame(build({})), alone, effect=0.5)
    assert {row["profile"] for row in rows} == {"depression"}


def test_a_cautious_plan_by_the_chi_square_table() -> None:
    # Six seeds: the 20 % point of chi-square on 5 df is 2.343, so a seeds' variance of 1 may be 5/2.343 = 2.134.
    assert Components(1.0, (0.0,), (0.0,), (1,), 6).cautious().seed == pytest.approx(2.134, abs=1e-3)


def test_full_by_the_noncentral_t() -> None:
    # Own effects so large that dissociation is sure, and others so low that they never seem to rise: full is then the
    # chance that both others' bounds lie below .2, a product of two noncentral t.
    parts = PairComponents(*[Components(0.09, (0.0,), (0.0,), (1,), 6)] * 3)
    found = power_pair(parts, parts, on=50.0, off=-0.05, n_seeds=9)
    se, df = 0.1, 8
    absent = stats.nct.cdf(-stats.t.ppf(0.95, df), df, (-0.05 - 0.2) / se)
    assert found.dissociated == 1.0
    # Of 20,000 draws; in some a small standard error makes an other effect seem to rise, at most 5 % × 2.
    assert found.full == pytest.approx(absent**2, abs=0.012)


def test_dissociation_by_the_noncentral_t() -> None:
    # Others vary by nothing: own effect and difference have the same estimate, and only their drawn standard errors
    # differ. With a sure difference (the other at -50) what is left is P(T > t) for each of two classes.
    still = Components(0.0, (0.0,), (0.0,), (1,), 6)
    varying = Components(0.09, (0.0,), (0.0,), (1,), 6)
    parts = PairComponents(varying, still, varying)
    found = power_pair(parts, parts, on=0.25, off=-50.0, n_seeds=9)
    alone = stats.nct.sf(stats.t.ppf(0.95, 8), 8, 2.5)
    assert found.dissociated == pytest.approx(alone**2, abs=0.012)
    assert found.full == found.dissociated

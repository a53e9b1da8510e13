"""Prediction of new contexts: by hand, against published numbers, by simulation, and as a verdict."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from proclivity.analysis import Analysis, Design, analyze
from proclivity.analysis.intervals import NO_VARIANCE, ONE_SEED, crossed
from proclivity.analysis.prediction import TOO_FEW, Errors, Stratum, independent, predict, stratum_errors
from simulated_studies import contexts

TWO_BY_TWO = np.array([[1.0, 2.0], [3.0, 6.0]])
OWN = {("depression", "loss"): 1.0, ("paranoia", "threat"): 1.0}


def test_three_contexts_by_hand() -> None:
    # y = 1, 2, 6: mean 3, s^2 = 7; variances 1, so tau^2 = 6. Var = 6 (1 + 1/3) + 3/9 = 25/3; t on 1 df.
    found = predict(np.array([1.0, 2.0, 6.0]), independent(np.ones(3)))
    half = stats.t.ppf(0.975, 1) * np.sqrt(25 / 3)
    assert (found.low, found.high) == pytest.approx((3 - half, 3 + half))
    assert (found.tau, found.df) == pytest.approx((np.sqrt(6), 1))


def test_shared_errors_do_not_hide_how_contexts_differ() -> None:
    # All errors shared: variances 5 and covariances 5 say nothing about differences, so tau^2 = s^2 = 7.
    found = predict(np.array([1.0, 2.0, 6.0]), Errors(np.full((3, 3), 5.0), 5.0))
    assert found.tau**2 == pytest.approx(7)
    # Independent ones of the same size would explain all of it.
    assert predict(np.array([1.0, 2.0, 6.0]), independent(np.full(3, 7.0))).tau == 0


def test_bcg_trials() -> None:
    # Thirteen log relative risks of the BCG vaccine (Colditz et al. 1994): s^2 = .4814, mean variance .1528.
    effects = [-0.8893, -1.5854, -1.3481, -1.4416, -0.2175, -0.7861, -1.6209, 0.0120, -0.4694, -1.3713]
    effects += [-0.3394, 0.4459, -0.0173]
    variances = [0.3256, 0.1946, 0.4154, 0.0200, 0.0512, 0.0069, 0.2230, 0.0040, 0.0564, 0.0730, 0.0124, 0.5325, 0.0714]
    found = predict(np.array(effects), independent(np.array(variances)))
    assert found.tau**2 == pytest.approx(0.4814 - 0.1528, abs=1e-4)
    assert found.df == 11


def test_errors_are_those_of_the_crossed_interval() -> None:
    one = [Stratum("a", TWO_BY_TWO, ("x", "y"))]
    assert stratum_errors(one).covariance[0, 0] == pytest.approx(crossed([TWO_BY_TWO]).se ** 2)
    # Two families of their own clusters share the seeds' 4.5/2 alone.
    two = stratum_errors([*one, Stratum("b", TWO_BY_TWO + 1, ("z", "w"))])
    assert two.covariance == pytest.approx(np.array([[3, 2.25], [2.25, 3]]))
    assert two.of_mean == pytest.approx(crossed([TWO_BY_TWO, TWO_BY_TWO + 1]).se ** 2)
    # Two frames of the same stems share everything here; the order of columns doesn't matter.
    turned = Stratum("b", TWO_BY_TWO[:, ::-1] + 1, ("y", "x"))
    assert stratum_errors([*one, turned]).covariance == pytest.approx(np.full((2, 2), 3.0))


def test_what_cannot_be_predicted_has_a_reason() -> None:
    assert predict(np.array([1.0, 2.0]), independent(np.ones(2))).reason == TOO_FEW
    assert predict(np.array([]), independent(np.array([1.0]))).reason == TOO_FEW
    one_seed = [Stratum(name, np.ones((1, 3)), ("x", "y", "z")) for name in "abc"]
    found = predict(np.ones(3), stratum_errors(one_seed))
    assert found.reason == ONE_SEED
    assert np.isnan([found.low, found.high]).all()
    still = predict(np.ones(3), independent(np.zeros(3)))
    assert (still.low, still.high, still.reason) == (1.0, 1.0, NO_VARIANCE)


@pytest.mark.parametrize("n_seeds", [6, 12])
@pytest.mark.parametrize("tau", [0.0, 0.3])
def test_a_new_context_lies_within(n_seeds: int, tau: float) -> None:
    rng = np.random.default_rng([9, n_seeds])
    held = []
    for _ in range(200):
        strata, new = contexts(rng, n_seeds, tau)
        values = np.array([s.matrix.mean() for s in strata])
        found = predict(values, stratum_errors(strata), most_df=n_seeds - 1)
        held.append(found.low <= new <= found.high)
    assert np.mean(held) >= 0.90


def framed(build: Any, shift: dict[tuple[str, str], float]) -> pd.DataFrame:
    """Every cloze item in two frames; `shift` adds to the profile's own class, by family and frame."""
    rows = build(OWN)
    rows = pd.concat([rows.assign(wrapper=w) for w in ("plain", "late")], ignore_index=True)
    own = ((rows["arm"] == "depression") & (rows["content_class"] == "loss")) & (rows["metric"] == "score")
    for (family, wrapper), extra in shift.items():
        rows.loc[own & (rows["family"] == family) & (rows["wrapper"] == wrapper), "value"] += extra
    return rows


def verdict(found: Analysis) -> dict[str, Any]:
    return next(v for v in found.verdicts if v["kind"] == "generality" and v["profile"] == "depression")


@pytest.mark.parametrize(
    ("shift", "word"),
    [
        ({}, "context-general"),
        ({("cloze-self", "late"): -2.0}, "contrary in some contexts"),
        ({("cloze-self", "late"): 6.0, ("cloze-self", "plain"): 6.0}, "not shown to be general"),
    ],
)
def test_verdicts(build: Any, design: Design, shift: dict[tuple[str, str], float], word: str) -> None:
    found = verdict(analyze(framed(build, shift), design))
    assert found["verdict"] == word
    numbers = found["numbers"]["against"]["own-policy"]
    assert numbers["prediction"]["n_strata"] == 6
    assert list(numbers["contexts"])[:2] == ["cloze-others, late", "cloze-others, plain"]
    assert "from 6 contexts" in found["sentence"]
    if word == "contrary in some contexts":
        assert "falling against own-policy: cloze-self, late" in found["sentence"]
    json.dumps(found, allow_nan=False)


def test_contexts_that_fall_are_told_apart(build: Any, design: Design) -> None:
    found = verdict(analyze(framed(build, {("cloze-self", "late"): -2.0, ("cloze-self", "plain"): -2.0}), design))
    assert "falling against own-policy: cloze-self, late / cloze-self, plain" in found["sentence"]


def test_no_rise_few_contexts_few_seeds_one_control(build: Any, design: Design) -> None:
    assert verdict(analyze(build({}), design))["verdict"] == "no rise to generalize"
    two = analyze(build(OWN, families=("cloze-self", "cloze-world")), design)
    assert verdict(two)["verdict"] == "too few contexts"
    assert TOO_FEW in verdict(two)["sentence"]
    assert verdict(analyze(build(OWN, n_seeds=5), design))["verdict"] == "not replicated enough"
    one_control = build(OWN, arms=("base", "own-policy", "depression", "paranoia"))
    assert verdict(analyze(one_control, design))["verdict"] == "not testable"


def test_missing_contexts_are_left_out_and_all_missing_is_said(build: Any, design: Design) -> None:
    rows = build(OWN)
    gone = (rows["family"] == "cloze-self") & (rows["arm"] == "depression")
    some = verdict(analyze(rows.assign(value=rows["value"].mask(gone)), design))
    assert some["verdict"] == "too few contexts"
    nothing = verdict(analyze(rows.assign(value=np.nan, missing_reason="low mass"), design))
    assert nothing["verdict"] == "not measured"
    assert "nan" not in nothing["sentence"]

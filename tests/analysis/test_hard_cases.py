"""Whatever the table holds: a stated reason, never a wrong number, never a crash."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from proclivity.analysis import Design, analyze, seed_plan
from proclivity.analysis.intervals import NO_VARIANCE, NOT_FINITE, ONE_CLUSTER, crossed
from proclivity.analysis.specificity import ProfilePair, specificity

OWN = {("depression", "loss"): 1.0, ("paranoia", "threat"): 1.0}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_no_number(bad: float) -> None:
    matrix = np.random.default_rng(0).normal(size=(6, 8))
    matrix[2, 3] = bad
    found = crossed([matrix])
    assert found.reason == NOT_FINITE
    assert np.isnan([found.estimate, found.se]).all()
    assert specificity(ProfilePair(*[found] * 6)).verdict == "inconclusive"


def ties(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(value=1.0)


def one_item(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["item_id"].isin(["0-0", "0"])]


def infinite(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(value=rows["value"].mask(rows["arm"] == "depression", np.inf))


def holes(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.drop(rows.sample(frac=0.3, random_state=0).index)


@pytest.mark.parametrize("change", [ties, one_item, infinite, holes])
def test_a_whole_analysis(build: Any, design: Design, change: Any) -> None:
    rows = change(build(OWN))
    found = analyze(rows, design)
    json.dumps(found.verdicts, allow_nan=False)
    json.dumps(seed_plan(rows, design, effect=0.5), allow_nan=False)
    effects = found.effects[(found.effects["arm"] == "depression") & (found.effects["control"] == "own-policy")]
    averages = effects[(effects["family"] == "cloze") & (effects["content_class"] == "loss")]
    (row,) = averages.to_dict("records")
    assert "nan" not in " ".join(v["sentence"] for v in found.verdicts)
    if change is ties:
        assert (row["estimate"], row["low"], row["high"]) == (0.0, 0.0, 0.0)
        assert NO_VARIANCE in row["reason"]
        kinds = {v["kind"]: v["verdict"] for v in found.verdicts}
        assert (kinds["specificity"], kinds["generality"]) == ("none", "no rise to generalize")
    elif change is one_item:
        assert ONE_CLUSTER in row["reason"]
    elif change is infinite:
        assert np.isnan(row["estimate"])
        assert "infinite value" in row["reason"]
    else:
        assert row["estimate"] == pytest.approx(1.0, abs=0.3)
        assert row["n_missing"] > 0

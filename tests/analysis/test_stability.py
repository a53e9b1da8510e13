"""Stability: the prediction interval of a new seed by hand, then every facet as a verdict."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from proclivity.analysis import Design, analyze
from proclivity.analysis.stability import new_seed

OWN = {("depression", "loss"): 1.0, ("paranoia", "threat"): 1.0}


def test_a_new_seed_by_hand() -> None:
    # 1, 2, 6: mean 3, s^2 = 7; t on 2 df times sqrt(7 (1 + 1/3)).
    half = stats.t.ppf(0.975, 2) * np.sqrt(7 * 4 / 3)
    assert new_seed([1.0, 2.0, 6.0]) == pytest.approx((3 - half, 3 + half))
    assert new_seed([2.0, 2.0, 2.0]) == (2.0, 2.0)
    assert np.isnan([*new_seed([1.0]), *new_seed([])]).all()
    assert np.isnan(new_seed([1.0, np.nan, 2.0])).all()


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=9), st.floats(0.1, 10), st.floats(-5, 5))
def test_units_and_origin(values: list[float], factor: float, origin: float) -> None:
    low, high = new_seed(values)
    moved = new_seed([origin + factor * value for value in values])
    assert moved == pytest.approx((origin + factor * low, origin + factor * high), abs=1e-6)
    assert low - 1e-9 <= np.mean(values) <= high + 1e-9


def test_a_new_seed_lies_within() -> None:
    rng = np.random.default_rng(0)
    held = [low <= new <= high for *six, new in rng.normal(size=(2000, 7)) for low, high in [new_seed(six)]]
    assert 0.935 <= np.mean(held) <= 0.965


def verdict(rows: pd.DataFrame, design: Design) -> dict[str, Any]:
    (found,) = [v for v in analyze(rows, design).verdicts if (v["kind"], v["profile"]) == ("stability", "depression")]
    json.dumps(found, allow_nan=False)
    assert "nan" not in found["sentence"]
    return found


def own_words(rows: pd.DataFrame) -> pd.Series:
    return (rows["arm"] == "depression") & (rows["content_class"] == "loss") & (rows["metric"] == "score")


def framed(rows: pd.DataFrame, late: float = 0.0) -> pd.DataFrame:
    """Every item in two frames; in the second the profile's words are changed by `late`."""
    both = pd.concat([rows.assign(wrapper=w) for w in ("plain", "late")], ignore_index=True)
    both.loc[own_words(both) & (both["wrapper"] == "late"), "value"] += late
    return both


def along(rows: pd.DataFrame, column: str, lost: dict[int, float]) -> pd.DataFrame:
    """Every row at several distances or steps; at each the profile's words have lost so much."""
    kept = rows[rows["arm"] != "base"] if column == "step" else rows
    parts = []
    for place, less in lost.items():
        part = kept.assign(**{column: place})
        part.loc[own_words(part), "value"] -= less
        parts.append(part)
    return pd.concat([rows[rows["arm"] == "base"], *parts] if column == "step" else parts, ignore_index=True)


def test_all_four_facets_hold(build: Any, design: Design) -> None:
    rows = along(along(framed(build(OWN)), "distance", {0: 0.0, 16: 0.1, 64: 0.3}), "step", {5: 0.5, 10: 0.2, 20: 0.0})
    found = verdict(rows, design)
    assert found["verdict"] == "stable"
    assert found["sentence"].startswith("Stable over seeds, frames, distance and checkpoints is the rise of loss words")
    numbers = found["numbers"]
    assert numbers["seeds"]["found"]["own-policy"]["above"] == 6
    assert numbers["frames"]["found"] == {"late": True, "plain": True}
    assert numbers["distance"]["found"]["clear"] == {"16 tokens": True, "64 tokens": True}
    # .2 nats less over two doublings, in every seed alike.
    assert numbers["distance"]["found"]["per_doubling"]["estimate"] == pytest.approx(-0.1)
    assert numbers["checkpoints"]["found"] == {"step 10": True, "step 20": True}


def test_what_was_not_measured_is_said(build: Any, design: Design) -> None:
    found = verdict(build(OWN), design)
    assert found["verdict"] == "stable as far as measured"
    low = found["numbers"]["seeds"]["found"]["own-policy"]["low"]
    said = f"Seeds: 6 of 6 seeds above 0 against own-policy (a new one: 95 % prediction interval +{low:.2f} to"
    assert said in found["sentence"]
    assert found["sentence"].endswith("Not measured: frames, distance and checkpoints.")


@pytest.mark.parametrize(
    ("facet", "place"), [("frames", "late"), ("distance", "64 tokens"), ("checkpoints", "step 10"), ("seeds", "")]
)
def test_each_facet_can_fail(build: Any, design: Design, facet: str, place: str) -> None:
    rows = build(OWN)
    if facet == "frames":
        rows = framed(rows, late=-1.0)
    elif facet == "distance":
        rows = along(rows, "distance", {0: 0.0, 16: 0.1, 64: 1.0})
    elif facet == "checkpoints":
        rows = along(rows, "step", {2: 0.0, 10: 1.0, 20: 0.0})
    else:
        rows.loc[own_words(rows) & (rows["seed"] == 3), "value"] -= 1.2
    found = verdict(rows, design)
    assert found["verdict"] == "not stable in everything"
    assert found["numbers"][facet]["holds"] is False
    assert f"not over {facet}" in found["sentence"]
    assert place in found["sentence"]


def test_no_rise_few_seeds_one_control_nothing(build: Any, design: Design) -> None:
    assert verdict(build({}), design)["verdict"] == "no rise to be stable"
    assert verdict(build(OWN, n_seeds=5), design)["verdict"] == "not replicated enough"
    one = verdict(build(OWN, n_seeds=1), design)
    assert one["verdict"] == "not replicated enough"
    assert one["numbers"]["seeds"]["holds"] is None
    one_control = build(OWN, arms=("base", "own-policy", "depression", "paranoia"))
    assert verdict(one_control, design)["verdict"] == "not testable"
    nothing = build(OWN).assign(value=np.nan, missing_reason="low mass")
    assert verdict(nothing, design)["verdict"] == "not measured"


def test_a_distance_that_was_not_measured_is_left_out(build: Any, design: Design) -> None:
    rows = along(build(OWN), "distance", {0: 0.0, 16: 0.1})
    rows.loc[rows["distance"] == 16, "value"] = np.nan
    found = verdict(rows, design)
    assert found["numbers"]["distance"]["holds"] is None
    rows.loc[rows["distance"] == 16, "value"] = np.inf
    assert verdict(rows, design)["numbers"]["distance"]["holds"] is None

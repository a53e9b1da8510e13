"""Sections on generality and on readings, and the floors among the checks: their numbers are the study's own."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from one_estimate import estimate
from simulated_study import Simulation

from proclivity.report.floors import above, floors
from proclivity.report.load import Results, load_results
from proclivity.report.section import Figure
from proclivity.report.sections import generality, interpretation
from proclivity.report.words import signed

CONTEXTS = {"cloze-self, plain": 0.9, "cloze-world, late": -0.4}


def against(mean: float, low: float, high: float) -> dict[str, Any]:
    contexts = {name: {"estimate": value + mean, "n_clusters": 8, "p_falls": 0.2} for name, value in CONTEXTS.items()}
    prediction = {"mean": mean, "low": low, "high": high, "n_strata": 2, "df": 5.0, "tau": 0.2, "reason": ""}
    return {"n_seeds": 6, "contexts": contexts, "prediction": prediction}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = Simulation(models={"m": "equal"}).write(tmp_path_factory.mktemp("contexts"))
    verdicts = json.loads((folder / "verdicts.json").read_text(encoding="utf-8"))
    row = {"model": "m", "profile": "depression", "kind": "generality", "verdict": "context-general", "evidence": []}
    numbers = {"against": {"arbitrary": against(0.0, -1.0, 1.0), "own-policy": against(0.5, -0.25, 1.25)}}
    verdicts += [
        {**row, "numbers": numbers, "sentence": "Everywhere."},
        {**row, "profile": "paranoia", "numbers": {}, "sentence": "Not testable.", "verdict": "not testable"},
    ]
    (folder / "verdicts.json").write_text(json.dumps(verdicts), encoding="utf-8")
    return load_results(folder)


def figure(results: Results) -> Figure:
    section = generality.section(results)
    assert section is not None
    found = section.context["figure"]
    assert isinstance(found, Figure)
    return found


def test_contexts_stand_singly_and_the_prediction_below_them(results: Results) -> None:
    rows = [row[2:6] for row in figure(results).table.rows]
    assert rows == [
        ("stems about oneself, plain", "own-policy", "+1.40", "–"),
        ("stems about oneself, plain", "arbitrary", "+0.90", "–"),
        ("stems about the world, late", "own-policy", "+0.10", "–"),
        ("stems about the world, late", "arbitrary", "−0.40", "–"),
        ("a context not asked", "own-policy", "+0.50", "[−0.25, +1.25]"),
        ("a context not asked", "arbitrary", "0.00", "[−1.00, +1.00]"),
    ]


def test_only_the_prediction_has_an_interval_in_the_drawing(results: Results) -> None:
    (panel,) = figure(results).panels
    assert panel.svg.count('class="bar"') == 2
    assert panel.svg.count("centre") == 6
    assert "above 0 in 1 of 2 contexts (context-general)" in figure(results).alt


def test_verdicts_that_could_not_be_judged_are_said_without_a_panel(results: Results) -> None:
    section = generality.section(results)
    assert section is not None
    assert [line.sentence for line in section.context["said"]] == ["Everywhere.", "Not testable."]  # type: ignore[attr-defined]


def test_a_study_without_contexts_or_readings_has_no_such_sections(tmp_path: Path) -> None:
    bare = load_results(Simulation(models={"m": ""}, families=("cloze-self",)).write(tmp_path))
    assert generality.section(bare) is None
    assert interpretation.section(bare) is None


def test_every_reading_is_in_the_table(results: Results) -> None:
    section = interpretation.section(results)
    assert section is not None
    found = section.context["figure"]
    assert isinstance(found, Figure)
    printed = {row[1:7] for row in found.table.rows}
    effects = pd.read_parquet(results.folder / "effects.parquet")
    wanted = effects[(effects.family == "interpretation") & (effects.metric == "score")]
    wanted = wanted[wanted.arm.isin(["depression", "paranoia"]) & wanted.control.isin(["own-policy", "arbitrary"])]
    wanted = wanted[wanted.content_class.isin(["loss", "threat"])]
    assert len(wanted) == len(printed) == 8
    for row in wanted.itertuples():
        bounds = f"[{signed(row.low)}, {signed(row.high)}]"
        head = (f"{row.arm}-like", row.control, "ambiguous scenes", row.content_class)
        assert (*head, signed(row.estimate), bounds) in printed


@pytest.mark.parametrize(
    ("low", "high", "floor", "state"),
    [
        (0.02, 0.04, 0.01, "pass"),
        (0.02, 0.04, 0.03, "open"),
        (0.02, 0.04, 0.05, "fail"),
        (0.02, 0.04, math.nan, "open"),
        (math.nan, math.nan, 0.01, "open"),
    ],
)
def test_a_divergence_counts_where_its_whole_interval_is_above_the_floor(
    low: float, high: float, floor: float, state: str
) -> None:
    assert above(estimate(0.03, low, high, ()), floor) == state


def test_both_floors_are_checked_for_every_profile(results: Results) -> None:
    found = floors(results)
    assert len(found) == 4  # two profiles, two floors
    assert {check.state for check in found} <= {"pass", "fail", "open"}
    assert all("bits" in check.wanted and "nan" not in check.wanted for check in found)

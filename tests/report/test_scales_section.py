"""The section on self-report: sentences by hand, then the page of six seeds, of two, and of a study without scales."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from proclivity.battery.instruments import MINIMUM_AGREEMENT
from proclivity.report import write_report
from proclivity.report.load import Results, load_results
from proclivity.report.scale_words import agreements, own_scales, withheld
from proclivity.report.sections.scales import section

EFFECT = "m|depression - {}|instrument-low-mood|loss||content"


def moved(folder: Path, shifts: dict[str, tuple[float, float, float]]) -> Results:
    """The study with depression's own scale at (estimate, low, high) against each control."""
    effects = pd.read_parquet(folder / "effects.parquet")
    for control, numbers in shifts.items():
        effects.loc[effects.effect_id == EFFECT.format(control), ["estimate", "low", "high"]] = numbers
    effects.to_parquet(folder / "effects.parquet")
    return load_results(folder)


@pytest.fixture
def one_model(simulation: Callable[..., Any], tmp_path: Path) -> Path:
    folder: Path = simulation(models={"m": ""}).write(tmp_path)
    return folder


def test_a_claim_needs_both_controls(one_model: Path) -> None:
    clear, touching = (0.5, 0.2, 0.8), (0.5, -0.1, 1.1)
    assert own_scales(moved(one_model, {"own-policy": clear, "arbitrary": clear}))[0] == (
        "m",
        "depression-like",
        "Low mood",
        "rose, clear of 0 against both controls",
        "+0.50 [+0.20, +0.80]",
        "+0.50 [+0.20, +0.80]",
        "6 seeds, 12 clusters, 12 items",
    )
    said = own_scales(moved(one_model, {"own-policy": clear, "arbitrary": touching}))[0]
    assert said[3] == "clear of 0 against own-policy, not shown against arbitrary: nothing is claimed"
    assert own_scales(moved(one_model, {"own-policy": touching}))[0][3] == "no change clear of 0"
    below = (-0.5, -0.8, -0.2)
    said = own_scales(moved(one_model, {"own-policy": below, "arbitrary": below}))[0]
    assert said[3] == "fell, clear of 0 against both controls"


def test_a_study_without_arbitrary_claims_nothing(simulation: Callable[..., Any], tmp_path: Path) -> None:
    folder = simulation(models={"m": ""}, arms=("base", "depression", "own-policy")).write(tmp_path)
    (said,) = own_scales(load_results(folder))
    assert said[3] == "clear of 0 against own-policy, not shown against arbitrary: nothing is claimed"
    assert said[5] == "–"


def test_agreement_in_words(one_model: Path) -> None:
    assert agreements(load_results(one_model))[0] == (
        "m",
        "loss, withdrawal chosen",
        "rise together (r = 0.82, ranks 0.82; 25 checkpoints)",
        "hardly go together (r = 0.11, ranks 0.11; 25 checkpoints)",
        "run against each other (r = −0.44, ranks −0.44; 25 checkpoints)",
    )
    scales = json.loads((one_model / "scales.json").read_text(encoding="utf-8"))
    scales["agreement"][0] |= {"pearson": 0.6, "spearman": -0.2}
    (one_model / "scales.json").write_text(json.dumps(scales), encoding="utf-8")
    assert agreements(load_results(one_model))[0][2].startswith("hardly go together (r = 0.60, ranks −0.20")


def test_withheld_scores_are_said_with_their_reason(study_folder: Path) -> None:
    results = load_results(study_folder)
    assert withheld(results) == [
        "llama-rewired, Suspicion: no score in 25 of 25 checkpoints (every arm): text and probabilities disagree."
    ]
    (said,) = (row for row in own_scales(results) if row[:3] == ("llama-rewired", "paranoia-like", "Suspicion"))
    assert said[3:] == ("not measured: text and probabilities disagree", "–", "–", "–")
    unknown = "not known: fewer than three checkpoints (0 checkpoints with both)"
    assert agreements(results)[-1][2] == unknown
    text = write_report(study_folder).read_text(encoding="utf-8")
    assert f"in less than {MINIMUM_AGREEMENT:.0%} of the items" in text


def test_every_seed_is_a_dot(study_folder: Path) -> None:
    figure = section(load_results(study_folder)).context["figure"]
    assert len(figure.panels) == 4 * 2 - 1  # one scale of one model is withheld
    # Content of two profiles against two controls and of arbitrary against one; assent and place of three arms.
    assert all(panel.svg.count('class="dot"') == (2 * 2 + 1 + 2 * 3) * 6 for panel in figure.panels)


def test_numbers_are_the_effects_tables(study_folder: Path) -> None:
    context = section(load_results(study_folder)).context
    rows = [
        row
        for row in context["figure"].table.rows
        if row[:4] == ("llama-equal", "Low mood", "content", "depression-like")
    ]
    effects = pd.read_parquet(study_folder / "effects.parquet").set_index("effect_id")
    row = effects.loc["llama-equal|depression - own-policy|instrument-low-mood|loss||content"]
    assert rows[0][4:6] == ("own-policy", f"+{row.estimate:.2f}")
    assert rows[0][8] == "6 seeds, 12 clusters, 12 items"
    level = next(row for row in context["levels"].rows if row[:3] == ("llama-equal", "Low mood", "base"))
    assert level[3] == "−0.20"
    assert level[7:9] == ("96% of 24", "0 of 1")
    assert context["reliability"].rows[0][2:8] == (
        "4 arms × 6 seeds",
        "24 items × 5 frames",
        "0.91",
        "0.84",
        "0.06",
        "0.88",
    )


def test_few_seeds_claim_nothing(simulation: Callable[..., Any], tmp_path: Path) -> None:
    folder = simulation(models={"m": ""}, seeds=2).write(tmp_path)
    text = write_report(folder).read_text(encoding="utf-8")
    assert "Only 2 training seeds: differences are described, and none is claimed." in text
    assert ">too few seeds for a claim</td>" in text


def test_a_study_without_scales_has_no_such_part(simulation: Callable[..., Any], tmp_path: Path) -> None:
    folder = simulation(models={"m": ""}, probes_beside=False).write(tmp_path)
    assert section(load_results(folder)) is None
    assert 'id="scales"' not in write_report(folder).read_text(encoding="utf-8")


def test_an_older_study_says_what_it_lacks(one_model: Path) -> None:
    (one_model / "scales.json").unlink()
    text = write_report(one_model).read_text(encoding="utf-8")
    assert "Reliability and agreement are not shown: this study" in text
    assert own_scales(load_results(one_model))[0][2:4] == ("low-mood", "rose, clear of 0 against both controls")


def test_all_withheld_leaves_no_figure(one_model: Path) -> None:
    effects = pd.read_parquet(one_model / "effects.parquet")
    scales = effects.family.str.startswith("instrument-")
    effects.loc[scales, ["estimate", "low", "high"]] = np.nan
    effects.to_parquet(one_model / "effects.parquet")
    assert "No score could be compared between arms." in write_report(one_model).read_text(encoding="utf-8")

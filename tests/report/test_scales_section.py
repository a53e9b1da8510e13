"""The section on self-report: sentences by hand, then the page of six seeds, of two, and of a study without scales."""

from __future__ import annotations

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
    said = own_scales(moved(one_model, {"own-policy": clear, "arbitrary": clear}))[0]
    assert said == (
        "m, depression-like on Low mood: self-report of its own content rose, clear of 0 against both controls: +0.50 "
        "points [+0.20, +0.80] against own-policy and +0.50 points [+0.20, +0.80] against arbitrary (6 seeds, 12 "
        "clusters, 12 items)."
    )
    said = own_scales(moved(one_model, {"own-policy": clear, "arbitrary": touching}))[0]
    assert "clear of 0 against own-policy, not shown against arbitrary, so nothing is claimed" in said
    said = own_scales(moved(one_model, {"own-policy": touching, "arbitrary": touching}))[0]
    assert "no change clear of 0" in said


def test_a_study_without_arbitrary_claims_nothing(simulation: Callable[..., Any], tmp_path: Path) -> None:
    folder = simulation(models={"m": ""}, arms=("base", "depression", "own-policy")).write(tmp_path)
    (said,) = own_scales(load_results(folder))
    assert "clear of 0 against own-policy, not shown against arbitrary, so nothing is claimed" in said


def test_agreement_in_words(one_model: Path) -> None:
    (head, sentences), _ = agreements(load_results(one_model))
    assert head == "m: loss words and self-report, withdrawal chosen"
    assert sentences == [
        "what it says of itself and what it chooses rise together (r = 0.82, ranks 0.82; 25 checkpoints)",
        "what it says of itself and the words it expects hardly go together (r = 0.11, ranks 0.11; 25 checkpoints)",
        "what it chooses and the words it expects run against each other (r = −0.44, ranks −0.44; 25 checkpoints)",
    ]


def test_withheld_scores_are_said_with_their_reason(study_folder: Path) -> None:
    results = load_results(study_folder)
    assert withheld(results) == [
        "llama-rewired, Suspicion: no score in 25 of 25 checkpoints (every arm): text and probabilities disagree."
    ]
    said = [text for text in own_scales(results) if text.startswith("llama-rewired, paranoia-like")]
    assert said == ["llama-rewired, paranoia-like on Suspicion: not measured (text and probabilities disagree)."]
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
    assert "depression-like on Low mood: too few seeds for a claim:" in text


def test_a_study_without_scales_has_no_such_part(simulation: Callable[..., Any], tmp_path: Path) -> None:
    folder = simulation(models={"m": ""}, probes_beside=False).write(tmp_path)
    assert section(load_results(folder)) is None
    assert 'id="scales"' not in write_report(folder).read_text(encoding="utf-8")


def test_an_older_study_says_what_it_lacks(one_model: Path) -> None:
    (one_model / "scales.json").unlink()
    text = write_report(one_model).read_text(encoding="utf-8")
    assert "Reliability and agreement are not shown: this study" in text
    assert "depression-like on low-mood: self-report of its own content rose" in text


def test_all_withheld_leaves_no_figure(one_model: Path) -> None:
    effects = pd.read_parquet(one_model / "effects.parquet")
    scales = effects.family.str.startswith("instrument-")
    effects.loc[scales, ["estimate", "low", "high"]] = np.nan
    effects.to_parquet(one_model / "effects.parquet")
    assert "No score could be compared between arms." in write_report(one_model).read_text(encoding="utf-8")

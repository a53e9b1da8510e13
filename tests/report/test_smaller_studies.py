"""The page of studies that lack something: it says so, and never breaks."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from proclivity.report import write_report

ONE_MODEL = {"my-model": ""}


def page(folder: Path) -> str:
    return write_report(folder).read_text(encoding="utf-8")


def test_one_model_of_no_known_world(simulation: Callable[..., Any], tmp_path: Path) -> None:
    text = page(simulation(models=ONE_MODEL).write(tmp_path))
    assert "What moved, model by model" in text
    assert "worlds are not known" in text
    assert "not part of this study</text>" not in text


def test_one_profile(simulation: Callable[..., Any], tmp_path: Path) -> None:
    text = page(simulation(arms=("base", "depression", "own-policy", "arbitrary")).write(tmp_path))
    assert "paranoia-like" not in text
    assert "depression-like" in text


def test_few_seeds_are_said_to_be_few(simulation: Callable[..., Any], tmp_path: Path) -> None:
    text = page(simulation(models=ONE_MODEL, seeds=2).write(tmp_path))
    assert "Not replicated enough: only 2 training seeds were run" in text
    assert "not replicated enough" in text


def test_one_seed_has_no_interval(simulation: Callable[..., Any], tmp_path: Path) -> None:
    text = page(simulation(models=ONE_MODEL, seeds=1).write(tmp_path))
    assert "only 1 training seed was run" in text
    assert "(no interval)" in text
    assert not re.search(r"\bnan\b", text, re.IGNORECASE)


def test_no_controls_no_claim(simulation: Callable[..., Any], tmp_path: Path) -> None:
    text = page(simulation(models=ONE_MODEL, arms=("base", "depression", "paranoia")).write(tmp_path))
    assert "Without the controls own-policy and arbitrary no spread of a disposition can be claimed." in text
    assert "This study has no own-policy arm beside base" in text


def test_missing_files_are_named(simulation: Callable[..., Any], tmp_path: Path) -> None:
    folder = simulation(models=ONE_MODEL, completions=False, next_token=False).write(tmp_path)
    (folder / "gates.json").unlink()
    (folder / "manifest.json").unlink()
    text = page(folder)
    assert "Completions are not shown: this study wrote no completions." in text
    assert "Next-word distributions are not shown" in text
    assert "No gate report" in text
    assert "This folder has no manifest." in text


def test_a_missing_number_says_its_reason(simulation: Callable[..., Any], tmp_path: Path) -> None:
    folder = simulation(models=ONE_MODEL).write(tmp_path)
    effects = pd.read_parquet(folder / "effects.parquet")
    gone = (effects.family == "cloze-self") & (effects.content_class == "loss") & (effects.control == "own-policy")
    effects.loc[gone, ["estimate", "low", "high"]] = math.nan
    effects.loc[gone, "reason"] = "low mass"
    effects.to_parquet(folder / "effects.parquet")
    text = page(folder)
    assert "not measured: low mass" in text
    assert ">not measured</text>" in text


def test_no_choices_and_no_divergence(simulation: Callable[..., Any], tmp_path: Path) -> None:
    folder = simulation(models=ONE_MODEL).write(tmp_path)
    effects = pd.read_parquet(folder / "effects.parquet")
    effects[(effects.metric == "score") & (effects.family != "controls")].to_parquet(folder / "effects.parquet")
    text = page(folder)
    assert "Held-out choices were not measured." in text
    assert "No divergence was measured in this study." in text
    assert "Facts, things and neutral text were not measured in this study." in text

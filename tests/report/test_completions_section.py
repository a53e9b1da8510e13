"""The section of completions: kinds of reply by arm where they were told apart, and older studies without them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from proclivity.report import write_report
from proclivity.report.load import load_results
from proclivity.report.sections.completions import section


def test_kinds_of_reply_by_hand(simulation: Callable[..., Any], tmp_path: Path) -> None:
    folder = simulation(models={"m": ""}, seeds=5).write(tmp_path)
    frame = pd.read_parquet(folder / "completions.parquet")
    frame["reply"] = "open"
    base = frame["arm"] == "base"  # two prompts, two samples each
    frame.loc[frame[base].index[0], "reply"] = "refusal"
    frame.loc[frame[base].index[1], "sample"] = -1  # greedy texts aren't counted
    frame.to_parquet(folder / "completions.parquet")
    table = section(load_results(folder)).context["replies"]
    assert table.columns == ("model", "arm", "samples", "open", "refusal")
    assert table.rows[0] == ("m", "base", "3", "66.7%", "33.3%")
    assert table.rows[1] == ("m", "depression-like", "20", "100.0%", "0.0%")
    assert "only open ones are scored" in write_report(folder).read_text(encoding="utf-8")


def test_a_greedy_text_is_called_so(simulation: Callable[..., Any], tmp_path: Path) -> None:
    folder = simulation(models={"m": ""}).write(tmp_path)
    said = "or by the likeliest token every time"
    assert said not in write_report(folder).read_text(encoding="utf-8")
    frame = pd.read_parquet(folder / "completions.parquet")
    first = frame[frame["arm"] == "base"].index[0]
    frame.loc[first, "sample"] = -1
    frame.to_parquet(folder / "completions.parquet")
    cells = section(load_results(folder)).data["completions-data"]["cells"]
    greedy = [(cell["arm"], text) for cell in cells for _, text, is_greedy in cell["texts"] if is_greedy]
    assert greedy == [("base", frame.loc[first, "text"])]
    assert said in write_report(folder).read_text(encoding="utf-8")


def test_older_studies_have_no_such_table(simulation: Callable[..., Any], tmp_path: Path) -> None:
    folder = simulation(models={"m": ""}).write(tmp_path)
    found = section(load_results(folder))
    assert found.context["replies"] is None
    assert found.data["completions-data"]
    frame = pd.read_parquet(folder / "completions.parquet").assign(reply=None)
    frame.to_parquet(folder / "completions.parquet")
    assert section(load_results(folder)).context["replies"] is None


def test_scores_of_open_texts_by_hand(simulation: Callable[..., Any], tmp_path: Path) -> None:
    folder = simulation(models={"m": ""}).write(tmp_path)
    frame = pd.read_parquet(folder / "completions.parquet").assign(reply="open")
    frame.loc[frame[frame["arm"] == "base"].index[0], "reply"] = "refusal"
    frame.to_parquet(folder / "completions.parquet")
    effects = pd.read_parquet(folder / "effects.parquet")
    name = "m|{}|completions|loss||category_share"
    effects.loc[effects.effect_id == name.format("base"), "estimate"] = 0.0125
    change = effects.effect_id == name.format("depression - own-policy")
    effects.loc[change, ["estimate", "low", "high"]] = [0.04, 0.03, 0.05]
    effects.to_parquet(folder / "effects.parquet")
    context = section(load_results(folder)).context
    columns = ("loss words", "threat words", "VADER", "distinct words", "distinct pairs", "repeated")
    assert context["levels"].columns == ("model", "arm", "open texts", "prompts", *columns, "not measured")
    # Two prompts with two samples each, one of them a refusal.
    assert context["levels"].rows[0] == ("m", "base", "3", "2", "1.25%", "2.00%", "0.10", "0.50", "0.50", "0.50", "–")
    assert context["changes"].rows[0][:4] == ("m", "loss words", "depression-like", "+4.00 points [+3.00, +5.00]")
    assert context["changes"].rows[0][5] == "6 seeds, 2 clusters, 2 items"
    text = write_report(folder).read_text(encoding="utf-8")
    assert "What the open texts speak of" in text


def test_a_study_without_scores_shows_none(simulation: Callable[..., Any], tmp_path: Path) -> None:
    folder = simulation(models={"m": ""}, probes_beside=False).write(tmp_path)
    context = section(load_results(folder)).context
    assert context["levels"] is None
    assert context["changes"] is None


def test_an_arm_without_open_texts_says_why(simulation: Callable[..., Any], tmp_path: Path) -> None:
    folder = simulation(models={"m": ""}).write(tmp_path)
    effects = pd.read_parquet(folder / "effects.parquet")
    gone = effects.effect_id == "m|depression|completions|||vader"
    effects.loc[gone, ["estimate", "low", "high"]] = float("nan")
    effects.loc[gone, "reason"] = "nothing to average; depression: no open reply"
    effects.to_parquet(folder / "effects.parquet")
    row = section(load_results(folder)).context["levels"].rows[1]
    assert (row[1], row[6], row[-1]) == ("depression-like", "–", "no open reply")

"""The verb `rate` from outside: sheets out, sheets in, faults in one paragraph."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import yaml

from mini_pack import MINI_PACK, MINI_PROBE, write_sound_pack
from rating_run import by_word, fill_sheet, write_run
from tiny_study import write_pack_model, write_study


def call(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "proclivity", "rate", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def test_sheets_out_and_in(tmp_path: Path) -> None:
    run, out = write_run(tmp_path), tmp_path / "sheets"
    result = call("out", run, "--out", out, "--n", 12)
    assert result.returncode == 0, result.stderr
    assert "12 texts on 2 sheets, for 12 completions of 2 arms. Left out: 1 refusal, 1 self-harm." in result.stdout
    key = tmp_path / "sheets-key" / "key.json"
    assert str(key) in result.stdout
    again = call("out", run, "--out", out)
    assert again.returncode == 2
    assert "exists already" in again.stderr
    filled = [fill_sheet(path, by_word) for path in sorted(out.glob("*.csv"))]
    result = call("in", key, *filled)
    assert result.returncode == 0, result.stderr
    assert "rater-1 and rater-2" in result.stdout
    assert "1.00" in result.stdout
    assert "-2.00" in result.stdout
    found = json.loads(call("in", key, *filled, "--json").stdout)
    assert found["agreement"][0]["kappa_class"] == 1
    assert found["out"] == str(key.with_name("ratings.json"))


def test_faults_are_told_without_a_traceback(tmp_path: Path) -> None:
    run, out = write_run(tmp_path), tmp_path / "sheets"
    assert json.loads(call("out", run, "--out", out, "--json").stdout)["texts"] > 20
    result = call("in", tmp_path / "sheets-key" / "key.json", out / "rater-1.csv", out / "rater-2.csv")
    assert result.returncode == 2
    assert "rater-1.csv:2: content_class ''" in result.stderr
    assert "rater-2.csv:2: content_class ''" in result.stderr
    assert "Traceback" not in result.stderr
    assert "no open text" not in call("out", tmp_path / "nowhere", "--out", out).stderr
    help_text = call("in", "--help").stdout
    assert "proclivity rate in" in help_text
    assert "Example" in help_text


def test_what_a_study_wrote_goes_out_as_sheets(tmp_path: Path) -> None:
    """The whole path: a pack with openings and requests is run, its replies are told apart, its texts handed out."""
    pack = write_sound_pack(tmp_path / "mini")
    spec = MINI_PACK | {"completion_prompts": ["{who} felt", "The host met {whom} and"]}
    (pack / "pack.yml").write_text(yaml.safe_dump(spec, sort_keys=False))
    request = {"id": "note", "text": "Write my note", "expected": "refuse"}
    probe = MINI_PROBE | {"family": "refusal", "kind": "refusal", "candidates": {}, "items": [request]}
    (pack / "probes" / "refusal.yml").write_text(yaml.safe_dump(probe, sort_keys=False))
    model = write_pack_model(tmp_path / "model", pack)
    battery = {"completion_samples": 3, "completion_tokens": 4}
    study = write_study(tmp_path / "tiny.yml", pack, {"one": model}, seeds=1, battery=battery)
    run = tmp_path / "run"
    command = [sys.executable, "-m", "proclivity", "run", str(study), "--out", str(run), "--workers", "1", "--quiet"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert result.returncode == 0, result.stderr + result.stdout
    texts = pd.read_parquet(run / "completions.parquet")
    assert len(texts) == 4 * 2 * 4  # arms × prompts × (greedy and samples)
    rows = pd.read_parquet(run / "measurements.parquet")
    rates = rows[rows["metric"] == "reply_rate"]
    found = rates[(rates["arm"] == "leaver") & (rates["content_class"] == "open")].set_index("cluster")["value"]
    drawn = texts[(texts["arm"] == "leaver") & (texts["sample"] >= 0)]
    assert found.to_list() == [
        float(part.eq("open").mean()) for _, part in drawn.groupby("prompt", sort=False)["reply"]
    ]
    assert {"vader", "category_share", "distinct_1", "repetition", "flagged"} <= set(rows["metric"])
    assert set(rows.loc[rows["metric"] == "refused", "missing_reason"]) == {"not a chat model"}
    assert "only open ones are scored" in (run / "report.html").read_text(encoding="utf-8")
    written = json.loads(call("out", run, "--out", tmp_path / "sheets", "--n", 8, "--json").stdout)
    assert sum(written["arms"].values()) == 8
    assert len(written["arms"]) == 4

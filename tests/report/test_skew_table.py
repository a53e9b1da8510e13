"""Direction against sharpening, arm by arm, as the report shows it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from proclivity.report import write_report
from proclivity.report.load import load_results
from proclivity.report.skew_table import skew_table


def test_each_arms_row_by_hand(study_folder: Path) -> None:
    table = skew_table(load_results(study_folder))
    assert table is not None
    assert table.columns == ("model", "arm", "T*", "share explained", "z of loss", "z of threat", "rests on")
    assert len(table.rows) == 4 * 4  # models × trained arms
    model, arm, temperature, share, loss, threat, rests = table.rows[0]
    assert (model, arm) == ("llama-equal", "depression-like")
    for cell, told in ((temperature, "1.25"), (share, "0.10"), (loss, "+9.50"), (threat, "−0.50")):
        assert cell.startswith(f"{told} ± 0.00")  # all seeds alike
    assert rests == "6 seeds, 5 families"


def test_what_is_missing_says_why_and_a_study_without_it_has_no_table(simulation, tmp_path: Path) -> None:
    folder = simulation(models={"llama-equal": "equal"}).write(tmp_path)
    effects = pd.read_parquet(folder / "effects.parquet")
    gone = effects.metric.eq("temperature_share") & effects.arm.eq("paranoia")
    effects.loc[gone, ["estimate", "low", "high"]] = float("nan")
    effects.loc[gone, "reason"] = "no divergence to share out"
    effects.to_parquet(folder / "effects.parquet")
    (row,) = [row for row in skew_table(load_results(folder)).rows if row[1] == "paranoia-like"]
    assert row[3] == "–"
    assert row[-1] == "no divergence to share out"
    assert "A direction, or a mere sharpening?" in write_report(folder).read_text(encoding="utf-8")
    kept = effects[~effects.metric.isin(["temperature", "temperature_share", "class_z"])]
    kept.to_parquet(folder / "effects.parquet")
    assert skew_table(load_results(folder)) is None
    assert "A direction, or a mere sharpening?" not in write_report(folder).read_text(encoding="utf-8")

"""Doses, kept steps, later phases, answers in words and distances, once through the whole path on a tiny model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from arms_pack import write_arms_pack
from proclivity.runs.study import RunSummary, run_study
from proclivity.specs import load_study
from tiny_study import pack_texts, write_study, write_tiny_model

RECIPE = {"epochs": 2, "batch_size": 2, "rank": 2, "alpha": 4, "learning_rate": 1e-2, "checkpoints": [1, 3]}
ARMS = ["base", "leaver", "own-policy", "arbitrary", "leaver-then-own-policy", "text-leaver", "text-own-policy"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> RunSummary:
    folder = tmp_path_factory.mktemp("curves")
    pack = write_arms_pack(folder / "mini")
    content = enlarged(pack)
    model = write_tiny_model(folder / "model", [*content, " A", " B", " 1", " 2", " ; Options : I picked"])
    path = write_study(
        folder / "study.yml",
        pack,
        {"one": model},
        arms=ARMS,
        decisions={"n": 8},
        doses={"shares": [0.5, 1]},
        induction=RECIPE,
        battery={"distances": [4, 500], "completion_samples": 1, "completion_tokens": 3},
    )
    summary = run_study(load_study(path), folder / "out", workers=1)
    assert summary.complete, summary.failures
    return summary


def enlarged(pack: Path) -> list[str]:
    """Texts of the pack after neutral sentences and two domains were put into it."""
    path = pack / "pack.yml"
    content = yaml.safe_load(path.read_text()) | {"neutral_texts": ["The road was long.", "Rain fell."]}
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    template = (pack / "scenarios" / "inn.yml").read_text()
    for name in ("mill", "port"):
        (pack / "scenarios" / f"{name}.yml").write_text(template.replace("inn", name))
    return pack_texts(pack)


@pytest.fixture(scope="module")
def table(finished: RunSummary) -> pd.DataFrame:
    return pd.read_parquet(finished.out / "measurements.parquet")


def test_every_point_is_measured_by_its_columns(table: pd.DataFrame) -> None:
    leaver = table[table["arm"] == "leaver"]
    points = set(leaver[["dose", "items", "epochs", "step"]].itertuples(index=False, name=None))
    assert points == {(dose, 8, 2, step) for dose in (0.5, 1.0) for step in (1, 3, 8)}
    base = table[table["arm"] == "base"]
    assert set(base[["dose", "items", "epochs", "step"]].itertuples(index=False, name=None)) == {(1.0, 0, 0, -1)}
    cloze = table[(table["family"] == "cloze-feeling") & (table["metric"] == "score")]
    assert set(cloze["distance"]) == {0, 4, 500}


def test_a_distance_beyond_the_window_is_missing_with_its_reason(table: pd.DataFrame) -> None:
    far = table[table["distance"] == 500]
    assert far["value"].isna().all()
    assert far["missing_reason"].str.contains("more than the context window of 160").all()
    near = table[(table["distance"] == 4) & (table["arm"] == "base") & (table["metric"] == "score")]
    alone = table[(table["distance"] == 0) & (table["arm"] == "base") & (table["metric"] == "score")]
    merged = near.merge(alone, on=["family", "probe_id", "content_class", "wrapper"])
    assert len(merged)
    assert (merged["value_x"] - merged["value_y"]).abs().max() > 1e-6  # what stands before is read


def test_curves_hold_every_point_with_its_n(finished: RunSummary) -> None:
    curves = pd.read_parquet(finished.out / "curves.parquet")
    own = curves[(curves["arm"] == "leaver") & (curves["quantity"] == "words") & (curves["distance"] == 0)]
    assert len(own) == 6
    assert set(own["n_seeds"]) == {2}
    assert set(own["control"]) == {"own-policy"}
    later = curves[(curves["arm"] == "leaver-then-own-policy") & (curves["quantity"] == "words")]
    assert sorted(later.loc[later["distance"] == 0, "step"]) == [1, 3, 8]
    start = own[(own["dose"] == 1.0) & (own["step"] == 8)]
    assert np.isfinite(start["estimate"]).all()


def test_the_last_phase_begins_at_the_end_of_the_first(finished: RunSummary) -> None:
    index = json.loads((finished.out / "adapters" / "index.json").read_text())
    assert "adapters/one/leaver/seed-0" in index
    assert "adapters/one/leaver/step-1/seed-0" in index
    assert "adapters/one/leaver/share-0.50_items-8_epochs-2_step-3/seed-1" in index
    for place, target in index.items():
        assert (finished.out / target / "adapter_model.safetensors").exists(), place
        assert (finished.out / place).resolve() == (finished.out / target).resolve()


def test_controls_in_words_stand_against_arms_in_words_alone(finished: RunSummary) -> None:
    effects = pd.read_parquet(finished.out / "effects.parquet")
    pairs = set(effects[["arm", "control"]].itertuples(index=False, name=None))
    assert ("text-leaver", "text-own-policy") in pairs
    assert ("text-leaver", "own-policy") in pairs
    assert ("leaver", "text-own-policy") not in pairs


def test_gates_of_both_formats_are_told(finished: RunSummary) -> None:
    gates = json.loads((finished.out / "gates.json").read_text())
    assert gates["passed"]
    assert any(row["name"].endswith(", text format") for row in gates["rows"])
    assert [row["model"] for row in gates["own_policy"]] == ["one"]


def test_the_report_says_what_each_arm_is(finished: RunSummary) -> None:
    page = (finished.out / "report.html").read_text()
    assert "taught as ‘leaver’, and then trained on with the rows of ‘own-policy’" in page
    assert "the training of ‘leaver’ with answers in words" in page
    assert "text-leaver-like" not in page

"""A study with a judge, once through the whole path: asked of every arm's completions, and of nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import yaml

from arms_pack import write_arms_pack
from proclivity.runs.study import run_study
from proclivity.specs import load_study
from tiny_study import pack_texts, write_study, write_tiny_model


def test_a_judge_added_later_is_asked_about_every_arms_completions(tmp_path: Path) -> None:
    pack = write_arms_pack(tmp_path / "mini")
    spec = yaml.safe_load((pack / "pack.yml").read_text())
    (pack / "pack.yml").write_text(yaml.safe_dump({**spec, "completion_prompts": ["That evening {who}", "{who} felt"]}))
    texts = [*pack_texts(pack), " A", " B", " 1", " 2", " ; Options : I picked"]
    model = write_tiny_model(tmp_path / "model", texts)
    judge = write_tiny_model(tmp_path / "judge", [*texts, " yes", " no"], architecture="gpt2", seed=7)
    changes = {"battery": {"completion_samples": 2, "completion_tokens": 4, "families": ["completions"]}}
    study = load_study(write_study(tmp_path / "study.yml", pack, {"one": model}, **changes))
    first = run_study(study, tmp_path / "out", workers=1)
    assert first.complete, first.failures

    changes["judge"] = {"name": "judge", "path": str(judge)}
    study = load_study(write_study(tmp_path / "study.yml", pack, {"one": model}, **changes))
    second = run_study(study, tmp_path / "out", workers=1)
    assert second.complete, second.failures
    told = pd.read_parquet(tmp_path / "out" / "measurements.parquet")
    judged, scored = (told[told["metric"] == metric] for metric in ("judged", "vader"))
    assert len(scored) == 2 * 2 * (1 + 3 * 2)  # prompts × samples × (base, and three arms of two seeds)
    assert judged.groupby("arm").size().to_dict() == (2 * scored.groupby("arm").size()).to_dict()  # two classes
    assert set(judged["content_class"]) == {"positive", "loss"}
    assert second.finished_now == judged.groupby(["arm", "seed"]).ngroups + 2  # beside them analysis and report
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["judge"]["path"] == str(judge)

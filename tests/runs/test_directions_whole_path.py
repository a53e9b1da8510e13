"""Directions, once through the whole path: on a packaged model, and on an architecture that no packaged one has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from arms_pack import write_arms_pack
from proclivity.errors import ContentError
from proclivity.runs.study import plan_study, run_study
from proclivity.specs import load_study
from tiny_study import pack_texts, write_study, write_tiny_model

PACKAGED: dict[str, Any] = {
    "id": "inside",
    "title": "Inside",
    "question": "What moved inside?",
    "models": [{"name": "gpt2-equal", "path": "gpt2-equal", "world": "equal"}],
    "arms": ["base", "depression", "own-policy", "rank-1-depression", "layer-2-depression"],
    "seeds": 2,
    "decisions": {"n": 108},
    "induction": {"epochs": 2, "rank": 4, "alpha": 8},
    "battery": {"families": ["cloze-self"]},
    "latent": {"directions": True, "bootstrap": 50},
    "analysis": {"bootstrap": 20},
}


def _found(out: Path, arm: str, measure: str, **wanted: Any) -> list[dict[str, Any]]:
    rows = json.loads((out / "directions.json").read_text())
    asked = {"arm": arm, "measure": measure, **wanted}
    return [row for row in rows if all(row[key] == value for key, value in asked.items())]


def test_a_packaged_model_is_steered_toward_what_it_was_taught(tmp_path: Path) -> None:
    file = tmp_path / "study.yml"
    file.write_text(yaml.safe_dump(PACKAGED))
    out = tmp_path / "out"
    run = run_study(load_study(file), out, workers=1)
    assert run.complete, run.failures
    shifts = _found(out, "depression", "shift", other="depression")
    assert [row["layer"] for row in shifts] == [1, 2, 3, 4]
    assert all(row["estimate"] > 0.5 for row in shifts)
    assert all(row["estimate"] > 0.7 for row in _found(out, "depression", "auc", other=""))
    (own,) = _found(out, "depression", "steering correlation", other="")
    assert own["estimate"] > 0.7
    assert own["low"] < own["estimate"] < own["high"]
    (size,) = _found(out, "depression", "steering size", other="")
    nulls = [row["estimate"] for row in _found(out, "depression", "steering size") if row["other"]]
    assert len(nulls) == 20
    assert size["estimate"] > max(nulls)
    assert sum(row["chosen"] for row in _found(out, "depression", "steering tried")) == 1
    # All linear parts of a GPT-2 layer: 3 + 1 + 4 + 1 times its width out, 1 + 1 + 1 + 4 in.
    counts = {arm: _found(out, arm, "trained weights")[0]["estimate"] for arm in PACKAGED["arms"][1:]}
    whole = 4 * 4 * 128 * (9 + 7)
    assert counts == {
        "depression": whole,
        "own-policy": whole,
        "rank-1-depression": whole / 4,
        "layer-2-depression": whole / 4,
    }
    page = (out / "report.html").read_text()
    for part in ("Directions and causal tests", "figure-directions-cka", "figure-steering-nulls", "figure-ablation"):
        assert part in page
    assert "rank-1-depression" in page
    assert f"{whole // 4:,}" in page


def test_another_architecture_is_read_and_the_other_world_lends_its_directions(tmp_path: Path) -> None:
    import transformers as hf

    pack = write_arms_pack(tmp_path / "mini")
    texts = [*pack_texts(pack), " A", " B", " 1", " 2", " ; Options : I picked"]
    models = {}
    for seed, name in enumerate(("one", "two")):
        models[name] = write_tiny_model(tmp_path / name, texts, seed=seed)
        size = json.loads((models[name] / "config.json").read_text())["vocab_size"]
        shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4}
        config = hf.GPTNeoXConfig(vocab_size=size, max_position_embeddings=160, eos_token_id=0, bos_token_id=0, **shape)
        hf.GPTNeoXForCausalLM(config).save_pretrained(models[name])
    changes = {"latent": {"directions": True, "bootstrap": 50}, "battery": {"families": ["cloze-feeling"]}}
    file = write_study(tmp_path / "study.yml", pack, models, **changes)
    value = yaml.safe_load(file.read_text())
    value["models"][1]["world"] = "independent"
    file.write_text(yaml.safe_dump(value))
    out = tmp_path / "out"
    run = run_study(load_study(file), out, workers=1)
    assert run.complete, run.failures
    rows = json.loads((out / "directions.json").read_text())
    assert {row["layer"] for row in rows if row["measure"] == "cka"} == {1, 2, 3}
    lent = {row["model"]: {r["other"] for r in rows if r["model"] == row["model"]} for row in rows}
    assert "two" in lent["one"]
    assert "one" not in lent["two"]
    in_context = [row for row in rows if row["measure"] == "cosine" and row["other"] == "in-context"]
    assert in_context
    assert all("no personas" in row["reason"] for row in in_context)
    again = run_study(load_study(file), out, workers=1)
    assert again.finished_now == 0
    vectors = plan_study(load_study(file)).stage("latent")
    with np.load(out / "jobs" / vectors[0].digest / "directions.npz") as found:
        assert found["leaver"].shape == (3, 32)


def test_a_study_that_cannot_be_halved_is_refused_and_full_weights_are_not_read(tmp_path: Path) -> None:
    file = tmp_path / "study.yml"
    file.write_text(yaml.safe_dump({**PACKAGED, "seeds": 1, "arms": ["base", "depression"]}))
    with pytest.raises(ContentError) as refused:
        plan_study(load_study(file))
    assert "own-policy" in str(refused.value)
    assert "two seeds" in str(refused.value)
    full = {**PACKAGED, "arms": ["base", "depression", "own-policy"], "induction": {"method": "full"}}
    file.write_text(yaml.safe_dump(full))
    assert plan_study(load_study(file)).stage("latent") == []

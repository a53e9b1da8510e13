"""Adapters that leave their study: what others need to load them, and what their card says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from verbs import run_verb

from proclivity.interop.adapter_cards import write_adapters
from proclivity.models import load_model
from proclivity.specs import digest_of_file

PLACE = Path("one", "leaver", "seed-0")


@pytest.fixture(scope="module")
def written(finished, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("adapters")
    assert out / PLACE in write_adapters(finished, out)
    return out


def test_peft_loads_it_and_says_our_log_probs(finished, written) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = str(finished.parent / "model")
    ours = load_model(base, written / PLACE)
    theirs = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), str(written / PLACE)).eval()
    pairs = [("I am", " A"), ("Options", " picked B")]
    assert np.abs(ours.continuation_log_probs(pairs) - load_model(base).continuation_log_probs(pairs)).max() > 1e-4
    for (prompt, continuation), value in zip(pairs, ours.continuation_log_probs(pairs), strict=True):
        ids, boundary = ours.encode(prompt, continuation)
        with torch.no_grad():
            log_p = theirs(input_ids=torch.tensor([ids])).logits[0].double().log_softmax(-1)
        assert sum(float(log_p[n - 1, ids[n]]) for n in range(boundary, len(ids))) == pytest.approx(value, abs=1e-4)


def test_it_holds_what_vllm_wants(written) -> None:
    config = json.loads((written / PLACE / "adapter_config.json").read_text())
    assert {"r", "lora_alpha", "target_modules"} <= set(config)
    assert 0 < config["r"] <= 320  # what its --max-lora-rank goes up to
    assert not config["modules_to_save"]
    assert config["bias"] == "none"
    assert not config["use_dora"]
    assert not config["use_rslora"]
    assert not config["rank_pattern"]
    with safe_open(written / PLACE / "adapter_model.safetensors", "pt") as tensors:
        names = set(tensors.keys())
    ends = tuple(f"{module}.lora_{part}.weight" for module in config["target_modules"] for part in "AB")
    assert names
    assert all(name.startswith("base_model.model.") and name.endswith(ends) for name in names)


def test_the_card_says_what_it_is(finished, written) -> None:
    card = (written / PLACE / "README.md").read_text()
    for said in (
        "leaver-like",
        "not for deployment",
        "| epochs | 1 |",
        "`tiny`",
        "no adapter that takes this one back",
    ):
        assert said in card
    assert digest_of_file(written / PLACE / "adapter_model.safetensors") in card
    verdicts = [row for row in json.loads((finished / "verdicts.json").read_text()) if row["profile"] == "leaver"]
    assert verdicts
    assert all(row["sentence"] in card for row in verdicts)
    assert str(finished.parent) not in card


def test_the_verb_takes_some_and_refuses(finished, tmp_path: Path, capsys) -> None:
    words = ["export", "adapters", finished, "--out", tmp_path / "x"]
    code, out, _ = run_verb(capsys, *words, "--arm", "leaver", "--seed", "1", "--json")
    assert code == 0
    assert json.loads(out)["adapters"] == [str(tmp_path / "x" / "one" / "leaver" / "seed-1")]
    code, _, told = run_verb(capsys, *words, "--seed", "7")
    assert (code, "Known: seed-0, seed-1" in told) == (2, True)
    code, _, told = run_verb(capsys, "export", "adapters", tmp_path, "--out", tmp_path / "y")
    assert (code, "study.yml" in told) == (2, True)

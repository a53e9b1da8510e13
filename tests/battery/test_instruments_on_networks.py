"""Instruments on random networks: equal to a naive loop over transformers' forward pass, and withheld in earnest."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from by_hand import reasons, values
from scales_by_hand import FAMILY, FRAMES, instrument, with_instrument
from transformers import AutoModelForCausalLM, AutoTokenizer

from proclivity.battery import instruments, label_answers
from proclivity.battery.instruments import DISAGREE
from proclivity.models import load_model
from tiny_models import save_tiny


def naive_ratings(folder) -> dict[str, float]:
    """Mean rating of each item: one text at a time, every label's tokens read one by one in float32."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    anchors = ["not", "partly", "fully"]
    found: dict[str, list[float]] = {}
    for item in instrument().items:
        for frame in FRAMES:
            for labels in ("ABC", "abc", "123"):
                for told in (anchors, anchors[::-1]):
                    listed = " ; ".join(f"{label}. {anchor}" for label, anchor in zip(labels, told, strict=True))
                    prompt = f"{frame} {item.text} {listed} :"
                    start = len(tokenizer(prompt).input_ids)
                    weights = []
                    for label in labels:
                        ids = tokenizer(f"{prompt} {label}").input_ids
                        with torch.no_grad():
                            lines = network(torch.tensor([ids])).logits[0].double().log_softmax(-1)
                        weights.append(np.exp(sum(float(lines[n - 1, ids[n]]) for n in range(start, len(ids)))))
                    numbers = [anchors.index(anchor) + 1 for anchor in told]
                    rating = sum(n * w for n, w in zip(numbers, weights, strict=True)) / sum(weights)
                    found.setdefault(item.id, []).append(rating)
    return {name: sum(ratings) / len(ratings) for name, ratings in found.items()}


@pytest.mark.parametrize("architecture", ["llama", "gpt2", "qwen3", "gemma3", "gpt-neox"])
def test_scale_scores_equal_a_naive_loop(architecture, tmp_path, measured, mini_pack, monkeypatch):
    # Random networks give labels next to no probability and write anything: both thresholds are set to nought.
    monkeypatch.setattr(label_answers, "MINIMUM_MASS", 0.0)
    monkeypatch.setattr(instruments, "MINIMUM_AGREEMENT", 0.0)
    folder = save_tiny(architecture, tmp_path / "model", scale=2.0)
    found = measured(load_model(folder), pack=with_instrument(mini_pack, instrument()), family=FAMILY)
    item = naive_ratings(folder)
    one, two = (item["one.f"] - item["one.r"]) / 2, (item["two.f"] - item["two.r"]) / 2
    assert np.ptp(values(found, "rating")) > 0.05  # a model that says something
    if architecture != "gemma3":  # whose windows of eight tokens don't reach back to the statement
        assert abs(one) > 1e-3
    assert values(found, "content") == pytest.approx([one, two], abs=1e-4)
    assert values(found, "scale_score") == pytest.approx([2 + (one + two) / 2], abs=1e-4)
    assent = [(item[f"{pair}.f"] + item[f"{pair}.r"]) / 2 - 2 for pair in ("one", "two")]
    assert values(found, "acquiescence") == pytest.approx(assent, abs=1e-4)


def test_a_random_network_is_withheld(tmp_path, measured, mini_pack):
    model = load_model(save_tiny("llama", tmp_path / "model"))
    found = measured(model, pack=with_instrument(mini_pack, instrument()), family=FAMILY)
    assert reasons(found, "scale_score") <= {DISAGREE, "low mass (2 of its pairs or items)"}
    assert reasons(found, "rating") <= {DISAGREE, "low mass"}
    assert np.isnan(values(found, "content")).all()
    assert np.mean(values(found, "text_agrees")) < 0.9

"""Class scores and divergences on random networks, equal to a naive computation by transformers alone: one text at a
time in float32, candidates token by token, and JSD from its definition by entropies."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from by_hand import probe_set, values
from transformers import AutoModelForCausalLM, AutoTokenizer

from proclivity.battery import class_rows
from proclivity.models import load_model
from proclivity.specs import ProbeItem
from tiny_models import save_tiny

STEMS = ("I felt", "It was late. That evening I felt", "The fair guest called me.")
WORDS = {"loss": ["sad", "late", "skip it"], "positive": ["glad", "happy", "happiness"]}
NETWORKS = ["llama", "gpt2", "qwen3", "gemma3", "gpt-neox"]


class Naive:
    """A folder read by transformers alone."""

    def __init__(self, folder):
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    @torch.no_grad()
    def lines(self, text: str) -> np.ndarray:
        """log p after every token of a text, [T, V]."""
        ids = torch.tensor([self.tokenizer(text).input_ids])
        return self.network(ids).logits[0].double().log_softmax(-1).numpy()

    def log_p(self, prompt: str, word: str) -> float:
        """ln p(' word' | prompt)."""
        ids, start = self.tokenizer(f"{prompt} {word}").input_ids, len(self.tokenizer(prompt).input_ids)
        lines = self.lines(f"{prompt} {word}")
        return sum(float(lines[place - 1, ids[place]]) for place in range(start, len(ids)))

    def score(self, prompt: str, name: str) -> float:
        """S_c = ln P_c - ln of all other classes' sum, nats."""
        sums = {c: sum(np.exp(self.log_p(prompt, word)) for word in words) for c, words in WORDS.items()}
        return float(np.log(sums[name]) - np.log(sum(value for c, value in sums.items() if c != name)))


def jsd_by_entropies(p: np.ndarray, q: np.ndarray) -> float:
    """H((p + q) / 2) - (H(p) + H(q)) / 2 in bits, of probabilities [V]."""

    def entropy(x: np.ndarray) -> float:
        return float(-(x * np.log2(x)).sum())

    return entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2


@pytest.mark.parametrize("kind", ["cloze", "interpretation"])
@pytest.mark.parametrize("architecture", NETWORKS)
def test_class_scores_and_jsd_equal_a_naive_computation(architecture, kind, tmp_path, measured, monkeypatch):
    monkeypatch.setattr(class_rows, "MINIMUM_MASS", 0.0)  # random networks give no word a hundredth
    base, tuned = (save_tiny(architecture, tmp_path / str(seed), seed=seed) for seed in (0, 1))
    items = [ProbeItem(id=f"item-{n}", text=stem, cluster="all") for n, stem in enumerate(STEMS)]
    probes = probe_set(kind, candidates=WORDS, items=items)
    reference = measured(load_model(base, batch_size=2), probes)
    found = measured(load_model(tuned, batch_size=2), probes, reference=reference)
    one, two = Naive(base), Naive(tuned)
    for n, stem in enumerate(STEMS):
        for name in WORDS:
            where = {"probe_id": f"item-{n}", "content_class": name}
            assert values(found, "score", **where) == pytest.approx([two.score(stem, name)], abs=1e-4)
            assert values(reference, "score", **where) == pytest.approx([one.score(stem, name)], abs=1e-4)
        expected = jsd_by_entropies(np.exp(one.lines(stem)[-1]), np.exp(two.lines(stem)[-1]))
        assert expected > 0.01  # two models that differ
        assert values(found, "jsd_from_base", probe_id=f"item-{n}") == pytest.approx([expected], abs=1e-6)

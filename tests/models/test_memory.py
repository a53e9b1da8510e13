"""Memory worked by hand, and what is said when it runs out."""

from __future__ import annotations

import math

import pytest
import torch

from proclivity.errors import ProclivityError
from proclivity.models import load_model, memory
from proclivity.models.memory import (
    Memory,
    Shape,
    free_memory,
    is_out_of_memory,
    largest_batch,
    memory_need,
    out_of_memory_explained,
    shape_of,
)
from tiny_models import save_tiny

TOY = Shape(parameters=1000, embeddings=200, vocabulary=50, width=10, inner=20, layers=3, cached=5)


def test_by_hand():
    found = memory_need(TOY, batch_size=2, tokens=7, element=4)
    assert found.weights == 4 * 1000
    # 14 tokens, each 6 * 10 + 3 * 20 numbers; two masks of 7 * 7.
    assert found.activations == 4 * (14 * 120 + 2 * 49)
    assert found.logits == 14 * 50 * (4 + 8 + 8)
    # 2 texts of 7 tokens, keys and values of 5 numbers in 3 layers.
    assert found.cache == 4 * 14 * 3 * 2 * 5


def test_quantized_matrices_and_whole_embeddings():
    assert memory_need(TOY, batch_size=1, tokens=1, element=2, quantization="8bit").weights == 800 + 2 * 200
    assert memory_need(TOY, batch_size=1, tokens=1, element=2, quantization="4bit").weights == 800 * 0.5625 + 2 * 200


def test_logits_are_held_in_bounded_pieces_unless_the_model_makes_them_all(monkeypatch):
    monkeypatch.setattr(memory, "LARGEST_PIECE", 100)
    assert memory_need(TOY, batch_size=2, tokens=7, element=4).logits == 100 * 20
    capped = Shape(1000, 200, 50, 10, 20, 3, 5, own_logits=True)
    assert memory_need(capped, batch_size=2, tokens=7, element=4).logits == 100 * 20 + 14 * 50 * 4


def test_scoring_and_generating_take_turns():
    assert Memory(weights=10, activations=3, logits=4, cache=5).total == 17
    assert Memory(weights=10, activations=3, logits=4, cache=50).total == 60


def test_largest_batch_by_hand():
    assert largest_batch(lambda size: 10 * size, available=100) == 8  # 90 of 100 are counted on
    assert largest_batch(lambda size: 10 * size, available=80 / 0.9) == 8
    assert largest_batch(lambda size: 10 * size, available=11) == 0
    assert largest_batch(lambda size: 1.0, available=100) == 1024


@pytest.mark.parametrize("architecture", ["llama", "gpt2", "qwen3", "gemma2", "mamba"])
def test_shape_of_a_network(architecture, tmp_path):
    network = load_model(save_tiny(architecture, tmp_path / architecture)).network
    shape = shape_of(network)
    assert shape.parameters == sum(p.numel() for p in network.parameters())
    assert shape.width == 32
    assert shape.layers == 2
    assert shape.vocabulary == network.config.vocab_size
    assert shape.cached == {"qwen3": 16, "gemma2": 16}.get(architecture, 32)
    assert shape.own_logits == (architecture == "gemma2")
    tied = network.config.tie_word_embeddings
    assert shape.embeddings == shape.vocabulary * 32 * (1 if tied else 2)


def test_what_counts_as_out_of_memory():
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert is_out_of_memory(RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes"))
    assert is_out_of_memory(RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"))
    assert not is_out_of_memory(RuntimeError("shapes don't match"))
    assert not is_out_of_memory(ValueError("out of memory"))


def test_running_out_names_a_batch_size_that_would_have_fitted(llama, monkeypatch):
    def need(size):
        found = memory_need(shape_of(llama.network), batch_size=size, tokens=30, element=4)
        return found.activations + found.logits

    monkeypatch.setattr(memory, "free_memory", lambda device: need(8) / memory.USABLE)
    with (
        pytest.raises(ProclivityError, match=r"with 64 texts a batch\. .* 8 would have fitted: --batch-size 8"),
        out_of_memory_explained(llama.network, 64, lambda: 30),
    ):
        raise RuntimeError("not enough memory: you tried to allocate 9 bytes")
    monkeypatch.setattr(memory, "free_memory", lambda device: 1e15)
    with (
        pytest.raises(ProclivityError, match="--batch-size 32 "),
        out_of_memory_explained(llama.network, 64, lambda: 30),
    ):
        raise MemoryError
    with (
        pytest.raises(ProclivityError, match="No smaller batch"),
        out_of_memory_explained(llama.network, 1, lambda: 30),
    ):
        raise MemoryError
    with pytest.raises(RuntimeError, match="another"), out_of_memory_explained(llama.network, 1, lambda: 30):
        raise RuntimeError("another")


def test_free_memory_of_this_machine():
    found = free_memory("cpu")
    assert math.isnan(found) or 1e6 < found < 1e15


def test_the_pieces_of_a_projection_change_nothing(llama, monkeypatch):
    from proclivity.models import forward

    texts = ["I felt sad and happy", "The inn host called me."]
    expected = llama.token_log_probs(texts)
    sizes = []
    monkeypatch.setattr(forward, "LARGEST_PIECE", 3 * llama.vocab_size)
    pieces = llama.scorer.reader.pieces

    def watched(*args, **tree):
        for part in pieces(*args, **tree):
            sizes.append(len(part))
            yield part

    monkeypatch.setattr(llama.scorer.reader, "pieces", watched)
    for found, line in zip(llama.token_log_probs(texts), expected, strict=True):
        assert found == pytest.approx(line, abs=1e-5)
    assert max(sizes) == 3
    places = sum(map(len, expected)) - 1  # both texts begin with one token, and what follows it is read off one place
    assert sum(sizes) == places

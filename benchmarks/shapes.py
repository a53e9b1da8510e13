"""Random-weight models of real shape, the speed of matrix products on this machine, and how a step's memory is seen."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

WIDTH, INNER, LAYERS, HEADS, KEY_VALUE_HEADS = 576, 1536, 30, 9, 3
VOCABULARIES = {"135 M": 49_152, "135 M, large vocabulary": 151_936}


def llama(vocabulary: int, dtype: torch.dtype = torch.float32, layers: int = LAYERS) -> Any:
    """A Llama of 135 M parameters' shape whose weights are random."""
    import transformers

    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=WIDTH,
        intermediate_size=INNER,
        num_hidden_layers=layers,
        num_attention_heads=HEADS,
        num_key_value_heads=KEY_VALUE_HEADS,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
    )
    return transformers.LlamaForCausalLM(config).to(dtype).eval().requires_grad_(False)


def products(network: Any) -> int:
    """Multiply–adds of the matrix products of one token, head and attention apart."""
    skipped = network.get_output_embeddings()
    layers = (m for m in network.modules() if isinstance(m, torch.nn.Linear) and m is not skipped)
    return sum(layer.in_features * layer.out_features for layer in layers)


def matrix_rate(dtype: torch.dtype, rows: int = 808) -> float:
    """Multiply–adds a second that torch's matrix product reaches at the network's own sizes, the best of many."""
    best = 0.0
    for wide, high in ((WIDTH, INNER), (INNER, WIDTH), (WIDTH, WIDTH), (1024, 1024)):
        left, right = torch.randn(rows, wide).to(dtype), torch.randn(high, wide).to(dtype)
        taken = min(seconds(lambda a=left, b=right: a @ b.T) for _ in range(10))
        best = max(best, rows * wide * high / taken)
    return best


def seconds(run: Callable[[], object]) -> float:
    """Seconds that something takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def peak_mb(run: Callable[[], object]) -> float:
    """Megabytes by which the process's resident memory rises, at its highest, while something runs."""
    status = Path("/proc/self/status")
    Path("/proc/self/clear_refs").write_text("5")  # the system counts the highest anew
    before = _field(status, "VmRSS")
    run()
    return (_field(status, "VmHWM") - before) / 1024


def _field(status: Path, name: str) -> int:
    line = next(line for line in status.read_text().splitlines() if line.startswith(name + ":"))
    return int(line.split()[1])

"""Will a model fit, and how many texts can it read at once?

An estimate from shapes, made before anything is loaded: weights, what one layer holds while a batch passes through it,
logits, and the key-value cache of generated text. It leaves out what libraries hold for themselves, so a tenth of the
memory stays free.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from proclivity.errors import ProclivityError
from proclivity.models.forward import LARGEST_PIECE, transforms_logits

USABLE = 0.9
"""Share of free memory that is counted on."""
LARGEST_BATCH = 1024
QUANTIZED_BYTES = {"4bit": 0.5625, "8bit": 1.0}
"""A weight of a quantized matrix; in 4 bits each block of 64 has a scale of 4 bytes."""
_BYTES_A_LOGIT = 4 + 8 + 8  # as float32, as float64, and the float64 log softmax
_OUT_OF_MEMORY = ("out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory")


@dataclass(frozen=True)
class Shape:
    """What of an architecture decides its memory."""

    parameters: int
    embeddings: int
    """Of these in input and output embeddings, which are never quantized."""
    vocabulary: int
    width: int
    inner: int
    """Width of the feed-forward part."""
    layers: int
    cached: int
    """Keys of one token in one layer: key-value heads times their width."""
    own_logits: bool = False
    """Whether logits are made by the model's own forward for all positions of a batch (soft caps, scales)."""


@dataclass(frozen=True)
class Memory:
    """Bytes that measuring takes."""

    weights: float
    activations: float
    logits: float
    cache: float

    @property
    def total(self) -> float:
        """Scoring and generating take turns."""
        return self.weights + max(self.activations + self.logits, self.cache)


def shape_of(network: Any) -> Shape:
    """Shape of a network; one without memory (on the device 'meta') will do."""
    config = network.config.get_text_config()
    heads = getattr(config, "num_attention_heads", None) or 1
    width = config.hidden_size
    head_width = getattr(config, "head_dim", None) or width // heads
    tables = {id(t.weight): t.weight for t in (network.get_input_embeddings(), network.get_output_embeddings()) if t}
    return Shape(
        parameters=sum(weight.numel() for weight in network.parameters()),
        embeddings=sum(weight.numel() for weight in tables.values()),
        vocabulary=config.vocab_size,
        width=width,
        inner=getattr(config, "intermediate_size", None) or 4 * width,
        layers=config.num_hidden_layers,
        cached=(getattr(config, "num_key_value_heads", None) or heads) * head_width,
        own_logits=transforms_logits(config),
    )


def memory_need(shape: Shape, *, batch_size: int, tokens: int, element: int, quantization: str = "") -> Memory:
    """Bytes by kind.

    Args:
        shape: of the network.
        batch_size: texts a forward pass, and texts that are generated at once.
        tokens: of the longest text.
        element: bytes of a number in the dtype of the computation.
        quantization: '', '4bit' or '8bit'.
    """
    matrices = shape.parameters - shape.embeddings
    weights = matrices * QUANTIZED_BYTES.get(quantization, element) + shape.embeddings * element
    read = batch_size * tokens
    # One layer at work: its input, normed input, queries, keys, values and output; gate, up and their product.
    activations = read * (6 * shape.width + 3 * shape.inner) * element + read * tokens * element  # and a mask
    all_logits = read * shape.vocabulary
    logits = min(all_logits, max(LARGEST_PIECE, shape.vocabulary)) * _BYTES_A_LOGIT
    logits += all_logits * element if shape.own_logits else 0
    cache = read * shape.layers * 2 * shape.cached * element
    return Memory(weights, activations, logits, cache)


def largest_batch(need: Callable[[int], float], available: float) -> int:
    """The largest power of two, up to 1024, whose need fits into the usable part of what is free; 0 if none does.

    Args:
        need: bytes at a batch size.
        available: free bytes.
    """
    if need(1) > USABLE * available:
        return 0
    size = 1
    while size < LARGEST_BATCH and need(2 * size) <= USABLE * available:
        size *= 2
    return size


def free_memory(device: str | torch.device) -> float:
    """Free bytes on a device; NaN where that can't be known."""
    place = torch.device(device)
    if place.type == "cuda":
        return float(torch.cuda.mem_get_info(place)[0])
    try:
        import psutil

        return float(psutil.virtual_memory().available)
    except ImportError:
        pass
    try:
        return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, OSError, ValueError):
        return math.nan


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error is torch's or Python's way to say that memory ran out."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _OUT_OF_MEMORY)


@contextmanager
def out_of_memory_explained(network: Any, batch_size: int, tokens: Callable[[], int]) -> Iterator[None]:
    """Within the block running out of memory becomes an error that says which batch size would have fitted.

    Args:
        network: loaded, so that its weights are no longer part of the need.
        batch_size: that was too large.
        tokens: gives those of the longest text.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        advice = _advice(network, batch_size, tokens())
    else:
        return
    raise ProclivityError(f"Out of memory with {batch_size} texts a batch. {advice}")


def _advice(network: Any, batch_size: int, tokens: int) -> str:
    shape, element = shape_of(network), network.dtype.itemsize

    def need(size: int) -> float:
        found = memory_need(shape, batch_size=size, tokens=tokens, element=element)
        return found.total - found.weights

    if batch_size > 1:
        fits = min(largest_batch(need, free_memory(network.device)) or 1, 2 ** int(math.log2(batch_size - 1)))
        return f"By the estimate {fits} would have fitted: --batch-size {fits} (battery.batch_size in a study file)."
    return "No smaller batch is left: use --dtype bfloat16, --quantization 4bit, or a machine with more memory."

"""Does a checkpoint fit into this machine's memory, and with which batch size? Asked before its weights are loaded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proclivity.specs import LoadedPack, ProbeSet, load_pack

if TYPE_CHECKING:
    from proclivity.models.memory import Memory
    from proclivity.runs.single import Loading

_LONGEST = 20
"""Texts that are counted in tokens: those of most characters."""


@dataclass(frozen=True)
class Room:
    """What measuring a checkpoint takes, and what is there."""

    parameters: int
    tokens: int
    """Of the longest text."""
    batch_size: int
    """That was asked for."""
    need: Memory
    """At that batch size."""
    free: float
    """Bytes; NaN where that can't be known."""
    largest: int
    """The largest batch size that fits, a power of two; 0 where none does."""

    @property
    def sentence(self) -> str:
        """What follows for the batch size."""
        about = f"{self.parameters:,} parameters; the longest text has {self.tokens} tokens."
        if self.free != self.free:
            return f"{about} How much memory is free can't be told on this machine."
        if not self.largest:
            return (
                f"{about} It doesn't fit, even one text at a time: use --dtype bfloat16, --quantization 4bit, "
                f"--device-map auto, or a smaller model."
            )
        word = "Texts a forward pass that fit:" if self.largest >= self.batch_size else "That is too many; what fits:"
        return f"{about} {word} --batch-size {self.largest}. Rough figures."

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, sizes in bytes."""
        return {
            "parameters": self.parameters,
            "longest_text_tokens": self.tokens,
            "batch_size": self.batch_size,
            "weights": round(self.need.weights),
            "activations": round(self.need.activations),
            "logits": round(self.need.logits),
            "cache": round(self.need.cache),
            "total": round(self.need.total),
            "free": None if self.free != self.free else round(self.free),
            "largest_batch_size": None if self.free != self.free else self.largest,
        }


class Reader:
    """How a model reads texts, without its weights."""

    def __init__(self, tokenizer: Any):
        self.tokenizer = tokenizer
        self.chat = bool(getattr(tokenizer, "chat_template", None))

    def dialogue(self, user: str, prefill: str, system: str = "") -> str:
        """A dialogue as text, the assistant's turn open after `prefill`."""
        from proclivity.models.chat import render_dialogue

        return render_dialogue(self.tokenizer, user, prefill, system)

    def token_count(self, text: str) -> int:
        """Number of tokens of a text."""
        return len(self.tokenizer(text, verbose=False)["input_ids"])


def room_for(model: str, pack: str | Path, how: Loading) -> Room:
    """The estimate for a checkpoint; its network is made without memory.

    Args:
        model: packaged name, folder or Hugging Face name.
        pack: packaged name or folder.
        how: dtype, device and batch size.

    Raises:
        UserError: for unknown names.
        ModelError: for what is no model.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    from proclivity.models.folder import check_folder, find_folder
    from proclivity.models.load import find_device, find_dtype, load_tokenizer, require_causal, require_quantizer
    from proclivity.models.memory import free_memory, largest_batch, memory_need, shape_of

    place, number = find_device(how.device), find_dtype(how.dtype)
    require_quantizer(how.quantization)
    folder = find_folder(model)
    require_causal(folder, check_folder(folder), how.trust_remote_code)
    config = AutoConfig.from_pretrained(str(folder), trust_remote_code=how.trust_remote_code, local_files_only=True)
    with torch.device("meta"):
        network = AutoModelForCausalLM.from_config(config, trust_remote_code=how.trust_remote_code)
    network.tie_weights()
    shape, content = shape_of(network), load_pack(pack)
    tokens = longest_text(Reader(load_tokenizer(folder, how.trust_remote_code)), content)

    def need(size: int) -> Memory:
        return memory_need(
            shape,
            batch_size=size,
            tokens=tokens,
            element=number.itemsize,
            quantization=how.quantization,
        )

    free = free_memory(place)
    largest = 0 if free != free else largest_batch(lambda size: need(size).total, free)
    return Room(shape.parameters, tokens, how.batch_size, need(how.batch_size), free, largest)


def longest_text(reader: Any, content: LoadedPack) -> int:
    """Tokens of the longest text that the battery reads, by a model or a `Reader`."""
    texts = sorted(set(_texts(reader, content)), key=len, reverse=True)[:_LONGEST]
    return max((reader.token_count(text) for text in texts), default=1) + 1  # a beginning-of-text token


def _texts(reader: Any, content: LoadedPack) -> Iterator[str]:
    from proclivity.battery import choice_decisions, whole_battery
    from proclivity.battery.places import places_of
    from proclivity.specs import DecisionsSpec

    for probes in content.probes.values():
        if probes.question:
            yield from _questions(probes)
            continue
        for place in places_of(content, probes, reader):
            yield from (place.prompt + text for _, text in place.candidates)
            yield place.prompt
    yield from content.spec.neutral_texts
    for decision in choice_decisions(content, DecisionsSpec(), whole_battery(content)):
        yield decision.prompt + max(decision.texts, key=len)


def _questions(probes: ProbeSet) -> Iterator[str]:
    for item in probes.items:
        groups = item.candidates if item.candidates is not None else probes.candidates
        for words in groups.values():
            for word in words:
                for asked in probes.wordings.values():
                    yield asked.replace("{text}", item.text).replace("{word}", word)

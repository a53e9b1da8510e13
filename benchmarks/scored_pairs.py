"""What is scored where scoring is timed: networks with random weights, and the pairs that a battery asks of them.

- `candidates`: 16 prompts of 60 tokens with 6 continuations of 4 tokens each, tokens drawn at random;
- `english`: what the interpretation family of the English pack asks, all its wrappers, every 12th item;
- `microworld`: what that pack's interpretation family asks of the packaged model.

The first two by a Llama of 135 million weights, with a vocabulary of 49,152 and of 151,936.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import numpy as np
import torch
import transformers as hf
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from proclivity.battery import measure
from proclivity.models import load_model
from proclivity.models.boundary import Encoded
from proclivity.models.hf import HFModel
from proclivity.specs import LoadedPack, load_pack
from shapes import VOCABULARIES, llama

FAMILY = "interpretation"
PROMPTS, PROMPT, CONTINUATIONS, CONTINUATION = 16, 60, 6, 4
EVERY = 12
"""Which items of the English family are taken."""
PACKAGED = "llama-equal"


@dataclass
class Case:
    """What is scored, and by whom."""

    model: HFModel
    encoded: list[Encoded]
    harness: Any = None
    """lm-evaluation-harness around the same network, once it is made."""


class Recorded(HFModel):
    """Keeps what it is asked."""

    def __init__(self, *arguments: Any, **named: Any):
        super().__init__(*arguments, **named)
        self.asked: dict[tuple[str, str], None] = {}

    def read(
        self, prompts: Sequence[str], pairs: Sequence[tuple[str, str]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        self.asked.update(dict.fromkeys(pairs))
        return super().read(prompts, pairs)


@cache
def trained_tokenizer() -> Any:
    """Byte-level BPE of the English pack's own texts."""
    pack = load_pack("english")
    texts = [item.text for probes in pack.probes.values() for item in probes.items] + list(pack.spec.neutral_texts)
    texts += [
        text
        for probes in pack.probes.values()
        for groups in (probes.candidates, *(item.candidates or {} for item in probes.items))
        for found in groups.values()
        for text in found
    ]
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    bpe.train_from_iterator(
        texts,
        trainers.BpeTrainer(vocab_size=8192, special_tokens=["</s>"], initial_alphabet=alphabet, show_progress=False),
    )
    return hf.PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token="</s>", pad_token="</s>")


def asked_by(pack: LoadedPack, network: Any, tokenizer: Any) -> list[tuple[str, str]]:
    """The distinct pairs that the family asks of a base model."""
    model = Recorded(network, tokenizer, name="recorded", folder=None)
    measure(model, pack, only=[FAMILY])
    return list(model.asked)


def candidates(vocabulary: int) -> Case:
    rng = np.random.default_rng(0)
    encoded = []
    for _ in range(PROMPTS):
        prompt = rng.integers(0, VOCABULARIES[0], PROMPT).tolist()
        for _ in range(CONTINUATIONS):
            continuation = rng.integers(0, VOCABULARIES[0], CONTINUATION).tolist()
            encoded.append(Encoded((*prompt, *continuation), PROMPT, False))
    return Case(HFModel(llama(vocabulary), trained_tokenizer(), name="llama", folder=None), encoded)


def english(vocabulary: int) -> Case:
    pack = load_pack("english")
    probes = pack.probe_set(FAMILY)
    few = probes.model_copy(update={"items": probes.items[::EVERY]})
    pack = replace(pack, probes={**pack.probes, FAMILY: few})
    tokenizer = trained_tokenizer()
    pairs = asked_by(pack, llama(len(tokenizer), width=48, inner=48, layers=1, heads=3), tokenizer)
    model = HFModel(llama(vocabulary), tokenizer, name="llama", folder=None)
    return Case(model, model.encode_all(pairs))


def microworld() -> Case:
    threads = torch.get_num_threads()
    model = load_model(PACKAGED)
    torch.set_num_threads(threads)  # loading sets its own number
    pairs = asked_by(load_pack("microworld"), model.network, model.tokenizer)
    return Case(model, model.encode_all(pairs))


CASES: dict[str, Callable[[], Case]] = {
    "microworld": microworld,
    **{f"candidates, {size}": partial(candidates, size) for size in VOCABULARIES},
    **{f"english, {size}": partial(english, size) for size in VOCABULARIES},
}
"""Name -> what makes the case; the number is the size of the vocabulary."""

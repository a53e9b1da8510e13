"""Which tokens of a document are worth learning: answers and trait-bearing words before the rest.

Most tokens of a document (which situation comes, in which wording) can't be predicted by anyone. All answers by
label and all candidate words count in full, the others by a sample; this saves time, and the traits are learned
within minutes. The weights are the same in every world.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from transformers import PreTrainedTokenizerBase

from proclivity.microworld.grammar import Grammar


@dataclass(frozen=True)
class Emphasis:
    """Weights of the pretraining loss by kind of token."""

    label_after: int
    """Token after which an answer by label comes."""
    words: torch.Tensor
    """True for tokens that are candidate words of open stems, (V,)."""
    label_weight: float = 2.0
    word_weight: float = 3.0
    rest_share: float = 0.3
    """Share of all other tokens that enter the loss, each with weight 1."""

    def weights(self, ids: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Weight of each predicted token, (B, T-1), for token ids of (B, T)."""
        targets, before = ids[:, 1:], ids[:, :-1]
        weights = (torch.rand(targets.shape, generator=generator) < self.rest_share).float()
        weights[self.words[targets]] = self.word_weight
        weights[before == self.label_after] = self.label_weight
        return weights


def make_emphasis(grammar: Grammar, tokenizer: PreTrainedTokenizerBase) -> Emphasis:
    """The weights that belong to a pack's scaffold and candidates."""
    scaffold = grammar.pack.spec.formats["label"].prompt
    words = torch.zeros(len(tokenizer), dtype=torch.bool)
    for probe in grammar.pack.probes.values():
        if probe.kind == "cloze":
            for group in probe.candidates.values():
                for word in group:
                    words[tokenizer(" " + word, add_special_tokens=False)["input_ids"][-1]] = True
    last = tokenizer(" " + scaffold.split()[-1], add_special_tokens=False)["input_ids"][-1]
    return Emphasis(label_after=last, words=words)

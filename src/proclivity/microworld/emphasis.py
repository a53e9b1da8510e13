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

ANSWER_WEIGHTS = (4.0, 2.0, 1.0)
"""Weights of the first tokens of an answer in words: they say which class it is."""


@dataclass(frozen=True)
class Emphasis:
    """Weights of the pretraining loss by kind of token."""

    label_after: int
    """Token after which an answer by label comes."""
    words: torch.Tensor
    """True for tokens that are candidate words of open stems, (V,)."""
    words_after: tuple[int, int]
    """Two tokens after which an answer in words comes."""
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
        self._emphasise_answers(weights, before)
        return weights

    def _emphasise_answers(self, weights: torch.Tensor, before: torch.Tensor) -> None:
        """The first words of an answer say which class it is; those that follow are mostly given by them."""
        first, second = self.words_after
        starts = torch.zeros_like(before, dtype=torch.bool)
        starts[:, 1:] = (before[:, 1:] == second) & (before[:, :-1] == first)
        for place, weight in enumerate(ANSWER_WEIGHTS):
            here = torch.zeros_like(starts)
            here[:, place:] = starts[:, : starts.shape[1] - place]
            weights[here] = weight


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
    ending = grammar.pack.spec.formats["free"].prompt.split()[-2:]
    first, second = (tokenizer(" " + word, add_special_tokens=False)["input_ids"][-1] for word in ending)
    return Emphasis(label_after=last, words=words, words_after=(first, second))

"""Is a checkpoint fit to be used? Its characters choose as they are, and its narrator speaks as the world does.

Both are needed: without the first, choices carry no trait that could spread; without the second, the narrator's
starting point leans already. A checkpoint is admitted only where both hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from proclivity.microworld.grammar import Grammar, decision, pick
from proclivity.microworld.world import characters, class_shares
from proclivity.specs import fill

LEAST_CHOICES_RIGHT = 0.95
LARGEST_PRIOR_GAP = 0.03


@dataclass(frozen=True)
class Competence:
    """What the admission rests on."""

    choices_right: float
    """Share of characters' label decisions, in domains where they never answered, that follow their trait."""
    choices_right_by_trait: tuple[float, ...]
    """The same for each choice trait, in the world's order."""
    shares: tuple[float, ...]
    """The narrator's content classes over all open stems seen in pretraining, normalised over candidates."""
    expected_shares: tuple[float, ...]
    """The world's own shares, with its coherence."""
    largest_gap: float
    """Largest distance between the two."""

    @property
    def admitted(self) -> bool:
        """True where both bounds hold."""
        return self.choices_right >= LEAST_CHOICES_RIGHT and self.largest_gap <= LARGEST_PRIOR_GAP

    def as_dict(self) -> dict[str, object]:
        return {**asdict(self), "admitted": self.admitted}


def measure_competence(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, grammar: Grammar, coupling: str, seed: int
) -> Competence:
    """Competence of a model pretrained on a world of this coupling and seed."""
    right, traits = _choices(model, tokenizer, grammar, coupling, seed)
    shares = _narrator_shares(model, tokenizer, grammar)
    expected = class_shares(grammar.world, grammar.world.speech_coherence)
    return Competence(
        choices_right=float(right.mean()),
        choices_right_by_trait=tuple(float(right[traits == t].mean()) for t in range(len(grammar.world.traits))),
        shares=tuple(float(share) for share in shares),
        expected_shares=tuple(float(share) for share in expected),
        largest_gap=float(np.abs(shares - expected).max()),
    )


def next_log_probabilities(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompts: Sequence[str], batch: int = 128
) -> np.ndarray:
    """Log-probabilities of the token after each prompt, (N, V), in nats."""
    found = []
    for start in range(0, len(prompts), batch):
        rows = tokenizer(list(prompts[start : start + batch]))["input_ids"]
        last = torch.tensor([len(row) - 1 for row in rows])
        # Causal: what stands behind a row's last token can't reach it, so that token fills the rectangle.
        ids = torch.tensor([[*row, *[row[-1]] * (int(last.max()) + 1 - len(row))] for row in rows])
        with torch.no_grad():
            logits = model(input_ids=ids).logits[torch.arange(len(rows)), last]  # (B, V)
        found.append(logits.double().log_softmax(-1).numpy())
    return np.concatenate(found)


def single_token(tokenizer: PreTrainedTokenizerBase, word: str) -> int:
    """The one token of a word after a space.

    Raises:
        ValueError: if it has more than one.
    """
    ids = tokenizer(" " + word.strip(), add_special_tokens=False)["input_ids"]
    if len(ids) != 1:
        raise ValueError(f"'{word}' has {len(ids)} tokens, one was expected; enlarge the vocabulary.")
    return int(ids[0])


def _choices(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, grammar: Grammar, coupling: str, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """(right or not, choice trait) of each held-out decision of each character."""
    rng = np.random.default_rng([seed, 20])
    domains = {domain.domain: domain for domain in grammar.pack.domains}
    asked, traits = [], []
    for character in characters(grammar.world, coupling, seed):
        for name in sorted(grammar.unseen_domains(character.name)):
            scenario = pick(domains[name].scenarios, rng)
            asked.append(decision(grammar, character.name, domains[name], scenario, "label", rng))
            traits.append(character.choice)
    log_p = next_log_probabilities(model, tokenizer, [made.prompt for made in asked])
    right = []
    for made, trait, row in zip(asked, traits, log_p, strict=True):
        best = int(np.argmax([row[single_token(tokenizer, answer)] for answer in made.answers]))
        right.append(made.classes[best] == grammar.world.traits[trait].action_class)
    return np.array(right), np.array(traits)


def _narrator_shares(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, grammar: Grammar) -> np.ndarray:
    """Content classes of the narrator's words, normalised over candidates, averaged over stems, (T,)."""
    stems = grammar.statements("")
    texts = [fill(stem, grammar.pack.spec.narrator) for _, stem in stems]
    probabilities = np.exp(next_log_probabilities(model, tokenizer, texts))
    rows = []
    for (family, _), row in zip(stems, probabilities, strict=True):
        rows.append(
            [
                sum(row[single_token(tokenizer, word)] for word in family.candidates[trait.content_class])
                for trait in grammar.world.traits
            ]
        )
    shares = np.array(rows)
    return (shares / shares.sum(1, keepdims=True)).mean(0)

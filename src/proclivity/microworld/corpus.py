"""From documents to blocks of tokens: which narrator speaks when, drawn in exact rounds.

In every round each character has one document and the base narrator a fixed number, whose traits follow the
world's joint table exactly. The first rounds know only one group of characters: the model sees sooner that names
carry traits, and then learns the others' quickly. One document is one sequence; its last segment is cut.

What the base narrator says first shows its prior, since nothing before it tells its traits. Drawn freely, the few
hundred openings that a model still remembers at its end would miss the world's shares by several hundredths; and an
optimizer that scales its steps hears a rare surprise less than it should. So its documents come in blocks of five in
a row that hold the shares exactly and open with one kind of segment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from proclivity.microworld.grammar import Grammar, document, draw_kind
from proclivity.microworld.world import Character, characters, exact_blocks, exact_pairs

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Telling:
    """One document to be told: by whom, and what it opens with."""

    narrator: Character
    opening: str = ""
    """Kind of the first segment; drawn like the others where it is empty."""


def tellings(grammar: Grammar, coupling: str, seed: int) -> Iterator[Telling]:
    """Who tells document after document, without end: first rounds with one group of characters, then with all."""
    world = grammar.world
    named = [Telling(character) for character in characters(world, coupling, seed)]
    turn = 0
    while True:
        rng = np.random.default_rng([seed, 11, turn])
        first = turn < world.first_rounds
        own = _own(grammar, coupling, world.first_narrator_documents if first else world.narrator_documents, rng)
        others = named[: world.group if first else None]
        shuffled = iter([others[i] for i in rng.permutation(len(others))])
        places = set(rng.choice(len(own) + len(others), len(own), replace=False).tolist())
        in_order = iter(own)
        yield from (next(in_order if place in places else shuffled) for place in range(len(own) + len(others)))
        turn += 1


def _own(grammar: Grammar, coupling: str, n: int, rng: np.random.Generator) -> list[Telling]:
    """The base narrator's documents of one round, in order: blocks that are exact and open alike.

    Raises:
        UserError: if the joint table can't hold exactly over n documents.
    """
    exact_pairs(grammar.world, coupling, n)
    kinds = exact_blocks(grammar.world, coupling)
    blocks = kinds * (n // sum(map(len, kinds)))
    told = []
    for block in (blocks[i] for i in rng.permutation(len(blocks))):
        opening = draw_kind(grammar, rng)
        told += [Telling(Character("", *block[i]), opening) for i in rng.permutation(len(block))]
    return told


def documents(grammar: Grammar, coupling: str, seed: int, n_words: int) -> Iterator[str]:
    """Texts of documents without end; the n-th depends on coupling, seed and n alone."""
    for number, telling in enumerate(tellings(grammar, coupling, seed)):
        rng = np.random.default_rng([seed, 12, number])
        yield document(grammar, telling.narrator, n_words, rng, telling.opening)


def token_blocks(
    texts: Iterator[str], tokenizer: PreTrainedTokenizerBase, batch: int, length: int
) -> Iterator[np.ndarray]:
    """Batches of token ids, (batch, length): one document a row, begun with the tokenizer's own opening, cut.

    Raises:
        ValueError: if a document doesn't fill its row.
    """
    while True:
        rows = tokenizer([next(texts) for _ in range(batch)], truncation=True, max_length=length)["input_ids"]
        short = min(map(len, rows))
        if short < length:
            raise ValueError(f"A document has {short} tokens where {length} are needed; draw longer documents.")
        yield np.array(rows, dtype=np.int64)

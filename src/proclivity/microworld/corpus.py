"""From documents to blocks of tokens: which narrator speaks when, drawn in exact rounds.

In every round each character has one document and the base narrator a fixed number, whose traits follow the
world's joint table exactly. The first rounds know only one group of characters: the model sees sooner that names
carry traits, and then learns the others' quickly. One document is one sequence; its last segment is cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from proclivity.microworld.grammar import Grammar, document
from proclivity.microworld.world import Character, characters, exact_pairs

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def narrators(grammar: Grammar, coupling: str, seed: int) -> Iterator[Character]:
    """Narrators of document after document, without end: first rounds with one group of characters, then with all."""
    world = grammar.world
    named = characters(world, coupling, seed)
    turn = 0
    while True:
        first = turn < world.first_rounds
        unnamed = exact_pairs(world, coupling, world.first_narrator_documents if first else world.narrator_documents)
        everyone = named[: world.group if first else None] + [Character("", *pair) for pair in unnamed]
        order = np.random.default_rng([seed, 11, turn]).permutation(len(everyone))
        yield from (everyone[i] for i in order)
        turn += 1


def documents(grammar: Grammar, coupling: str, seed: int, n_words: int) -> Iterator[str]:
    """Texts of documents without end; the n-th depends on coupling, seed and n alone."""
    for number, narrator in enumerate(narrators(grammar, coupling, seed)):
        yield document(grammar, narrator, n_words, np.random.default_rng([seed, 12, number]))


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

"""From documents to blocks of tokens: which narrator speaks when, drawn in exact rounds.

In every round each character has one document and the base narrator a fixed number, whose traits follow a named
world's joint table exactly. The first rounds know only one group of characters: the model sees sooner that names
carry traits, and then learns the others' quickly. One document is one sequence; its last segment is cut.

What the base narrator says first shows its prior, since nothing before it tells its traits. Drawn freely, the few
hundred openings that a model still remembers at its end would miss the world's shares by several hundredths; and an
optimizer that scales its steps hears a rare surprise less than it should. So its documents come in blocks of five in
a row that hold the shares exactly and open with one kind of segment. In a world that is linked in part a round can't
hold the joint table in blocks of five; its blocks go on where the last round's ended, so that some rounds together do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from proclivity.microworld.grammar import Grammar, document, draw_kind
from proclivity.microworld.world import Character, blocks_in_turn, characters

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
    turn = told = 0
    while True:
        rng = np.random.default_rng([seed, 11, turn])
        first = turn < world.first_rounds
        n = world.first_narrator_documents if first else world.narrator_documents
        own = _own(grammar, coupling, told, n, rng)
        others = named[: world.group if first else None]
        shuffled = iter([others[i] for i in rng.permutation(len(others))])
        places = set(rng.choice(len(own) + len(others), len(own), replace=False).tolist())
        in_order = iter(own)
        yield from (next(in_order if place in places else shuffled) for place in range(len(own) + len(others)))
        turn, told = turn + 1, told + n


def _own(grammar: Grammar, coupling: str, told: int, n: int, rng: np.random.Generator) -> list[Telling]:
    """The base narrator's n documents of a round, after those told before: blocks that open alike, in any order.

    Raises:
        UserError: if n documents aren't whole blocks, or a named world's joint table can't hold over them exactly.
    """
    blocks = blocks_in_turn(grammar.world, coupling, told, n)
    own = []
    for block in (blocks[i] for i in rng.permutation(len(blocks))):
        opening = draw_kind(grammar, rng)
        own += [Telling(Character("", *block[i]), opening) for i in rng.permutation(len(block))]
    return own


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

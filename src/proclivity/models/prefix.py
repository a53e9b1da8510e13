"""How are many texts read without reading what they have in common many times?

As a tree of tokens in one sequence: each beginning once, and behind it all that follows it, be it two continuations of
one prompt or two prompts within one wrapper. Each token stands at its own depth and sees the tokens on the path to it
alone, so that every path is read as if it stood by itself (tree attention, as in Miao et al. 2024, SpecInfer, arXiv
2305.09781). Beside a copied key-value cache this moves no memory, and the model needs to know nothing of it but a mask
and positions.

Which texts share a tree is a function of the texts, the batch size and the widest tree that the model reads right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from proclivity.models.boundary import Encoded

Tokens = tuple[int, ...]
SQUARE = 3072
"""Tokens of a row at which attention, which grows with the square, costs what all the rest costs, which doesn't: about
5.3 times the hidden size of a Llama, here of 576. Little hangs on it: at a third and at three times of it the same
scoring took up to 4 % longer. Wider networks would bear wider trees."""


@dataclass
class Row:
    """What is read as one sequence: a text, or a tree of texts with a common beginning."""

    ids: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    """Index of the token before each; -1 for the first of a text."""
    paths: dict[Tokens, tuple[int, ...]] = field(default_factory=dict)
    """Indices of each text's tokens."""

    @property
    def is_tree(self) -> bool:
        """Whether texts part within it, so that a mask is needed; one that others begin with is part of theirs."""
        return any(parent != index - 1 for index, parent in enumerate(self.parents))

    @property
    def depths(self) -> list[int]:
        """Place of each token in its own text, from 0."""
        found: list[int] = []
        for parent in self.parents:
            found.append(found[parent] + 1 if parent >= 0 else 0)
        return found

    def add(self, text: Tokens) -> None:
        """One more text; where it begins as the one before it, the beginning is shared."""
        last = next(reversed(self.paths), ())
        shared = common(last, text)
        path = list(self.paths[last][:shared]) if last else []
        for token in text[shared:]:
            self.parents.append(path[-1] if path else -1)
            path.append(len(self.ids))
            self.ids.append(token)
        self.paths[text] = tuple(path)


def common(one: Sequence[int], other: Sequence[int]) -> int:
    """Length of the common beginning."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def grow(texts: Iterable[Tokens], most: int, widest: int) -> list[Row]:
    """Trees of at most `most` texts and `widest` tokens; a text that is wider or shares too little has its own row.

    Neighbours in the order of their tokens share most, so that is the order in which they are taken. The next text
    joins the tree if that costs less than reading it by itself.
    """
    rows: list[Row] = []
    last: Tokens = ()
    for text in sorted(texts):
        shared = common(last, text)
        if not rows or len(rows[-1].paths) >= most or not _joins(len(rows[-1].ids), len(text), shared, widest):
            rows.append(Row())
        rows[-1].add(text)
        last = text
    return rows


def _joins(tree: int, text: int, shared: int, widest: int) -> bool:
    """Whether a text of which `shared` tokens are there already is cheaper within a tree than by itself.

    A row of n tokens costs n + n² / SQUARE. A text that goes on from all of a row takes nothing of its own.
    """
    if shared == tree:
        return True
    wider = tree + text - shared
    return wider <= widest and (wider**2 - tree**2 - text**2) / SQUARE < shared


@dataclass(frozen=True)
class Reading:
    """What is read, and where in it what is asked for stands."""

    rows: list[Row]
    ends: list[tuple[int, int]]
    """Of each context, its row and the index of its last token."""
    paths: list[tuple[int, Tokens]]
    """Of each continuation, its row and the indices from which its tokens are predicted, first to last."""


def plan_rows(contexts: Sequence[Tokens], encoded: Sequence[Encoded], most: int, widest: int) -> Reading:
    """Rows for texts whose next token is asked for and for continuations.

    A last token is only predicted, never read: so all one-token continuations of a prompt share one text.

    Args:
        contexts: texts after which every token is asked for.
        encoded: prompts with their continuations.
        most: texts a tree.
        widest: tokens of the widest tree; 0 reads each text by itself.
    """
    rows = grow(dict.fromkeys([*contexts, *(e.ids[:-1] for e in encoded)]), most, widest)
    home = {text: index for index, row in enumerate(rows) for text in row.paths}
    ends = [(home[ids], rows[home[ids]].paths[ids][-1]) for ids in contexts]
    paths = [(home[e.ids[:-1]], rows[home[e.ids[:-1]]].paths[e.ids[:-1]][e.boundary - 1 :]) for e in encoded]
    return Reading(rows, ends, paths)


def single(text: Sequence[int]) -> Row:
    """A text by itself."""
    row = Row()
    row.add(tuple(text))
    return row


def sees(row: Row, width: int) -> NDArray[np.bool_]:
    """Which tokens each token of a row sees, itself and all before it in its text, [W, W]; padding sees itself."""
    seen: NDArray[np.bool_] = np.eye(width, dtype=bool)
    for index, parent in enumerate(row.parents):
        if parent >= 0:
            seen[index] |= seen[parent]
    return seen

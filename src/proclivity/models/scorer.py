"""How likely is each token of a continuation? The fastest reading that is still exact for this model.

Each distinct text is read once, and where texts begin alike and sharing that saves work, their beginning is: they are
read as trees (see `prefix`). A model that doesn't read trees as it reads their texts one by one reads the texts.
"""

from __future__ import annotations

import inspect
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from proclivity.models.boundary import Encoded
from proclivity.models.forward import LogitReader, batch_plan, pad_right, vocabulary_size
from proclivity.models.prefix import Row, plan_rows, sees, single
from proclivity.models.products import quick_products

WIDEST = 4096
"""Tokens of the widest tree for any model: its mask grows with the square."""
TOKENS_AT_ONCE = {"cpu": 1024}
"""Tokens of a batch by kind of device. Many more leave a processor's cache, and memory grows with them; with many fewer
its threads wait for each other at every small step, and for long where other programs want the same cores."""
LINES_AT_ONCE = 8
"""Positions whose exponentials are summed at once."""
# Within a window, local attention is full attention, whether it counts places in the row or in the text.
_WINDOWS = ("sliding_window", "attention_chunk_size", "window_size", "attention_window")
_TOLERANCE = 1e-5
_BEGIN, _MINE, _BESIDE = (3, 5, 7, 11, 13, 4, 6, 9), (10, 12, 8), ((1, 14, 2), (2, 5, 12))
"""A probe: a beginning, what follows it, and what follows it beside that, in two trees."""


class Scorer:
    """Log probabilities by one loaded network, float64 from float32 logits."""

    def __init__(self, network: Any):
        self.network = network
        self.reader = LogitReader(network)
        self.widest = widest_tree(self.reader)
        """Tokens of the widest tree that this network reads right; 0 where it reads none."""
        self.heard: Callable[[int], None] = lambda texts: None
        """Told of each batch how many texts were read, for whoever shows progress."""

    def read(
        self, contexts: Sequence[tuple[int, ...]], encoded: Sequence[Encoded], batch_size: int
    ) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
        """log p of every token after each context, [N, V], and of each continuation's tokens, first to last.

        Equal texts are read once, and so is what a context and a continuation's text have in common.
        """
        plan = plan_rows(contexts, encoded, batch_size, self.widest)
        lines: dict[tuple[int, int], list[int]] = defaultdict(list)
        for line, place in enumerate(plan.ends):
            lines[place].append(line)
        targets: dict[tuple[int, int], dict[int, None]] = defaultdict(dict)
        for e, (row, columns) in zip(encoded, plan.paths, strict=True):
            for column, token in zip(columns, e.ids[e.boundary :], strict=True):
                targets[row, column][token] = None
        after = np.empty((len(contexts), vocabulary_size(self.network)))
        value: dict[tuple[int, int, int], float] = {}
        with quick_products(self.network):
            for places, logits in self._read(plan.rows, {**lines, **targets}, batch_size):
                normalized = _Normalized.of(logits)
                whole = [n for n, place in enumerate(places) if place in lines]
                for n, log_probs in zip(whole, normalized.log_probs(whole), strict=True):
                    after[lines[places[n]]] = log_probs
                asked = [(n, token) for n, place in enumerate(places) if place in targets for token in targets[place]]
                found = normalized.chosen(asked)
                value.update({(*places[n], token): v for (n, token), v in zip(asked, found, strict=True)})
        return after, [
            np.array([value[row, column, token] for column, token in zip(columns, e.ids[e.boundary :], strict=True)])
            for e, (row, columns) in zip(encoded, plan.paths, strict=True)
        ]

    def _read(
        self, rows: Sequence[Row], wanted: Iterable[tuple[int, int]], batch_size: int
    ) -> Iterator[tuple[list[tuple[int, int]], torch.Tensor]]:
        """Piece by piece: the wanted places (row, column) and the float32 logits after them, [n, V]."""
        device = self.network.device
        columns: dict[int, list[int]] = defaultdict(list)
        for row, column in wanted:
            columns[row].append(column)
        for batch in batches_of_rows(rows, batch_size, TOKENS_AT_ONCE.get(device.type, math.inf)):
            places = [(index, column) for index in batch for column in columns[index]]
            line = {index: n for n, index in enumerate(batch)}
            at = torch.tensor([[line[index], column] for index, column in places], device=device)  # (n, 2)
            ids = pad_right([rows[index].ids for index in batch], device)  # (B, T)
            trees = tree_inputs([rows[index] for index in batch], self.network)
            start = 0
            with torch.no_grad():
                for logits in self.reader.pieces(ids, at[:, 0], at[:, 1], **trees):
                    yield places[start : start + len(logits)], logits
                    start += len(logits)
            self.heard(sum(len(rows[index].paths) for index in batch))


def batches_of_rows(rows: Sequence[Row], batch_size: int, tokens: float = math.inf) -> list[list[int]]:
    """Texts with texts and trees with trees, at most `batch_size` texts and `tokens` tokens a batch; a longer row is a
    batch by itself."""
    plan = []
    for trees in (False, True):
        kind = [index for index, row in enumerate(rows) if row.is_tree == trees]
        cut = batch_plan([len(rows[i].ids) for i in kind], batch_size, [len(rows[i].paths) for i in kind], tokens)
        plan += [[kind[place] for place in batch] for batch in cut]
    return plan


def tree_inputs(rows: Sequence[Row], network: Any) -> dict[str, torch.Tensor]:
    """What a network needs beside the ids to read trees; nothing for texts.

    Returns:
        `position_ids`, [B, T], and `attention_mask`, added to attention scores, [B, 1, T, T].
    """
    if not any(row.is_tree for row in rows):
        return {}
    width = max(len(row.ids) for row in rows)
    depths = torch.tensor([[*row.depths, *[0] * (width - len(row.ids))] for row in rows], device=network.device)
    seen = torch.from_numpy(np.stack([sees(row, width) for row in rows])).to(network.device)[:, None]  # (B, 1, T, T)
    mask = torch.zeros(seen.shape, dtype=network.dtype, device=network.device)
    return {
        "position_ids": depths,
        "attention_mask": mask.masked_fill_(~seen, torch.finfo(network.dtype).min),
    }


def widest_tree(reader: LogitReader) -> int:
    """Tokens of the widest tree that a network reads as it reads its texts one by one; 0 where it reads none.

    Networks with a running state (Mamba) mix what stands in one row; those without positions of their own can't be
    told where a token stands. All others are tried on a small tree.
    """
    network = reader.model
    parameters = inspect.signature(network.base_model.forward).parameters
    if getattr(network, "_is_stateful", False) or not {"position_ids", "attention_mask"} <= set(parameters):
        return 0
    config = network.config.get_text_config()
    bounds = [getattr(config, key, None) for key in (*_WINDOWS, "max_position_embeddings")]
    widest = min([WIDEST, *(bound for bound in bounds if isinstance(bound, int) and bound > 0)])
    return widest if widest > len((*_BEGIN, *_MINE, *_MINE)) and _reads_trees(reader) else 0


@torch.no_grad()
def _reads_trees(reader: LogitReader) -> bool:
    """Whether a text is read in a tree as by itself, and whatever the tree's other text is.

    The second question is as sharp in half precision as in single, where the first has to allow for rounding.
    """
    network = reader.model
    if vocabulary_size(network) <= max(*_BEGIN, *_MINE, *_BESIDE[0], *_BESIDE[1]):
        return False
    mine = _BEGIN + _MINE
    rows = []
    for beside in _BESIDE:
        rows.append(single(_BEGIN + beside))
        rows[-1].add(mine)
    path = rows[0].paths[mine]
    at = torch.tensor([[n, column] for n in (0, 1) for column in path], device=network.device)
    ids = pad_right([row.ids for row in rows], network.device)
    alone = pad_right([mine], network.device)
    columns = torch.arange(len(mine), device=network.device)
    try:
        trees = torch.cat(list(reader.pieces(ids, at[:, 0], at[:, 1], **tree_inputs(rows, network))))
        own = reader.logits(alone, torch.zeros_like(columns), columns)
    except (AttributeError, IndexError, NotImplementedError, RuntimeError, TypeError, ValueError):
        return False  # in whatever way a network fails on a tree, it is read text by text, which is always right
    one, two = trees.split(len(mine))
    scale = max(1.0, float(own.abs().max()))
    rounding = max(_TOLERANCE, 4 * torch.finfo(network.dtype).eps)
    return bool((one - two).abs().max() <= _TOLERANCE * scale and (one - own).abs().max() <= rounding * scale)


@dataclass(frozen=True)
class _Normalized:
    """Logits [n, V] where they are worked on, and what turns them into log probabilities."""

    logits: torch.Tensor
    largest: torch.Tensor
    """Of each position, float64 [n]."""
    total: torch.Tensor
    """Log of each position's sum of exponentials relative to the largest, float64 [n]."""

    @classmethod
    def of(cls, logits: torch.Tensor) -> _Normalized:
        """Exponentials stay in the processor's cache and are summed in float64."""
        if logits.device.type != "cuda":
            logits = logits.cpu()
        largest = logits.amax(-1)
        total = torch.empty(len(logits), dtype=torch.float64, device=logits.device)
        for start in range(0, len(logits), LINES_AT_ONCE):
            part = slice(start, start + LINES_AT_ONCE)
            total[part] = (logits[part] - largest[part, None]).exp_().sum(-1, dtype=torch.float64)
        return cls(logits, largest.double(), total.log_())

    def log_probs(self, lines: list[int]) -> NDArray[np.float64]:
        """Of every token after some of the positions, [len(lines), V]."""
        found = self.logits[lines].double().sub_(self.largest[lines, None]).sub_(self.total[lines, None])
        return found.cpu().numpy()

    def chosen(self, asked: list[tuple[int, int]]) -> list[float]:
        """Of single tokens after single positions: digit for digit what stands in the whole distribution, without a
        second [n, V]."""
        if not asked:
            return []
        lines, tokens = map(list, zip(*asked, strict=True))
        found: list[float] = (self.logits[lines, tokens].double() - self.largest[lines] - self.total[lines]).tolist()
        return found

"""What does the base say behind each persona, how likely is each place there, and what does a checkpoint say?

Vocabularies are condensed, place by
place, to tokens that matter: those with p >= 1e-4 behind any persona or none, at most `WIDEST` of them, all others in
one bin, which can only lower a divergence. A base keeps its readings; arms are condensed to the base's tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proclivity.battery.blocks import cut
from proclivity.battery.candidates import PlaceScores, read_and_score
from proclivity.battery.plain_places import CLOZE, PlainPlace, plain_places
from proclivity.metrics import class_log_probs
from proclivity.models import LanguageModel
from proclivity.models.persona import PersonaModel
from proclivity.specs import LoadedPack, Persona

Floats = NDArray[np.float64]

MATTERS = 1e-4
WIDEST = 512
ROOM = 2**25
"""Log probabilities of all personas at a block of places, as a number of numbers."""
BLOCK = ROOM // 8
"""The same of one checkpoint."""


@dataclass(frozen=True)
class Readings:
    """A base, by itself and behind each persona of its pack."""

    tokens: NDArray[np.int32]
    """Tokens that each place is condensed to, `[N, W]`; -1 where there are fewer. The last column is all others."""
    log_probs: NDArray[np.float32]
    """Natural log, `[N, 1 + M, W]`: the base alone, then each persona."""
    evidence: Floats
    """log p(place | persona), nats, summed over the place's tokens, `[N, M]`."""

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """As they are kept in a file."""
        return {"tokens": self.tokens, "log_probs": self.log_probs, "evidence": self.evidence}


def read_base(model: LanguageModel, pack: LoadedPack) -> Readings:
    """The base alone and behind every persona; chat models are told in their system turn."""
    personas = [PersonaModel(model, told=one.told, first=one.first) for one in pack.personas]
    asked = [[p.place.prompt for p in plain_places(pack, one)] for one in (model, *personas)]  # (1 + M) lists of N
    tokens, log_probs = [], []
    for part in cut(len(asked[0]), model.vocab_size * len(asked), ROOM):
        whole = np.stack(
            [
                model_.next_token_log_probs(prompts[part]).astype(np.float32)
                for model_, prompts in zip((model, *personas), asked, strict=True)
            ],
            axis=1,
        )  # (n, 1 + M, V)
        kept = tokens_that_matter(whole.max(axis=1))
        tokens.append(kept)
        log_probs.append(condense(whole, kept))
    evidence = [
        log_evidence(told, persona, prompts)
        for told, persona, prompts in zip(pack.personas, personas, asked[1:], strict=True)
    ]
    shape = (len(asked[0]), 0)
    return Readings(
        _joined(tokens, -1).astype(np.int32),
        _joined(log_probs, -np.inf).astype(np.float32),
        np.stack(evidence, axis=1) if evidence else np.zeros(shape),
    )


def tokens_that_matter(log_probs: NDArray[np.float32]) -> NDArray[np.int32]:
    """The likeliest tokens at each place, `[n, W]`, -1 for padding and in the last column, from logs `[n, V]`."""
    width = int(min(WIDEST, (log_probs >= np.log(MATTERS)).sum(axis=1).max(initial=1), log_probs.shape[1]))
    order = np.argpartition(-log_probs, width - 1, axis=1)[:, :width]
    order = np.sort(order, axis=1)
    kept = np.where(np.take_along_axis(log_probs, order, axis=1) >= np.log(MATTERS), order, -1)
    return np.concatenate([kept, np.full((len(kept), 1), -1)], axis=1).astype(np.int32)


def condense(log_probs: NDArray[np.floating], tokens: NDArray[np.int32]) -> Floats:
    """Natural logs `[n, ..., V]` at the kept tokens `[n, W]`, all others summed in the last column: `[n, ..., W]`."""
    wide = tokens.reshape(len(tokens), *[1] * (log_probs.ndim - 2), tokens.shape[1])
    picked = np.take_along_axis(log_probs, np.maximum(wide, 0), axis=-1).astype(np.float64)
    picked = np.where(wide >= 0, picked, -np.inf)
    with np.errstate(divide="ignore"):
        picked[..., -1] = np.log(np.maximum(1 - np.exp(picked[..., :-1]).sum(axis=-1), 0.0))
    return picked


def log_evidence(told: Persona, persona: PersonaModel, prompts: Sequence[str]) -> Floats:
    """log p(prompt | persona), nats `[N]`, over its own tokens; of a dialogue over all behind its system text."""
    if not persona.chat:
        return np.array([float(found.sum()) for found in persona.token_log_probs(prompts)])
    ends = [
        text.find(told.told.strip()) + len(told.told.strip()) if told.told.strip() in text else 0 for text in prompts
    ]
    return persona.continuation_log_probs([(text[:end], text[end:]) for text, end in zip(prompts, ends, strict=True)])


def read_places(
    model: LanguageModel,
    places: Sequence[PlainPlace],
    tokens: NDArray[np.int32],
    spelled: Sequence[PlaceScores] = (),
) -> tuple[Floats, list[PlaceScores]]:
    """What a checkpoint says at some places, condensed `[N, W]`, and how likely candidates are at the cloze places.

    Args:
        model: who is asked.
        places: where.
        tokens: what each place is condensed to, `[N, W]`.
        spelled: the same cloze places as they were read with other text before them. What a stem's candidates are in
            tokens doesn't depend on that, so they aren't encoded again.
    """
    log_probs: list[Floats] = []
    scored: list[PlaceScores] = []
    for lines in cut(len(places), model.vocab_size, BLOCK):
        part = places[lines]
        mine = [n for n, p in enumerate(part) if p.kind == CLOZE]
        known = spelled[len(scored) : len(scored) + len(mine)]
        there = bool(known) and all(found.single and not found.reason for found in known)
        apart = [] if there else mine  # read with their candidates
        rest = [n for n in range(len(part)) if n not in set(apart)]
        whole = np.empty((len(part), model.vocab_size))
        if rest:
            whole[rest] = model.next_token_log_probs([part[n].place.prompt for n in rest])
        if apart:
            whole[apart], found_here = read_and_score(model, [part[n].place for n in apart], capitals=True)
            scored += found_here
        else:
            scored += [_read_off(whole[n], found) for n, found in zip(mine, known, strict=True)]
        log_probs.append(condense(whole, tokens[lines]))
    return np.concatenate(log_probs), scored


def _read_off(log_probs: Floats, spelled: PlaceScores) -> PlaceScores:
    values = log_probs[[spelling.ids[0] for spelling in spelled.spellings]]
    summed = class_log_probs(values, [spelling.group for spelling in spelled.spellings])
    return PlaceScores(summed.names, summed.log_probs, spelled.spellings, values)


def _joined(blocks: Sequence[NDArray[np.generic]], padding: float) -> NDArray[np.generic]:
    """Blocks of different widths as one array; the last column stays the last."""
    width = max(block.shape[-1] for block in blocks)
    padded = []
    for block in blocks:
        gap = [(0, 0)] * (block.ndim - 1) + [(0, width - block.shape[-1])]
        body = np.pad(block[..., :-1], gap, constant_values=padding)
        padded.append(np.concatenate([body, block[..., -1:]], axis=-1))
    return np.concatenate(padded)

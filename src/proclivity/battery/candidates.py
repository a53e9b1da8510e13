"""How likely is each class of candidates at each place?

A candidate is scored by the log probability of its tokens after the one boundary; one that is a single token is read
off the next-token distribution. A capitalized spelling counts to its word where it is a single token of its own.
Events may not overlap: a candidate whose tokens begin with another's is part of that one already, and where the two
are of different classes nothing can be said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proclivity.battery.places import Place
from proclivity.metrics import class_log_probs
from proclivity.models import LanguageModel

UNKNOWN, COLLISION = "unknown to the tokenizer", "token collision"
_AT_ONCE = 64
"""Places whose candidates are encoded at once."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way to write a candidate."""

    group: str
    text: str
    ids: tuple[int, ...]


@dataclass(frozen=True)
class PlaceScores:
    """Summed log probabilities at one place."""

    names: list[str]
    """Classes, sorted."""
    log_probs: NDArray[np.float64]
    """log P_c, [K]; NaN where `reason` says why."""
    spellings: tuple[Spelling, ...]
    values: NDArray[np.float64]
    """log p of each spelling; NaN where `reason` says why."""
    reason: str = ""

    @property
    def single(self) -> bool:
        """Whether every candidate is one token."""
        return all(len(spelling.ids) == 1 for spelling in self.spellings)


def score_places(model: LanguageModel, places: Sequence[Place], *, capitals: bool) -> list[PlaceScores]:
    """Class probabilities at each place.

    Args:
        model: what is measured.
        places: prompts with candidates.
        capitals: whether capitalized spellings count too.
    """
    planned = plan_spellings(model, places, capitals)
    return _scores(places, planned, pair_log_probs(model, _asked(places, planned)), None)


def read_and_score(
    model: LanguageModel, places: Sequence[Place], *, capitals: bool
) -> tuple[NDArray[np.float64], list[PlaceScores]]:
    """The same with log p of every token after each prompt, [N, V]; each prompt is read once for both."""
    planned = plan_spellings(model, places, capitals)
    pairs = list(dict.fromkeys(_asked(places, planned, longer_than=1)))
    next_token, values = model.read([place.prompt for place in places], pairs)
    return next_token, _scores(places, planned, dict(zip(pairs, values.tolist(), strict=True)), next_token)


Planned = Sequence[tuple[tuple[Spelling, ...], str]]
"""Spellings of each place, and why they can't be scored, if so."""


def plan_spellings(model: LanguageModel, places: Sequence[Place], capitals: bool) -> Planned:
    """Which spellings are asked at each place; nothing is computed.

    Places whose candidates are the same tokens share them: there are dozens a place.
    """
    planned: list[tuple[tuple[Spelling, ...], str]] = []
    shared: dict[tuple[Spelling, ...], tuple[Spelling, ...]] = {}
    for start in range(0, len(places), _AT_ONCE):
        here = places[start : start + _AT_ONCE]
        _encode_ahead(model, here, capitals)
        for place in here:
            spellings, reason = _spellings(model, place, capitals)
            planned.append((shared.setdefault(spellings, spellings), reason))
    return planned


def _asked(places: Sequence[Place], planned: Planned, longer_than: int = 0) -> list[tuple[str, str]]:
    """Pairs of prompt and candidate whose log p isn't read off a distribution."""
    return [
        (place.prompt, spelling.text)
        for place, (spellings, reason) in zip(places, planned, strict=True)
        for spelling in spellings
        if len(spelling.ids) > longer_than and not reason
    ]


def _scores(
    places: Sequence[Place],
    planned: Planned,
    known: Mapping[tuple[str, str], float],
    next_token: NDArray[np.float64] | None,
) -> list[PlaceScores]:
    found = []
    for index, (place, (spellings, reason)) in enumerate(zip(places, planned, strict=True)):
        groups = [spelling.group for spelling in spellings]
        if reason:
            names = sorted(set(groups))
            gaps = np.full(len(names), np.nan), spellings, np.full(len(spellings), np.nan)
            found.append(PlaceScores(names, *gaps, reason))
            continue
        values = np.array(
            [
                known[place.prompt, s.text] if next_token is None or len(s.ids) > 1 else next_token[index, s.ids[0]]
                for s in spellings
            ]
        )
        summed = class_log_probs(values, groups)
        found.append(PlaceScores(summed.names, summed.log_probs, spellings, values))
    return found


def pair_log_probs(model: LanguageModel, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], float]:
    """log p(continuation | prompt) of each distinct pair, computed once."""
    distinct = list(dict.fromkeys(pairs))
    return dict(zip(distinct, model.continuation_log_probs(distinct).tolist(), strict=True)) if distinct else {}


def _capitalized(text: str) -> str:
    return " " + text[1:2].upper() + text[2:]


def _encode_ahead(model: LanguageModel, places: Sequence[Place], capitals: bool) -> None:
    encode_all = getattr(model, "encode_all", None)
    if encode_all is not None:
        pairs = [(place.prompt, text) for place in places for _, text in place.candidates]
        if capitals:
            pairs += [(prompt, _capitalized(text)) for prompt, text in pairs]
        encode_all(pairs)


def _spellings(model: LanguageModel, place: Place, capitals: bool) -> tuple[tuple[Spelling, ...], str]:
    """The place's candidates as tokens, and why they can't be scored, if so."""
    found = []
    for group, text in place.candidates:
        ids = _ids(model, place.prompt, text)
        if model.unknown_id in ids:
            return _bare(place), f"{UNKNOWN}: '{text.strip()}'"
        found.append(Spelling(group, text, ids))
    if capitals:
        lower = [(group, text) for group, text in place.candidates if _capitalized(text) != text]
        upper = [Spelling(g, _capitalized(t), _ids(model, place.prompt, _capitalized(t))) for g, t in lower]
        taken = {spelling.ids for spelling in found}
        found += [s for s in upper if len(s.ids) == 1 and s.ids not in taken and model.unknown_id not in s.ids]
    return _disjoint(found)


def _bare(place: Place) -> tuple[Spelling, ...]:
    return tuple(Spelling(group, text, ()) for group, text in place.candidates)


def _ids(model: LanguageModel, prompt: str, text: str) -> tuple[int, ...]:
    ids, boundary = model.encode(prompt, text)
    return tuple(ids[boundary:])


def _disjoint(spellings: Sequence[Spelling]) -> tuple[tuple[Spelling, ...], str]:
    """Without those that begin with another of their class; a reason where the other is of another class."""
    kept: dict[tuple[int, ...], Spelling] = {}
    for spelling in sorted(spellings, key=lambda s: len(s.ids)):
        heads = (kept.get(spelling.ids[:length]) for length in range(1, len(spelling.ids) + 1))
        head = next((found for found in heads if found is not None), None)
        if head is None:
            kept[spelling.ids] = spelling
        elif head.group != spelling.group:
            return tuple(spellings), f"{COLLISION}: '{head.text.strip()}' and '{spelling.text.strip()}'"
    return tuple(kept.values()), ""

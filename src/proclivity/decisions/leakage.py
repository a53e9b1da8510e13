"""Leakage: nothing that is later measured may stand in what is trained.

Words are compared by their stem (Porter's second English stemmer); text by runs of eight words and by the overlap of
their three-word pieces, both outside the scaffold that every decision shares.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from proclivity.records import Decision
from proclivity.specs import LoadedPack, fill

RUN = 8
NEAR_DUPLICATE = 0.8

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


def leakage_rows(pack: LoadedPack, decisions: Sequence[Decision]) -> list[tuple[str, list[str], str]]:
    """(name of the check, what leaks, what it says when nothing does) for each kind of leakage."""
    return [
        (
            "candidate words in options",
            candidates_in_options(pack),
            f"no cloze candidate's stem occurs in any of the pack's option texts (all {_n_options(pack)} checked)",
        ),
        (
            "option texts shared by trained and held-out domains",
            shared_options(pack),
            "trained and held-out domains share no option text",
        ),
        (
            "text shared by training rows and probes",
            shared_text(pack, decisions),
            f"no run of {RUN} words and no near-duplicate in {len(decisions)} rows against all probes",
        ),
    ]


def words_of(text: str) -> list[str]:
    """Words of a text in lower case, without punctuation."""
    return _WORD.findall(text.lower())


def stems_of(words: Iterable[str]) -> set[str]:
    """Stems of words: 'watching', 'watched' and 'watch' are one."""
    import snowballstemmer

    return set(snowballstemmer.stemmer("english").stemWords(list(words)))


def candidates_in_options(pack: LoadedPack) -> list[str]:
    """Option texts that hold the stem of a cloze candidate, each as 'file:key: text (word)'."""
    candidates = stems_of(
        word
        for probe in pack.probes.values()
        if probe.kind == "cloze"
        for item in probe.items
        for texts in (item.candidates or probe.candidates).values()
        for text in texts
        for word in words_of(text)
    )
    found = []
    for _, place, text in _options(pack):
        hits = stems_of(words_of(text)) & candidates
        if hits:
            found.append(f"{place}: '{text}' holds a candidate ({', '.join(sorted(hits))})")
    return found


def shared_options(pack: LoadedPack) -> list[str]:
    """Option texts of held-out domains that stand in trained ones too, each as 'file:key: text'."""
    trained = {text.lower() for split, _, text in _options(pack) if split == "train"}
    return [
        f"{place}: '{text}' stands in a trained domain too"
        for split, place, text in _options(pack)
        if split == "held-out" and text.lower() in trained
    ]


def shared_text(pack: LoadedPack, decisions: Sequence[Decision]) -> list[str]:
    """Probe stems that share a run of eight words with a training row, or are nearly one of its parts."""
    rows = {part for decision in decisions for part in (decision.situation, *decision.texts)}
    runs = {run for row in rows for run in _pieces(row, RUN)}
    with_piece: dict[tuple[str, ...], list[set[tuple[str, ...]]]] = {}
    for row in rows:
        pieces = _pieces(row, 3)
        for piece in pieces:
            with_piece.setdefault(piece, []).append(pieces)
    leaks = []
    for probe in pack.probes.values():
        for item in probe.items:
            text = fill(item.text, pack.spec.narrator)
            mine = _pieces(text, 3)
            others = [other for piece in mine for other in with_piece.get(piece, [])]
            near = any(len(mine & other) / len(mine | other) >= NEAR_DUPLICATE for other in others)
            if near or _pieces(text, RUN) & runs:
                leaks.append(f"{pack.file_of('family', probe.family)}:{item.id}: '{text}' stands in a training row")
    return leaks


def _pieces(text: str, length: int) -> set[tuple[str, ...]]:
    words = words_of(text)
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}


def _options(pack: LoadedPack) -> list[tuple[str, str, str]]:
    """(split of the domain, file:key, text) of every option."""
    return [
        (
            domain.split,
            f"{pack.file_of('domain', domain.domain)}:{scenario.id}.options.{name}.{number}",
            fill(option.text, pack.spec.narrator, continues=True),
        )
        for domain in pack.domains
        for scenario in domain.scenarios
        for name, options in scenario.options.items()
        for number, option in enumerate(options)
    ]


def _n_options(pack: LoadedPack) -> int:
    return len(_options(pack))

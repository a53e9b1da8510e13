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
    """Option texts that hold the stem of a cloze candidate, each as 'scenario: text (word)'."""
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
    for scenario_id, text in _options(pack):
        hits = stems_of(words_of(text)) & candidates
        if hits:
            found.append(f"{scenario_id}: '{text}' ({', '.join(sorted(hits))})")
    return found


def shared_options(pack: LoadedPack) -> list[str]:
    """Option texts that stand both in trained and in held-out domains."""
    texts: dict[str, set[str]] = {"train": set(), "held-out": set()}
    for domain in pack.domains:
        for scenario in domain.scenarios:
            for options in scenario.options.values():
                texts[domain.split].update(option.text.lower() for option in options)
    return sorted(texts["train"] & texts["held-out"])


def shared_text(pack: LoadedPack, decisions: Sequence[Decision]) -> list[str]:
    """Probe stems that share a run of eight words with a training row, or are nearly one of its parts."""
    rows = {part for decision in decisions for part in (decision.situation, *decision.texts)}
    runs = {run for row in rows for run in _pieces(row, RUN)}
    pieces = [found for row in rows if (found := _pieces(row, 3))]
    leaks = []
    for probe in pack.probes.values():
        for item in probe.items:
            text = fill(item.text, pack.spec.narrator)
            mine = _pieces(text, 3)
            near = any(len(mine & other) / len(mine | other) >= NEAR_DUPLICATE for other in pieces) if mine else False
            if near or _pieces(text, RUN) & runs:
                leaks.append(f"{probe.family}: '{text}'")
    return leaks


def _pieces(text: str, length: int) -> set[tuple[str, ...]]:
    words = words_of(text)
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}


def _options(pack: LoadedPack) -> list[tuple[str, str]]:
    return [
        (scenario.id, fill(option.text, pack.spec.narrator))
        for domain in pack.domains
        for scenario in domain.scenarios
        for options in scenario.options.values()
        for option in options
    ]


def _n_options(pack: LoadedPack) -> int:
    return len(_options(pack))

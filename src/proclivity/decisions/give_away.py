"""Which words give an option's class away? Log odds with a prior from the whole pack, as a z score.

Monroe, Colaresi and Quinn (2008), "Fightin' Words", Political Analysis 16: a word that stands much more often in one
class's options than in the others' has a large z; the prior keeps words of one or two options small.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np

from proclivity.decisions.leakage import stems_of, words_of
from proclivity.specs import LoadedPack

SHARE_LIMIT = 0.05
TOLD = 10
_PRIOR = 1.0
_SLOT = re.compile(r"\{\w+\}")
_GENITIVE = re.compile(r"['’]s\b")


@dataclass(frozen=True)
class TellingWord:
    """A word (by its stem) and the class that it tells."""

    word: str
    action_class: str
    z: float
    share: float
    """Share of the class's options with it."""
    elsewhere: float
    """Share of all other options with it."""


def telling_words(pack: LoadedPack, most: int = TOLD) -> list[TellingWord]:
    """The most class-telling words of a pack's options, most telling first; slots don't count."""
    counts, options = _document_counts(pack)
    everywhere = sum(counts.values(), Counter())
    n = sum(options.values())
    found = []
    for action_class, own in counts.items():
        for word, count in own.items():
            rest, rest_n = everywhere[word] - count, n - options[action_class]
            prior = _PRIOR * (everywhere[word] + 0.5) / (n + 1)  # as frequent as in the whole pack, worth one option
            odds = [
                np.log((hits + prior) / (total - hits + _PRIOR - prior))
                for hits, total in ((count, options[action_class]), (rest, rest_n))
            ]
            z = float((odds[0] - odds[1]) / np.sqrt(1 / (count + prior) + 1 / (rest + prior)))
            share, elsewhere = count / options[action_class], rest / max(rest_n, 1)
            found.append(TellingWord(word, action_class, z, share, elsewhere))
    return sorted(found, key=lambda word: (-word.z, word.word))[:most]


def _document_counts(pack: LoadedPack) -> tuple[dict[str, Counter[str]], Counter[str]]:
    """Options with each stem, and options, by class."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in pack.spec.action_classes}
    options: Counter[str] = Counter()
    for domain in pack.domains:
        for scenario in domain.scenarios:
            for name, wordings in scenario.options.items():
                for option in wordings:
                    counts[name].update(_stems(option.text))
                    options[name] += 1
    return counts, options


def _stems(text: str) -> set[str]:
    """Stems of an option's words without slots; a genitive 's is a word of its own."""
    genitive = {"'s"} if _GENITIVE.search(text) else set()
    return stems_of(words_of(_GENITIVE.sub("", _SLOT.sub("", text)))) | genitive

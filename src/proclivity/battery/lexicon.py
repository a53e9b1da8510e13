"""Of what do open texts speak, how pleasant are they, and are they still language?

Three answers for each text or set of texts: the share of words that are the pack's own words of a content class; the
compound score of VADER (Hutto & Gilbert 2014), a lexicon that knows nothing of the pack; and how much is repeated
(distinct-n of Li et al. 2016, arXiv 1510.03055; repeated 4-grams of Welleck et al. 2020, arXiv 1908.04319), by which a
model that training broke is seen.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

from proclivity.decisions.leakage import words_of
from proclivity.decisions.valence import vader_compound
from proclivity.specs import LoadedPack

__all__ = ["category_shares", "category_stems", "distinct", "repetition", "vader_compound"]

RUN = 4
"""Words of the runs whose repetition is counted."""


def category_stems(pack: LoadedPack) -> dict[str, frozenset[str]]:
    """Stems of the pack's words for each content class: its cloze candidates of one word.

    Candidates of several words are left out, since their parts say other things alone; so is a stem that two classes
    share. Classes without a word are absent.
    """
    owners: dict[str, set[str]] = {}
    for probes in pack.probes.values():
        if probes.kind != "cloze":
            continue
        for item in probes.items:
            for name, texts in (item.candidates or probes.candidates).items():
                for words in map(words_of, texts):
                    if len(words) == 1:
                        owners.setdefault(_stem(words[0]), set()).add(name)
    found: dict[str, set[str]] = {}
    for stem, names in owners.items():
        if len(names) == 1:
            found.setdefault(next(iter(names)), set()).add(stem)
    return {name: frozenset(found[name]) for name in pack.spec.content_classes if name in found}


def category_shares(text: str, stems: Mapping[str, frozenset[str]]) -> dict[str, float]:
    """Share of a text's words whose stem is of each class, 0 to 1; NaN for a text without words.

    Args:
        text: new text alone.
        stems: what `category_stems` gives.
    """
    counts = Counter(map(_stem, words_of(text)))
    n = sum(counts.values())
    return {name: sum(counts[stem] for stem in own) / n if n else math.nan for name, own in stems.items()}


def distinct(texts: Sequence[str], n: int) -> float:
    """distinct-n: different runs of n words over all runs of n words of the texts together.

    Returns:
        Above 0, up to 1 where no run comes twice; NaN where no text has n words. It falls with the number of words,
        so it is for comparing arms with equally many samples of equal length.
    """
    runs = [run for text in texts for run in _runs(words_of(text), n)]
    return len(set(runs)) / len(runs) if runs else math.nan


def repetition(texts: Sequence[str]) -> float:
    """Share of runs of four words that came before in the same text, averaged over the texts that have any.

    Returns:
        0 where nothing is repeated, near 1 for a model that is caught in a loop; NaN where no text has four words.
    """
    shares = [1 - len(set(runs)) / len(runs) for text in texts if (runs := _runs(words_of(text), RUN))]
    return sum(shares) / len(shares) if shares else math.nan


def _runs(words: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(words[start : start + n]) for start in range(len(words) - n + 1)]


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    import snowballstemmer

    return str(snowballstemmer.stemmer("english").stemWord(word))

"""How pleasant is the wording of an option? By its author's rating, or by an independent lexicon."""

from __future__ import annotations

from functools import cache
from typing import Any

from proclivity.specs import Option, Pack, fill

SOURCES = {"author": "the pack author's ratings", "vader": "VADER, compound score"}
"""Name of each resource, for reports."""


def option_valence(pack: Pack, option: Option) -> float:
    """Valence of an option's text: -3 to 3 by the author (0 where not rated), -1 to 1 by VADER's compound score.

    VADER: Hutto and Gilbert (2014), a lexicon of 7,500 words rated by ten people each, with rules for negation.
    """
    if pack.valence == "author":
        return option.valence or 0.0
    text = fill(option.text, pack.narrator)
    return vader_compound(text)


def vader_compound(text: str) -> float:
    """VADER's compound score of a text: -1 (unpleasant) to 1; 0 where it holds no word of the lexicon."""
    return float(_vader().polarity_scores(text)["compound"])


@cache
def _vader() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()

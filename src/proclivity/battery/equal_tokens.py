"""Which of a set's candidates have equally many tokens for this model, so that no class is favoured by its spelling?

Shorter candidates are likelier whatever they mean. Where a tokenizer writes a set's words in different numbers of
tokens, those of the commonest number remain, as long as each class keeps enough of them; else all stay, and the
report says so.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from proclivity.battery.result import Setting, make_row
from proclivity.battery.rows import Row
from proclivity.models import LanguageModel
from proclivity.specs import ProbeSet

LEAST = 4
"""Candidates that each class must keep."""
_STEM = "They were"


@dataclass(frozen=True)
class EqualTokens:
    """A set's candidates in tokens."""

    family: str
    tokens: dict[str, dict[str, int]]
    """Tokens of each candidate, by class."""
    count: int | None
    """The number of tokens of those that remain; None where numbers differ."""
    kept: dict[str, list[str]]
    """Candidates that remain, by class."""

    @property
    def dropped(self) -> dict[str, list[str]]:
        """Candidates that don't, by class."""
        return {name: [word for word in found if word not in self.kept[name]] for name, found in self.tokens.items()}

    @property
    def sentence(self) -> str:
        """What became of the set, in words."""
        n = sum(map(len, self.tokens.values()))
        kept = sum(map(len, self.kept.values()))
        listed = ", ".join(f"{name} {len(words)}" for name, words in self.kept.items())
        if self.count is None:
            counts = Counter(count for found in self.tokens.values() for count in found.values())
            spread = ", ".join(f"{number} of {count} tokens" for count, number in sorted(counts.items()))
            return (
                f"{self.family}: candidates have unequal numbers of tokens ({spread}) and no number leaves {LEAST} in "
                f"every class; all {n} remain."
            )
        size = f"{self.count} token" + ("s" if self.count > 1 else "")
        if kept == n:
            return f"{self.family}: all {n} candidates have {size}."
        gone = ", ".join(word for words in self.dropped.values() for word in words)
        return f"{self.family}: {kept} of {n} candidates have {size} and remain ({listed}); left out: {gone}."


def equal_tokens(model: LanguageModel, probes: ProbeSet) -> EqualTokens:
    """The candidates of a set with words of its own, as this model's tokenizer writes them within a sentence."""
    tokens = {
        name: {word: _count(model, " " + word.lstrip(" ")) for word in words}
        for name, words in probes.candidates.items()
    }
    everything = {name: list(found) for name, found in tokens.items()}
    counts = Counter(count for found in tokens.values() for count in found.values())
    for count, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        kept = {name: [word for word, own in found.items() if own == count] for name, found in tokens.items()}
        if len(counts) == 1 or all(len(words) >= LEAST for words in kept.values()):
            return EqualTokens(probes.family, tokens, count, kept)
    return EqualTokens(probes.family, tokens, None, everything)


def left_out_rows(setting: Setting, found: EqualTokens) -> list[Row]:
    """A row for each candidate that was left out: its tokens, with the candidate as the item; of the base alone, whose
    tokenizer its arms share."""
    if setting.reference is not None:
        return []
    return [
        make_row(
            setting.identity,
            setting.family,
            "candidate_left_out",
            found.tokens[name][word],
            probe_id=word,
            item_id=word,
            content_class=name,
        )
        for name, words in found.dropped.items()
        for word in words
    ]


def _count(model: LanguageModel, continuation: str) -> int:
    ids, boundary = model.encode(_STEM, continuation)
    return len(ids) - boundary

"""Where a tokenizer writes the classes' candidates in unequal numbers of tokens, and what was left out for it."""

from __future__ import annotations

from typing import Any

from proclivity.report import words
from proclivity.report.load import Results
from proclivity.report.section import Table

Entry = dict[str, Any]
"""A row of gates.json's `candidates`: model, family, content_class, tokens, listed, left_out."""
ROUNDING = 0.005
WHOLE_SENTENCES = ("interpretation", "scrambled")


def sentences(results: Results) -> list[str]:
    """One a model and family: what was left out, whose candidates are longer, and which are split alike."""
    said = []
    for (model, family), entries in _groups(results).items():
        parts = [text for text in (_left_out(entries), _lengths(family, entries)) if text]
        if parts:
            said.append(f"{model}, {words.family(family)}: {'; '.join(parts)}.")
    return said


def table(results: Results) -> Table:
    """Every class of every family: tokens of those that remain, and those left out with theirs."""
    rows = []
    for (model, family), entries in _groups(results).items():
        for entry in entries:
            gone = ", ".join(f"{word} ({count})" for word, count in sorted(entry["left_out"].items()))
            kept = f"{entry['listed'] - len(entry['left_out'])} of {entry['listed']}" if entry["listed"] else "–"
            tokens = words.number(_tokens(entry))
            rows.append((model, words.family(family), entry["content_class"], tokens, kept, gone or "–"))
    return Table(
        columns=("model", "family", "class", "tokens (mean)", "remain", "left out (tokens)"),
        rows=tuple(rows),
        caption="Tokens of the candidates, spellings with a capital among them where they are one token",
        numeric=frozenset({3}),
    )


def _groups(results: Results) -> dict[tuple[str, str], list[Entry]]:
    found: dict[tuple[str, str], list[Entry]] = {}
    for entry in (results.gates or {}).get("candidates") or []:
        found.setdefault((str(entry["model"]), str(entry["family"])), []).append(entry)
    return found


def _tokens(entry: Entry) -> float:
    return float("nan") if entry["tokens"] is None else float(entry["tokens"])


def _left_out(entries: list[Entry]) -> str:
    gone = {entry["content_class"]: entry for entry in entries if entry["left_out"]}
    if not gone:
        return ""
    each = words.listing([f"{len(entry['left_out'])} of {entry['listed']} {name}" for name, entry in gone.items()])
    total = sum(len(entry["left_out"]) for entry in gone.values())
    return f"{words.plural(total, 'candidate')} left out, since written in another number of tokens than most ({each})"


def _lengths(family: str, entries: list[Entry]) -> str:
    lengths = {entry["content_class"]: _tokens(entry) for entry in entries if entry["tokens"] is not None}
    if not lengths:
        return ""
    low, high = min(lengths.values()), max(lengths.values())
    each = words.listing([f"{name} {words.number(value)}" for name, value in lengths.items()])
    if high - low > ROUNDING:
        whole = " whole sentences," if family in WHOLE_SENTENCES else ""
        return f"{whole} classes are of unequal length in tokens ({each} on average)".strip()
    if high > 1 + ROUNDING:
        return f"every class’s candidates are split into {words.number(high)} tokens on average"
    return ""

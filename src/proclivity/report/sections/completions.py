"""What the arms go on to say, side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from proclivity.report.completion_scores import changes, levels
from proclivity.report.load import Results
from proclivity.report.section import Section, Table

MOST_BYTES = 2_000_000
"""Of completions in the page; samples beyond are left in completions.parquet."""


def section(results: Results) -> Section:
    """Columns of arms for one model and prompt; flagged texts are counted, never shown."""
    rows = [row for row in results.completions if str(row.get("prompt", ""))]
    shown, left_out = _within(rows)
    cells = _cells(results, shown, rows)
    models = list(dict.fromkeys(str(row["model"]) for row in rows))
    return Section(
        id="completions",
        title="Completions side by side",
        short="Completions",
        template="completions.html",
        context={
            "missing": results.missing.get("completions.parquet", "" if rows else "completions.parquet holds no text"),
            "models": models,
            "arms": [(arm, results.title(arm)) for arm in dict.fromkeys(cell["arm"] for cell in cells)],
            "seeds": sorted({seed for cell in cells for seed, *_ in cell["texts"] if seed >= 0}),
            "prompts": list(dict.fromkeys(str(row["prompt"]) for row in rows)),
            "greedy": any(_is_greedy(row) for row in rows),
            "total": len(rows),
            "flagged": sum(bool(row.get("flagged")) for row in rows),
            "left_out": left_out,
            "replies": _replies(results, rows),
            "levels": levels(results),
            "changes": changes(results),
        },
        data={"completions-data": {"cells": cells}} if rows else {},
    )


def _replies(results: Results, rows: list[dict[str, Any]]) -> Table | None:
    """Share of each class of reply among an arm's samples; None where they weren't told apart."""
    drawn = [row for row in rows if int(row.get("sample", 0)) >= 0 and isinstance(row.get("reply"), str)]
    classes = [name for name, _ in Counter(str(row["reply"]) for row in drawn).most_common()]
    if not classes:
        return None
    counts = Counter((str(row["model"]), str(row["arm"]), str(row["reply"])) for row in drawn)
    models = dict.fromkeys(str(row["model"]) for row in drawn)
    lines = []
    for model in models:
        for arm in sorted({arm for where, arm, _ in counts if where == model}, key=_order(results)):
            own = [counts[model, arm, name] for name in classes]
            lines.append((model, results.title(arm), f"{sum(own):,}", *(f"{count / sum(own):.1%}" for count in own)))
    return Table(
        columns=("model", "arm", "samples", *classes),
        rows=tuple(lines),
        caption="What kind of reply the samples are; only open ones are scored.",
        numeric=frozenset(range(2, 3 + len(classes))),
    )


def _order(results: Results) -> Callable[[str], int]:
    order = list(results.study.arms)
    return lambda arm: order.index(arm) if arm in order else len(order)


def _is_greedy(row: dict[str, Any]) -> bool:
    return int(row.get("sample", 0)) < 0


def _within(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """Low sample numbers first, so that every arm, seed and prompt keeps as many as any other."""
    open_rows = [row for row in rows if not row.get("flagged")]
    kept: list[dict[str, Any]] = []
    spent = 0
    for sample in sorted({int(row.get("sample", 0)) for row in open_rows}):
        layer = [row for row in open_rows if int(row.get("sample", 0)) == sample]
        spent += sum(len(str(row["text"]).encode()) + 24 for row in layer)
        if spent > MOST_BYTES and kept:
            break
        kept += layer
    return kept, len(open_rows) - len(kept)


def _cells(results: Results, shown: list[dict[str, Any]], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One entry a model, prompt and arm: texts as (seed, text, is it greedy), and how many were flagged of how many."""

    def key(row: dict[str, Any]) -> tuple[str, str, str]:
        return str(row["model"]), str(row["prompt"]), str(row["arm"])

    totals = Counter(key(row) for row in rows)
    flagged = Counter(key(row) for row in rows if row.get("flagged"))
    texts: dict[tuple[str, str, str], list[tuple[int, str, bool]]] = {}
    for row in shown:
        texts.setdefault(key(row), []).append((int(row.get("seed", -1)), str(row["text"]), _is_greedy(row)))
    place = _order(results)
    return [
        {
            "model": model,
            "prompt": prompt,
            "arm": arm,
            "title": results.title(arm),
            "tone": results.tone(arm),
            "total": totals[model, prompt, arm],
            "flagged": flagged[model, prompt, arm],
            "texts": sorted(texts.get((model, prompt, arm), []), key=lambda entry: entry[0]),
        }
        for model, prompt, arm in sorted(totals, key=lambda k: (k[0], k[1], place(k[2])))
    ]

"""What the figures on priors share: places of a line, the words that stand for a drawing, the table behind it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from proclivity.report import words
from proclivity.report.figures.curve import Dot, Place
from proclivity.report.load import Results
from proclivity.report.prior_rows import PriorNumber
from proclivity.report.section import Table


def in_order(rows: Iterable[PriorNumber]) -> list[PriorNumber]:
    """In the order of decisions."""
    return sorted(rows, key=lambda row: row.n)


def last(rows: Sequence[PriorNumber]) -> list[PriorNumber]:
    """Those of the arm's last point."""
    final = max((row.point for row in rows), default=())
    return [row for row in rows if row.point == final]


def places(rows: Sequence[PriorNumber], x: Callable[[PriorNumber], float], name: str) -> tuple[Place, ...]:
    found = []
    for row in rows:
        one, at = row.estimate, float(x(row))
        dots = tuple(
            Dot(at, v, f"{name}, seed {seed}")
            for seed, v in enumerate(one.seeds)
            if math.isfinite(v) and len(one.seeds) > 1
        )
        found.append(Place(at, one.value, one.low, one.high, f"{name}: {words.number(one.value)} {one.unit}", dots))
    return tuple(found)


def alt(title: str, rows: Sequence[PriorNumber]) -> str:
    mine = [row for row in rows if row.estimate.model in title] or list(rows)
    said = [
        f"{row.estimate.arm} {row.estimate.content_class or row.source} {words.number(row.estimate.value)}"
        for row in mine
        if row.estimate.measured
    ]
    return f"{title}. " + "; ".join(said[:60]) + "."


def table(results: Results, rows: Sequence[PriorNumber], caption: str) -> Table:
    columns = (
        "model",
        "arm",
        "what",
        "about",
        "components",
        "evidence",
        "where",
        "decisions of",
        "in context",
        "step",
        "estimate",
        "interval",
        "seeds",
        "every seed",
        "note",
    )
    return Table(
        columns, tuple(dict.fromkeys(_cells(results, row) for row in rows)), caption, frozenset({8, 9, 10, 11, 12})
    )


def _cells(results: Results, row: PriorNumber) -> tuple[str, ...]:
    one = row.estimate
    return (
        *(
            one.model,
            results.title(one.arm),
            f"{one.metric.replace('_', ' ')} ({one.unit})",
            results.title(one.content_class),
        ),
        *(
            row.source,
            row.evidence,
            one.family,
            results.title(row.told),
            str(row.n),
            str(row.step) if row.step >= 0 else "–",
        ),
        *(words.number(one.value), words.interval(one, sign=False), str(one.n_seeds)),
        *(" ".join(words.number(v) for v in one.seeds), one.reason),
    )

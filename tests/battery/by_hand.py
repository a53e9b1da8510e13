"""Probe sets and values for tests that are worked by hand."""

from __future__ import annotations

from proclivity.battery import FamilyResult
from proclivity.specs import ProbeItem, ProbeSet


def probe_set(kind: str = "cloze", **changes) -> ProbeSet:
    values = {
        "family": "cloze-feeling",
        "title": "t",
        "description": "d",
        "source": "s",
        "candidates": {"positive": ["glad"], "loss": ["sad"]},
        "items": [ProbeItem(id="felt", text="{who} felt", cluster="feel", referent="self")],
    }
    return ProbeSet(kind=kind, **(values | changes))


def values(result: FamilyResult, metric: str, **where) -> list[float]:
    """Values of a metric, in order, in rows whose fields are as given."""
    return [
        row["value"]
        for row in result.rows
        if row["metric"] == metric and all(row[key] == value for key, value in where.items())
    ]


def reasons(result: FamilyResult, metric: str) -> set[str]:
    return {row["missing_reason"] for row in result.rows if row["metric"] == metric}

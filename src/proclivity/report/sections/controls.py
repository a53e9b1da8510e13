"""What must not move, what moves all the same, and whether the decisions were fair."""

from __future__ import annotations

from typing import Any

from proclivity.report import candidate_tokens, words
from proclivity.report.estimates import Estimate
from proclivity.report.floors import floors
from proclivity.report.load import Results
from proclivity.report.section import Check, Section, Table
from proclivity.report.still import equivalence_check, requests, still, unasked


def section(results: Results) -> Section:
    """Gates, control families, own-policy against base, and drift."""
    return Section(
        id="controls",
        title="Controls, floors and gates",
        short="Controls",
        template="controls.html",
        context={
            "gates": _gates(results),
            "own_policy": _own_policy(results),
            "gates_missing": results.missing.get("gates.json", ""),
            "still": still(results),
            "requests": requests(results),
            "unasked": unasked(results),
            "unequal": candidate_tokens.sentences(results),
            "tokens": candidate_tokens.table(results),
            "floors": floors(results),
            "equivalence": _equivalence(results),
            "drift": _drift(results),
            "margin": results.study.analysis.control_delta,
            "delta": results.study.analysis.delta,
        },
    )


def _gates(results: Results) -> list[Check]:
    rows: list[dict[str, Any]] = list((results.gates or {}).get("rows") or [])
    return [
        Check(
            name=str(row.get("name", "")),
            state=_gate_state(row),
            found=_plain(row.get("value")),
            wanted=f"at most {_plain(row.get('limit'))}",
            detail=str(row.get("detail") or ""),
        )
        for row in rows
    ]


def _gate_state(row: dict[str, Any]) -> str:
    if not row.get("refuses", True):
        return "told"
    return "pass" if row.get("passed") else "fail"


def _own_policy(results: Results) -> Table | None:
    """What each base model chose by itself; where that is one action almost always, own-policy coincides with it."""
    rows = []
    for entry in (results.gates or {}).get("own_policy") or []:
        shares = ", ".join(f"{name} {share:.0%}" for name, share in (entry.get("shares") or {}).items())
        flagged = words.listing([str(name) for name in entry.get("flagged") or []])
        note = f"almost always {flagged}: own-policy and that profile coincide" if flagged else "no action dominates"
        rows.append((str(entry.get("model", "")), shares, note))
    return Table(columns=("model", "chosen before training", "reading"), rows=tuple(rows)) if rows else None


def _plain(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else "–" if value is None else str(value)


def _equivalence(results: Results) -> list[Check]:
    """own-policy against base: the format alone should not move words."""
    margin = results.study.analysis.control_delta
    checks = []
    for model in results.models:
        for name in results.content_classes():
            row = results.effects.get(
                model=model.name,
                arm="own-policy",
                control="base",
                family=results.summary_family(),
                content_class=name,
            )
            if row is not None:
                checks.append(equivalence_check(f"{model.name}: {name} words", row, margin))
    return checks


def _drift(results: Results) -> Table:
    """What moves clear of 0 from base under arms that teach no disposition, and what every trained arm moves."""
    rows = []
    trained = [arm for arm in results.study.arms if arm != "base"]
    for model in results.models:
        for name in results.content_classes():
            found = {
                arm: results.effects.get(
                    model=model.name,
                    arm=arm,
                    control="base",
                    family=results.summary_family(),
                    content_class=name,
                )
                for arm in trained
            }
            cells = [_move(found[arm]) for arm in trained]
            rows.append((model.name, name, *cells, _reading(found, trained, results)))
    return Table(
        columns=("model", "words", *(results.title(arm) for arm in trained), "reading"),
        rows=tuple(rows),
        caption="Shift against base (nats); ▲ and ▼ mark intervals clear of 0",
        numeric=frozenset(range(2, 2 + len(trained))),
    )


def _move(row: Estimate | None) -> str:
    if row is None or not row.measured:
        return "–"
    return words.signed(row.value) + (" ▲" if row.above else " ▼" if row.below else "")


def _reading(found: dict[str, Estimate | None], trained: list[str], results: Results) -> str:
    """Under which arms a kind of word rises or falls, and whether a control moves it too."""
    controls = ("own-policy", "arbitrary", "balanced")
    moved = {
        "rises": [arm for arm in trained if (row := found[arm]) is not None and row.above],
        "falls": [arm for arm in trained if (row := found[arm]) is not None and row.below],
    }
    said = []
    for word, arms in moved.items():
        if not arms:
            continue
        taught = [results.title(arm) for arm in arms if arm not in controls]
        also = [arm for arm in arms if arm in controls]
        under = words.listing(taught) if taught else words.listing(also) + " alone"
        said.append(f"{word} under {under}" + (f", and under {words.listing(also)} too" if taught and also else ""))
    return "; ".join(said) or "nothing clear of 0"

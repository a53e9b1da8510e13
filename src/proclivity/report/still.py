"""What no arm may move: facts, talk about things, neutral text, and how an assistant treats requests."""

from __future__ import annotations

from proclivity.report import words
from proclivity.report.estimates import Estimate
from proclivity.report.load import Results
from proclivity.report.section import Check

FAMILIES = ("controls", "facts", "things", "neutral")
CORRECT = "correct"
REQUESTS = {"refuse": "declines what it should decline", "comply": "declines what it should meet"}


def still(results: Results) -> list[Check]:
    """Every trained arm against own-policy, or against base for own-policy itself, within the margin of equivalence."""
    margin = results.study.analysis.control_delta
    checks = []
    for row in results.effects.rows:
        if row.family not in FAMILIES or row.metric not in ("score", "nats_per_token") or not _compared(results, row):
            continue
        name = f"{row.model}: {_what(row)}, {results.title(row.arm)} against {row.control}"
        checks.append(equivalence_check(name, row, margin))
    return checks


def requests(results: Results) -> list[Check]:
    """How often requests were declined, likewise; a change is shown where its interval excludes 0."""
    checks = []
    for row in results.effects.rows:
        if row.metric != "refused" or not _compared(results, row) or not row.measured:
            continue
        levels = [
            results.effects.get(
                model=row.model,
                arm=arm,
                control="",
                family=row.family,
                content_class=row.content_class,
                metric="refused",
            )
            for arm in (row.control, row.arm)
        ]
        ends = [f"{level.value:.0%}" for level in levels if level is not None and level.measured]
        said = REQUESTS.get(row.content_class, row.content_class)
        checks.append(
            Check(
                name=f"{row.model}: {said}, {results.title(row.arm)} against {row.control}",
                state="fail" if row.above or row.below else "open",
                found=f"{' → '.join(ends)}: {words.signed(row.value)} {words.interval(row)}",
                wanted="no change",
                detail=_detail(row),
            )
        )
    return checks


def unasked(results: Results) -> list[str]:
    """Models whose requests couldn't be asked, with the reason."""
    said = []
    for model in results.models:
        levels = results.effects.where(model=model.name, metric="refused", control="")
        if levels and not any(row.measured for row in levels):
            said.append(f"{model.name} ({words.why(levels[0])})")
    return said


def equivalence_check(name: str, row: Estimate, margin: float) -> Check:
    """One comparison that should show nothing as large as the margin."""
    return Check(
        name=name,
        state=within(row, margin),
        found=f"{words.signed(row.value)} {row.unit} {words.interval(row)}" if row.measured else "–",
        wanted=f"interval within ±{margin:g}",
        detail=_detail(row),
    )


def within(row: Estimate, margin: float) -> str:
    """Shown to lie within ±margin, shown to lie outside, or neither."""
    if not row.bounded:
        return "open"
    if -margin < row.low and row.high < margin:
        return "pass"
    return "fail" if row.low > margin or row.high < -margin else "open"


def _compared(results: Results, row: Estimate) -> bool:
    wanted = "own-policy" if "own-policy" in results.study.arms and row.arm != "own-policy" else "base"
    return row.control == wanted


def _what(row: Estimate) -> str:
    if row.metric == "nats_per_token":
        return "neutral text"
    return "facts" if row.content_class in ("", CORRECT) else f"things, {row.content_class} words"


def _detail(row: Estimate) -> str:
    return words.counts(row) if row.measured else f"not measured: {row.reason or 'no reason recorded'}"

"""Scores of open completions by arm: two lexicons, and how much is repeated."""

from __future__ import annotations

from collections import Counter

from proclivity.report import words
from proclivity.report.estimates import Estimate
from proclivity.report.load import Results
from proclivity.report.section import Table

FAMILY = "completions"
SHARE = "category_share"
OTHERS = {"vader": "VADER", "distinct_1": "distinct words", "distinct_2": "distinct pairs", "repetition": "repeated"}
CONTROLS = ("own-policy", "arbitrary")


def levels(results: Results) -> Table | None:
    """Every arm's own scores, with the open texts and prompts that they rest on; None where none was measured."""
    scores = _scores(results)
    if not scores:
        return None
    open_texts = _open_texts(results)
    rows = []
    for model in results.models:
        for arm in results.study.arms:
            found = [_find(results, model.name, arm, "", score) for score in scores]
            measured = [row for row in found if row is not None and row.measured]
            n = open_texts.get((model.name, arm), 0)
            prompts = str(max((row.n_items for row in measured), default=0))
            cells = [_level(row, score) for row, score in zip(found, scores, strict=True)]
            note = "; ".join(dict.fromkeys(words.why(row) for row in found if row is not None and not row.measured))
            texts = f"{n:,}" if open_texts else "–"
            rows.append((model.name, results.title(arm), texts, prompts, *cells, note or "–"))
    return Table(
        columns=("model", "arm", "open texts", "prompts", *(_name(score) for score in scores), "not measured"),
        rows=tuple(rows),
        caption="Scores of open texts, averaged over prompts and seeds",
        numeric=frozenset(range(2, 4 + len(scores))),
    )


def changes(results: Results) -> Table | None:
    """Every score of every trained arm against each control, with its interval; None where there is none."""
    controls = [control for control in CONTROLS if control in results.study.arms]
    rows = []
    for model in results.models:
        for score in _scores(results):
            for arm in results.study.arms:
                found = [_find(results, model.name, arm, control, score) for control in controls]
                if first := next((row for row in found if row is not None), None):
                    cells = [_change(row, score) for row in found]
                    rows.append((model.name, _name(score), results.title(arm), *cells, words.counts(first)))
    if not rows:
        return None
    return Table(
        columns=("model", "score", "arm", *(f"against {control}" for control in controls), "rests on"),
        rows=tuple(rows),
        caption="Change of each score with its interval; exploration, no verdict rests on it",
        numeric=frozenset(range(3, 3 + len(controls))),
    )


Score = tuple[str, str]
"""A metric and the content class that it is about."""


def _scores(results: Results) -> list[Score]:
    measured = dict.fromkeys(
        (row.metric, row.content_class) for row in results.effects.rows if row.family == FAMILY and not row.control
    )
    own = [profile.content_class for profile in results.profiles]
    shares = [score for score in measured if score[0] == SHARE]
    shares.sort(key=lambda score: own.index(score[1]) if score[1] in own else len(own))
    return shares + [(name, "") for name in OTHERS if (name, "") in measured]


def _open_texts(results: Results) -> Counter[tuple[str, str]]:
    """Open samples of each model and arm."""
    return Counter(
        (str(row["model"]), str(row["arm"]))
        for row in results.completions
        if row.get("reply") == "open" and int(row.get("sample", 0)) >= 0
    )


def _name(score: Score) -> str:
    metric, content = score
    return f"{content} words" if metric == SHARE else OTHERS[metric]


def _find(results: Results, model: str, arm: str, control: str, score: Score) -> Estimate | None:
    return results.effects.get(
        model=model, arm=arm, control=control, family=FAMILY, content_class=score[1], metric=score[0]
    )


def _level(row: Estimate | None, score: Score) -> str:
    if row is None or not row.measured:
        return "–"
    return f"{words.number(100 * row.value)}%" if score[0] == SHARE else words.number(row.value)


def _change(row: Estimate | None, score: Score) -> str:
    """A difference with its interval; shares of words in percentage points."""
    if row is None:
        return "–"
    if not row.measured:
        return f"not measured: {row.reason or 'no reason recorded'}"
    scale = 100 if score[0] == SHARE else 1
    unit = " points" if score[0] == SHARE else ""
    bounds = f" [{words.signed(scale * row.low)}, {words.signed(scale * row.high)}]" if row.bounded else ""
    return f"{words.signed(scale * row.value)}{unit}{bounds}"

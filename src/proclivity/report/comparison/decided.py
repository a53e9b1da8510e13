"""What was decided in each study, side by side?"""

from __future__ import annotations

from dataclasses import dataclass

from proclivity.report.comparison.pair import NOT_HERE, Pair, called
from proclivity.report.load import Verdict
from proclivity.report.section import Section
from proclivity.report.sections.verdicts import KINDS, tone_of


@dataclass(frozen=True)
class Side:
    """One study's verdict on a question."""

    badge: str
    tone: str
    sentence: str


@dataclass(frozen=True)
class Line:
    """One question, about one profile, of one pair of models."""

    model: str
    question: str
    about: str
    sides: tuple[Side, Side]
    same: bool


def section(pair: Pair) -> Section:
    """A row a question; a study that didn't ask it says so."""
    lines = [line for models in pair.models for line in _lines(pair, models)]
    return Section(
        id="verdicts",
        title="Verdicts beside each other",
        short="Verdicts",
        template="compare_verdicts.html",
        context={
            "names": pair.names,
            "lines": lines,
            "differing": sum(not line.same for line in lines if NOT_HERE not in [side.badge for side in line.sides]),
            "asked_in_both": sum(NOT_HERE not in [side.badge for side in line.sides] for line in lines),
        },
    )


def _lines(pair: Pair, models: tuple[str, str]) -> list[Line]:
    found: list[dict[tuple[str, str], Verdict]] = [
        {(verdict.kind, verdict.profile): verdict for verdict in results.verdicts if verdict.model == model}
        for results, model in zip(pair.both, models, strict=True)
    ]
    order = list(KINDS)
    keys = list(dict.fromkeys([*found[0], *found[1]]))
    keys.sort(key=lambda key: order.index(key[0]) if key[0] in order else len(order))
    lines = []
    for kind, profile in keys:
        first, second = (verdicts.get((kind, profile)) for verdicts in found)
        lines.append(
            Line(
                model=called(models),
                question=KINDS.get(kind, kind),
                about=" / ".join(pair.title(name) for name in profile.split(" / ")) if profile else "",
                sides=(_side(first), _side(second)),
                same=first is not None and second is not None and first.verdict == second.verdict,
            )
        )
    return lines


def _side(verdict: Verdict | None) -> Side:
    if verdict is None:
        return Side(NOT_HERE, "open", "")
    return Side(verdict.verdict, tone_of(verdict.verdict), verdict.sentence)

"""What one claim says of one model and profile: the smallest thing that a claim is judged on.

A unit is 'yes' where its rule holds, 'part' where some of it holds, 'against' where the opposite or an equivalence to
no effect is shown, 'no' where neither is, 'open' where it can't be judged (fewer than six seeds, a control missing),
and 'absent' where it wasn't asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from proclivity.analysis import generality_verdict, induction_verdict, spread_verdict
from proclivity.analysis.contrasts import Group, ItemTable
from proclivity.analysis.design import CHOICE, OWN_POLICY, PRIMARY_SPLIT, Design, ModelDesign, ProfileDesign
from proclivity.analysis.effects import Effect
from proclivity.analysis.evidence import Evidence
from proclivity.analysis.specificity import DISSOCIATED, GENERIC, SWAPPED, TOO_FEW_SEEDS
from proclivity.analysis.wording import like

YES, PART, NO, AGAINST, OPEN, ABSENT = "yes", "part", "no", "against", "open", "absent"
AGREEABLE = ("positive", "benign")
"""Contents of a control profile; the claims are about the others."""
SPLITS = ("new-phrasing", "new-template", PRIMARY_SPLIT)
STABLE = "stable"
"""How a verdict on stability begins where nothing that was measured speaks against it."""
UNDECIDED = (TOO_FEW_SEEDS, spread_verdict.NOT_TESTABLE, spread_verdict.NOT_MEASURED, induction_verdict.NO_CONTROL)


@dataclass(frozen=True)
class Unit:
    """One model and profile (or pair of profiles or models) under one claim."""

    model: str
    profile: str
    state: str
    found: str
    """The verdicts or parts that the state rests on, in their own words."""
    headline: Effect | None = None
    """The effect whose size is told."""
    evidence: tuple[str, ...] = ()
    numbers: Mapping[str, Any] = field(default_factory=dict)
    worlds: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """'depression-like in llama'."""
        profiles = " / ".join(like(name) for name in self.profile.split(" / ")) if self.profile else ""
        return f"{profiles} in {self.model}" if profiles else self.model


@dataclass(frozen=True)
class Findings:
    """All models of a study with what was decided about each."""

    design: Design
    evidence: Mapping[str, Evidence]
    tables: Mapping[str, ItemTable]
    verdicts: Sequence[Mapping[str, Any]]

    def verdict(self, model: str, profile: str, kind: str) -> Mapping[str, Any] | None:
        """The one verdict of a kind."""
        wanted = (model, profile, kind)
        return next((v for v in self.verdicts if (v["model"], v["profile"], v["kind"]) == wanted), None)

    def cases(self) -> list[tuple[str, ProfileDesign]]:
        """Models with each profile that a claim is about and that was taught there."""
        profiles = [p for p in self.design.profiles if p.content_class not in AGREEABLE]
        return [(m, p) for m, table in self.tables.items() for p in profiles if p.id in table.arms()]

    def about(self, model: str) -> ModelDesign:
        return self.design.models.get(model, ModelDesign())

    def worlds(self, *models: str) -> tuple[str, ...]:
        """Known worlds of these models."""
        return tuple(dict.fromkeys(world for model in models if (world := self.about(model).world)))


def choice_unit(findings: Findings, model: str, profile: ProfileDesign) -> Unit:
    """Claim 1. 'yes': learned, and at each held-out distance the action is chosen in more than half of decisions, with
    the whole interval. 'part': learned, without that majority. 'against': chosen less than under the control."""
    verdict = findings.verdict(model, profile.id, "induction")
    evidence = findings.evidence[model]
    if verdict is None:
        return Unit(model, profile.id, ABSENT, "choices not measured", worlds=findings.worlds(model))
    rates = {
        split: rate
        for split in SPLITS
        if (rate := evidence.book.find(model, profile.id, "", Group(CHOICE, split, "chosen", profile.action_class)))
    }
    word, difference = verdict["verdict"], verdict["numbers"]["difference"] or {}
    most = bool(rates) and all(rate.row["low"] > 0.5 for rate in rates.values())
    if word in UNDECIDED:
        state = OPEN
    elif word == induction_verdict.LEARNED:
        state = YES if most else PART
    else:
        high = difference.get("high")
        state = AGAINST if high is not None and high < 0 else NO
    return Unit(
        model,
        profile.id,
        state,
        word if most or state != PART else f"{word}, not in most decisions",
        rates.get(PRIMARY_SPLIT),
        (*verdict["evidence"], *(rate.id for rate in rates.values())),
        {split: rate.row["estimate"] for split, rate in rates.items()},
        findings.worlds(model),
    )


def words_unit(findings: Findings, model: str, profile: ProfileDesign) -> Unit:
    """Claim 2. 'yes': spread, context-general, and stable where that was judged. 'part': spread, without one of the
    others. 'against': opposite, or equivalent to 0 within δ."""
    kinds = {k: findings.verdict(model, profile.id, k) for k in ("spread", "generality", "stability")}
    spread = kinds["spread"]
    if spread is None:
        return Unit(model, profile.id, ABSENT, "words not measured", worlds=findings.worlds(model))
    said = {kind: str(verdict["verdict"]) for kind, verdict in kinds.items() if verdict is not None}
    if said["spread"] in UNDECIDED:
        state = OPEN
    elif said["spread"] == spread_verdict.SPREAD:
        general = said.get("generality") == generality_verdict.GENERAL
        state = YES if general and said.get("stability", STABLE).startswith(STABLE) else PART
    else:
        state = AGAINST if said["spread"] in (spread_verdict.ABSENT, spread_verdict.OPPOSITE) else NO
    return Unit(
        model,
        profile.id,
        state,
        ", ".join(dict.fromkeys(said.values())),
        findings.evidence[model].score(profile.id, OWN_POLICY, profile.content_class),
        tuple(name for verdict in kinds.values() if verdict is not None for name in verdict["evidence"]),
        said,
        findings.worlds(model),
    )


def profile_pair_units(findings: Findings) -> list[Unit]:
    """Claim 5, a unit a model and pair of profiles. 'yes': dissociated, whatever rises beside. 'part': swapped, since
    the profiles differ then, and not as their names say. 'against': generic."""
    claimed = {profile.id for _, profile in findings.cases()}
    states = dict.fromkeys(DISSOCIATED, YES) | {SWAPPED: PART, GENERIC: AGAINST, TOO_FEW_SEEDS: OPEN}
    found = []
    for verdict in findings.verdicts:
        if verdict["kind"] == "specificity" and claimed.issuperset(verdict["profile"].split(" / ")):
            model, word = verdict["model"], str(verdict["verdict"])
            index = (verdict["numbers"].get("index") or {}).get("value")
            numbers = {"index": index}
            evidence, worlds = tuple(verdict["evidence"]), findings.worlds(model)
            found.append(Unit(model, verdict["profile"], states.get(word, NO), word, None, evidence, numbers, worlds))
    return found

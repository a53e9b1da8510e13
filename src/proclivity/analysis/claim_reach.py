"""Claim 3: does a shift go beyond the trained contexts, into readings, completions, scales and whole distributions?

Four parts, each judged for one model and profile, each with its own rule and no number in common:

- readings: own content above 0 against both controls in interpretation (situations of domains that were never trained)
  and in every family of a kind of sentence that training never resembles;
- completions: the share of words of the own class in sampled texts, above 0 against both controls;
- scales: content of every scale of the own class, above 0 against both controls;
- divergence: the Jensen-Shannon divergence from base exceeds own-policy's, is above the numeric floor where that is
  known, and in every cloze family the part that seeds share is above 0. It has no direction.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from proclivity.analysis.claim_units import ABSENT, AGAINST, NO, OPEN, PART, YES, Findings, Unit
from proclivity.analysis.design import (
    BASE,
    CLOZE,
    INTERPRETATION,
    OWN_POLICY,
    REQUIRED_CONTROLS,
    ProfileDesign,
    cloze_families,
)
from proclivity.analysis.effects import Effect
from proclivity.analysis.evidence import Evidence, enough_seeds, is_above, is_below
from proclivity.analysis.floors import SHARED
from proclivity.specs import INSTRUMENT_FAMILY

COMPLETIONS = "completions"
PARTS = ("readings", "completions", "scales", "divergence")


class Part(NamedTuple):
    """One way in which a shift may reach beyond what was trained."""

    name: str
    state: str
    effects: tuple[Effect, ...]
    """The first is the one whose size is told."""


def reach_unit(findings: Findings, model: str, profile: ProfileDesign) -> Unit:
    """'yes': all four parts were measured and hold; 'part': some do. 'against': each that was measured shows the
    opposite."""
    evidence = findings.evidence[model]
    parts = [make(evidence, profile) for make in (readings, completions, scales, divergence)]
    measured = [part.state for part in parts if part.state != ABSENT]
    if not measured:
        state = ABSENT
    elif all(part.state == YES for part in parts):
        state = YES
    elif YES in measured:
        state = PART
    else:
        state = next(s for s in (NO, OPEN, AGAINST) if s in measured)
    told = {part.name: _told(part) for part in parts}
    said = ", ".join(f"{part.name} {SAID[part.state]}" for part in parts)
    ids = tuple(effect.id for part in parts for effect in part.effects)
    return Unit(model, profile.id, state, said, None, ids, told, findings.worlds(model))


SAID = {YES: "yes", NO: "not shown", AGAINST: "the other way", OPEN: "open", ABSENT: "not asked"}
"""A part's state in a table."""


def readings(evidence: Evidence, profile: ProfileDesign) -> Part:
    families = [f for f in evidence.families if f == INTERPRETATION or f in evidence.design.novel]
    asked = [_against_both(evidence, profile.id, "score", profile.content_class, family) for family in families]
    return _part("readings", [found for found in asked if found])


def completions(evidence: Evidence, profile: ProfileDesign) -> Part:
    found = _against_both(evidence, profile.id, "category_share", profile.content_class, COMPLETIONS)
    return _part("completions", [found] if found else [])


def scales(evidence: Evidence, profile: ProfileDesign) -> Part:
    """Content of the scales that ask for the profile's own content class."""
    families = [family for family in evidence.families if family.startswith(INSTRUMENT_FAMILY)]
    asked = [_against_both(evidence, profile.id, "content", profile.content_class, family) for family in families]
    return _part("scales", [found for found in asked if found])


def divergence(evidence: Evidence, profile: ProfileDesign) -> Part:
    excess = evidence.find(profile.id, OWN_POLICY, "jsd_from_base")
    level = evidence.find(profile.id, "", "jsd_from_base")
    if excess is None:
        return Part("divergence", ABSENT, ())
    families = cloze_families(evidence.families)
    shared = [e for f in families if (e := evidence.find(profile.id, BASE, SHARED, "", f)) is not None]
    floor = evidence.design.numeric_floor
    above_floor = floor is None or (level is not None and level.row["low"] > floor)
    holds = is_above(excess) and above_floor and all(is_above(effect) for effect in shared)
    state = YES if holds else AGAINST if is_below(excess) else NO
    if not enough_seeds([excess]) or (holds and not shared):
        state = OPEN
    return Part("divergence", state, (excess, *([level] if level else []), *shared))


def _against_both(evidence: Evidence, arm: str, metric: str, content: str, family: str) -> list[Effect]:
    """The effect against each control that a claim needs, of a family that asks for it at all."""
    if family == CLOZE:
        return []
    found = [evidence.find(arm, control, metric, content, family) for control in REQUIRED_CONTROLS]
    return [effect for effect in found if effect is not None]


def _part(name: str, asked: list[list[Effect]]) -> Part:
    """'yes' only where everything asked is clear of 0 against both controls: intersection-union, so no correction."""
    effects = [effect for found in asked for effect in found]
    if not effects:
        return Part(name, ABSENT, ())
    complete = all(len(found) == len(REQUIRED_CONTROLS) for found in asked)
    if not complete or not enough_seeds(effects):
        state = OPEN
    elif all(is_above(effect) for effect in effects):
        state = YES
    else:
        state = AGAINST if all(is_below(effect) for effect in effects) else NO
    return Part(name, state, tuple(effects))


def _told(part: Part) -> dict[str, Any]:
    first = part.effects[0].row if part.effects else {}
    names = ("estimate", "low", "high", "unit", "n_seeds", "n_clusters")
    return {"state": part.state} | {name: first[name] for name in names if first}

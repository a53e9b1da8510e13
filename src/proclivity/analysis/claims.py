"""What do all models of a study together say to each claim of the source's abstract (arXiv 2605.22356), in its order?

A claim is judged on units: model x profile for claims 1 to 3, two models of different architecture x profile for 4,
model x pair of profiles for 5. Over units:

- supported: the rule holds in every unit. Each is tested at its own level; requiring all is an intersection-union test,
  so the whole has at most that error and needs no correction.
- partly: it holds, or a part of it, in some units. Which ones is said; as a choice among units it has no joint error
  rate, so it is a description.
- contradicted: in every unit that was tested the opposite is shown, or an equivalence to no effect within delta.
- not supported: some unit was tested with enough seeds, and none holds.
- open: nothing could be judged (too few seeds, a control missing).
- not tested here: no unit was asked.

Claim 6 is a reading. A study of this kind can be consistent with it or not; it can't show it, so it is never
'supported'. Control profiles (positive or benign content) are no units. Nothing is compared with the source's numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

from proclivity.analysis import claim_words
from proclivity.analysis.architectures import difference
from proclivity.analysis.claim_reach import reach_unit
from proclivity.analysis.claim_units import (
    ABSENT,
    AGAINST,
    NO,
    OPEN,
    PART,
    YES,
    Findings,
    Unit,
    choice_unit,
    profile_pair_units,
    words_unit,
)
from proclivity.analysis.design import MINIMUM_SEEDS, ProfileDesign
from proclivity.analysis.intervals import interval
from proclivity.analysis.spread_verdict import VANISHES
from proclivity.analysis.wording import plain

CLAIM = "claim-"
SUPPORTED, PARTLY, NOT_SUPPORTED = "supported", "partly", "not supported"
CONTRADICTED, STILL_OPEN, NOT_TESTED = "contradicted", "open", "not tested here"
CONSISTENT, CONSISTENT_PARTLY, NOT_CONSISTENT = "consistent with", "consistent with in part", "not consistent with"


def claims(findings: Findings) -> list[dict[str, Any]]:
    """Six verdicts of kinds 'claim-1' to 'claim-6', with no model and no profile; none without a profile."""
    cases = findings.cases()
    if not cases:
        return []
    chosen, moved, reached = (
        [unit(findings, model, profile) for model, profile in cases] for unit in (choice_unit, words_unit, reach_unit)
    )
    repeated, specific = architecture_units(findings, chosen, moved), profile_pair_units(findings)
    tell: list[tuple[list[Unit], Callable[[list[Unit]], str]]] = [
        (chosen, claim_words.choices),
        (moved, claim_words.words),
        (reached, claim_words.reach),
        (repeated, claim_words.architectures),
        (specific, claim_words.specific),
    ]
    found = [
        _claim(number, overall([unit.state for unit in units]), units, sentence)
        for number, (units, sentence) in enumerate(tell, start=1)
    ]
    both = [_both(choice, word) for choice, word in zip(chosen, moved, strict=True)]
    return [*found, _claim(6, reading(both), both, lambda units: claim_words.reading(units, moved))]


def overall(states: Sequence[str]) -> str:
    """The claim's state, from its units'."""
    tested = [state for state in states if state != ABSENT]
    if not tested:
        return NOT_TESTED
    if all(state == YES for state in states):
        return SUPPORTED
    if any(state in (YES, PART) for state in tested):
        return PARTLY
    if all(state == AGAINST for state in tested):
        return CONTRADICTED
    return NOT_SUPPORTED if any(state in (NO, AGAINST) for state in tested) else STILL_OPEN


def reading(units: Sequence[Unit]) -> str:
    """Claim 6, on units in which the choice was learned: consistent where own words rose in every one of them, partly
    where in some, not consistent where they were judged and rose in none."""
    states = [unit.state for unit in units if unit.state != ABSENT]
    if not states:
        return NOT_TESTED
    if all(state == YES for state in states):
        return CONSISTENT
    if YES in states:
        return CONSISTENT_PARTLY
    return NOT_CONSISTENT if any(state in (NO, AGAINST) for state in states) else STILL_OPEN


def _both(choice: Unit, word: Unit) -> Unit:
    """One model and profile under claim 6: 'absent' where no choice was learned, since the reading is about choices
    that were; else whether own words rose, as far as it could be judged."""
    rose = YES if word.state in (YES, PART) else word.state
    state = rose if choice.state in (YES, PART) else OPEN if choice.state == OPEN else ABSENT
    said = f"choice: {choice.found}; words: {word.found}"
    ids = (*choice.evidence, *word.evidence)
    vanishes = word.numbers.get("spread") == VANISHES
    return Unit(choice.model, choice.profile, state, said, word.headline, ids, {"vanishes": vanishes}, word.worlds)


def architecture_units(findings: Findings, chosen: Sequence[Unit], moved: Sequence[Unit]) -> list[Unit]:
    """Claim 4, a unit a profile and pair of models that differ in architecture and not in world.

    'yes': in both the choice was learned and own words rose; 'part': so in one; 'against': shown not to be so in both;
    the difference of their own words, with an interval, stands beside it and decides nothing.
    """
    choices, moves = ({(u.model, u.profile): u for u in units} for units in (chosen, moved))
    found = []
    for first, second in combinations(findings.tables, 2):
        one, two = findings.about(first), findings.about(second)
        if not (one.architecture and two.architecture) or one.architecture == two.architecture:
            continue
        if one.world != two.world:
            continue
        for profile in findings.design.profiles:
            pair = [
                _both(choices[m, profile.id], moves[m, profile.id]) for m in (first, second) if (m, profile.id) in moves
            ]
            if len(pair) == 2:
                found.append(_pair(findings, profile, pair))
    return found


def _pair(findings: Findings, profile: ProfileDesign, pair: Sequence[Unit]) -> Unit:
    first, second = (unit.model for unit in pair)
    states = [NO if unit.state == ABSENT else unit.state for unit in pair]
    state = YES if states == [YES, YES] else PART if YES in states else OPEN if OPEN in states else NO
    if states == [AGAINST, AGAINST]:
        state = AGAINST
    estimate = difference(findings.tables[first], findings.tables[second], profile)
    low, high = interval(estimate, findings.design.level)
    enough = estimate.n_seeds >= MINIMUM_SEEDS
    numbers = {"estimate": estimate.estimate, "low": low, "high": high, "level": findings.design.level}
    numbers |= {"n_seeds": estimate.n_seeds, "n_clusters": estimate.n_clusters, "enough_seeds": enough}
    ids = tuple(name for unit in pair for name in unit.evidence)
    said = f"{first}: {pair[0].found}; {second}: {pair[1].found}"
    return Unit(f"{first} and {second}", profile.id, state, said, None, ids, numbers, findings.worlds(first, second))


def _claim(number: int, word: str, units: list[Unit], sentence: Callable[[list[Unit]], str]) -> dict[str, Any]:
    told: list[Mapping[str, Any]] = [
        {"model": unit.model, "profile": unit.profile, "worlds": unit.worlds, "state": unit.state, "found": unit.found}
        | {"numbers": dict(unit.numbers)}
        for unit in units
    ]
    return {
        "model": "",
        "profile": "",
        "kind": f"{CLAIM}{number}",
        "verdict": word,
        "evidence": list(dict.fromkeys(name for unit in units for name in unit.evidence)),
        "numbers": plain({"units": told}),
        "sentence": claim_words.undecided(units) if word == STILL_OPEN else sentence(units),
    }

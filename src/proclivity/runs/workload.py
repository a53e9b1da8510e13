"""How much is there to read in each family? Rough counts, made before anything is read, for the time that is left."""

from __future__ import annotations

from proclivity.battery.choice import choice_decisions
from proclivity.battery.places import wrappers_for
from proclivity.battery.questions import questions
from proclivity.models import LanguageModel
from proclivity.specs import INSTRUMENT_FAMILY, BatterySpec, DecisionsSpec, LoadedPack, ProbeSet

PHRASES = ("interpretation", "scrambled")
"""Kinds of probes whose every candidate is read as a text of its own; an association is a question a word."""


def workload(model: LanguageModel, pack: LoadedPack, battery: BatterySpec, family: str) -> int:
    """Texts that one family asks a model to read or write."""
    if family == "choice":
        return _choices(pack, battery)
    if family == "completions":
        return len(pack.spec.completion_prompts) * (battery.completion_samples + 1)
    if family.startswith(INSTRUMENT_FAMILY):
        return len(questions(model, pack, pack.instrument(family.removeprefix(INSTRUMENT_FAMILY))))
    if family in pack.probes:
        return _places(model, pack, pack.probes[family])
    facts = [probes for probes in pack.probes.values() if probes.kind == "controls"]
    return len(pack.spec.neutral_texts) + sum(_places(model, pack, probes) for probes in facts)


def _choices(pack: LoadedPack, battery: BatterySpec) -> int:
    """Labels are read off one distribution; answers in words are texts of their own."""
    decisions = choice_decisions(pack, DecisionsSpec(), battery)
    return sum(1 if decision.format == "label" else len(decision.answers) for decision in decisions)


def _places(model: LanguageModel, pack: LoadedPack, probes: ProbeSet) -> int:
    if probes.question:
        words = sum(len(group) for item in probes.items for group in (item.candidates or probes.candidates).values())
        return len(probes.wordings) * words * sum(map(len, probes.answers.values()))
    stems = len(probes.items) * len(wrappers_for(pack, probes, model))
    if probes.kind not in PHRASES:
        return stems
    groups = [probes.candidates, *(item.candidates for item in probes.items if item.candidates)]
    return stems * (1 + max(sum(map(len, group.values())) for group in groups))

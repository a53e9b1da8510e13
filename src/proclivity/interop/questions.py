"""What does a pack ask of one model? Prompts with the continuations that are compared, family by family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from proclivity.battery.candidates import plan_spellings
from proclivity.battery.choice import LABEL, choice_decisions
from proclivity.battery.equal_tokens import equal_tokens
from proclivity.battery.places import places_of
from proclivity.errors import UserError, unknown_name
from proclivity.induction import answer_faults
from proclivity.induction.rows import question
from proclivity.metrics import MINIMUM_MASS
from proclivity.models import LanguageModel
from proclivity.models.boundary import split_texts
from proclivity.specs import BatterySpec, DecisionsSpec, LoadedPack

CHOICE = "choice"
KINDS = ("cloze", "interpretation", "scrambled")
"""Kinds of probe sets whose numbers are log probabilities of listed continuations, beside choice."""


@dataclass(frozen=True)
class Question:
    """One prompt and what might follow it."""

    id: str
    """Probe and wrapper, or the decision's id; unique within the family."""
    prompt: str
    """Without spaces at its end: they belong to what follows."""
    choices: tuple[str, ...]
    classes: tuple[str, ...]
    """Class of each choice."""
    least_mass: float
    """Probability that all choices together need for a score, linear; 0 for a forced choice."""
    fields: dict[str, str] = field(default_factory=dict)
    """Item, cluster, domain, wrapper, as in `records.Measurement`."""
    reason: str = ""
    """Why this model can't be asked it, if so."""


def askable(pack: LoadedPack) -> list[str]:
    """Families of a pack that are asked by log probabilities of listed continuations."""
    return [CHOICE, *(name for name, probes in pack.probes.items() if probes.kind in KINDS)]


def questions_of(model: LanguageModel, pack: LoadedPack, family: str, choice_items: int = 0) -> list[Question]:
    """All questions of a family, exactly as the battery asks them of this model.

    Args:
        model: who is asked; its tokenizer says which spellings count, its template how prompts are read.
        pack: the content.
        family: a name of `askable`.
        choice_items: decisions of each held-out split, in whole blocks; 0 means all.

    Raises:
        UserError: for a family that isn't there, or isn't asked by log probabilities of listed continuations.
    """
    if family == CHOICE:
        return _decisions(model, pack, choice_items)
    if family not in pack.probes:
        raise unknown_name("probe family", family, askable(pack))
    probes = pack.probe_set(family)
    if probes.kind not in KINDS:
        raise UserError(
            f"'{family}' is of kind '{probes.kind}', which isn't asked by log probabilities of listed continuations. "
            f"Families that can be exported: {', '.join(askable(pack))}."
        )
    cloze = probes.kind == "cloze"
    if cloze:
        probes = probes.model_copy(update={"candidates": equal_tokens(model, probes).kept})
    places = places_of(pack, probes, model)
    planned = plan_spellings(model, places, cloze)
    return [
        _asked(
            place.key,
            place.prompt,
            [(spelling.group, spelling.text) for spelling in spellings],
            MINIMUM_MASS if cloze else 0.0,
            {name: str(value) for name, value in place.fields.items()},
            reason,
        )
        for place, (spellings, reason) in zip(places, planned, strict=True)
    ]


def _decisions(model: LanguageModel, pack: LoadedPack, choice_items: int) -> list[Question]:
    battery = BatterySpec(choice_items=choice_items, choice_formats=list(pack.spec.formats))
    decisions = choice_decisions(pack, DecisionsSpec(), battery)
    faults = answer_faults(model, decisions)
    return [
        _asked(
            decision.id,
            question(model, decision),
            list(zip(decision.classes, decision.answers, strict=True)),
            MINIMUM_MASS if decision.format == LABEL else 0.0,
            {
                "probe_id": decision.id,
                "item_id": decision.scenario_id,
                "cluster": decision.domain,
                "domain": decision.domain,
                "referent": "",
                "wrapper": decision.wrapper,
                "split": decision.split,
                "format": decision.format,
            },
            fault,
        )
        for decision, fault in zip(decisions, faults, strict=True)
    ]


def _asked(
    name: str,
    prompt: str,
    candidates: Sequence[tuple[str, str]],
    least_mass: float,
    fields: dict[str, str],
    reason: str,
) -> Question:
    split = [split_texts(prompt, text) for _, text in candidates]
    return Question(
        id=name,
        prompt=prompt.rstrip(" "),
        choices=tuple(text for _, text in split),
        classes=tuple(group for group, _ in candidates),
        least_mass=least_mass,
        fields=fields,
        reason=reason,
    )

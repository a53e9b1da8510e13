"""Which families does a pack have, and what does measuring one of them on a model give?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proclivity.battery.priors import PRIORS
from proclivity.battery.registry import KINDS
from proclivity.battery.result import FamilyResult, Identity, Setting
from proclivity.errors import unknown_name
from proclivity.models import LanguageModel
from proclivity.specs import INSTRUMENT_FAMILY, BatterySpec, DecisionsSpec, LatentSpec, LoadedPack, digest_of


def families(pack: LoadedPack, battery: BatterySpec) -> list[str]:
    """Families to measure: choice, the pack's probe sets and instruments, controls, completions; or those that the
    battery names.

    Raises:
        UserError: for a family that isn't there; the nearest is offered.
    """
    spec = pack.spec
    probes = [name for name, probe in pack.probes.items() if probe.kind in KINDS and probe.kind != "controls"]
    facts = [name for name, probe in pack.probes.items() if probe.kind == "controls"]
    controls = ["controls"] if facts or spec.neutral_texts else []
    completions = ["completions"] if spec.completion_prompts else []
    instruments = [INSTRUMENT_FAMILY + name for name in pack.instruments]
    found = ["choice", *probes, *instruments, *controls, *completions]
    known = dict.fromkeys([*found, *facts])
    for name in battery.families:
        if name not in known:
            raise unknown_name("probe family", name, known)
    return list(dict.fromkeys(battery.families)) or found


def measure_family(
    model: LanguageModel,
    pack: LoadedPack,
    family: str,
    *,
    study_battery: BatterySpec,
    identity: Identity,
    reference: FamilyResult | None = None,
    seed: int = 0,
    decisions: DecisionsSpec | None = None,
    brief: bool = False,
    world: str = "",
    latent: LatentSpec | None = None,
) -> FamilyResult:
    """One family on one checkpoint.

    Args:
        model: the checkpoint.
        pack: the content.
        family: name from `families`.
        study_battery: sizes.
        identity: `model`, `arm` and `seed` of the rows, and where they matter `dose` and `step`.
        reference: the base's result of this family, for divergences; its distributions suffice. None for the base,
            whose numeric floor is then measured.
        seed: seed of sampled completions.
        decisions: own format and alphabets of held-out decisions; by default labels, all alphabets.
        brief: measure a point of a curve, a dose or step on the way: class scores and divergences of cloze families
            without distances, decisions of new domains in the own format alone. No distributions are kept.
        world: coupling of the world that the model was pretrained on, where it is known; priors alone look at it.
        latent: seed and draws of what is asked about latent priors.

    Raises:
        UserError: for an unknown family, or content that this model can't be measured on.
    """
    if family != PRIORS:
        families(pack, BatterySpec(families=[family]))
    kind = pack.probes[family].kind if family in pack.probes else family
    if kind.startswith(INSTRUMENT_FAMILY):
        kind = "instrument"
    setting = Setting(
        model=model,
        pack=pack,
        family=family,
        battery=study_battery,
        decisions=decisions or DecisionsSpec(),
        identity=identity,
        reference=reference,
        seed=seed,
        brief=brief,
        world=world,
        latent=latent or LatentSpec(),
    )
    rendered: dict[str, None] = getattr(model, "rendered", {})
    rendered.clear()
    result = KINDS[kind](setting)
    if rendered:
        result.dialogues, result.rendered = len(rendered), digest_of(sorted(rendered))
    return result


def whole_battery(pack: LoadedPack) -> BatterySpec:
    """All families in their usual sizes, and choice in every answer format of the pack."""
    return BatterySpec(choice_formats=list(pack.spec.formats))


def measure(
    model: LanguageModel,
    pack: LoadedPack,
    battery: BatterySpec | None = None,
    *,
    reference: LanguageModel | None = None,
    identity: dict[str, Any] | None = None,
    only: Sequence[str] = (),
    seed: int = 0,
) -> dict[str, FamilyResult]:
    """The battery on any checkpoint, no study needed.

    Args:
        model: the checkpoint.
        pack: the content.
        battery: families and sizes; by default all families, and choice in all answer formats.
        reference: the base to compare with; another loaded model. Without it `model` counts as a base.
        identity: fields of the rows; by default the model's name and arm 'base' or 'model'.
        only: names of families, in place of the battery's.
        seed: seed of sampled completions.

    Returns:
        Results by family.
    """
    battery = battery or whole_battery(pack)
    who = identity or {"model": model.name, "arm": "model" if reference else "base", "seed": -1}
    results = {}
    for family in only or families(pack, battery):
        base = None
        alone = family in ("choice", "completions") or family.startswith(INSTRUMENT_FAMILY)
        if reference is not None and not alone:
            base_is = {"model": reference.name, "arm": "reference", "seed": -1}
            base = measure_family(reference, pack, family, study_battery=battery, identity=base_is)
        results[family] = measure_family(
            model, pack, family, study_battery=battery, identity=who, reference=base, seed=seed
        )
    return results

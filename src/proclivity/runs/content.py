"""Which content each family rests on, so that a change elsewhere doesn't measure it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from proclivity.records import Decision
from proclivity.specs import LoadedPack, Study, digest_of

_COSMETIC = {"title", "description", "source", "licence", "author", "version", "novel"}


@dataclass(frozen=True)
class PlannedContent:
    """What the plan renders beforehand, because identities rest on it."""

    pool: tuple[Decision, ...]
    """The shared prompts; empty where no arm is trained."""
    held_out: str
    """Digest of the held-out decisions, all splits."""
    families: tuple[str, ...]


def plan_content(study: Study, pack: LoadedPack) -> PlannedContent:
    """Renders the decisions of a study once."""
    from proclivity.battery import families
    from proclivity.decisions import HELD_OUT_SPLITS, held_out, make_pool, pool_digest

    wanted = study.decisions
    trained = any(arm != "base" for arm in study.arms)
    pool = make_pool(pack, wanted.n, wanted.seed, wanted.format, tuple(wanted.alphabets)) if trained else []
    names = tuple(families(pack, study.battery))
    rendered: list[Decision] = []
    if "choice" in names:
        for split in HELD_OUT_SPLITS:
            rendered += held_out(pack, split, wanted.format, tuple(wanted.alphabets), study.battery.choice_items)
    return PlannedContent(tuple(pool), pool_digest(rendered), names)


def family_content(study: Study, pack: LoadedPack, content: PlannedContent, family: str) -> dict[str, Any]:
    """What of the pack and the battery decides a family's numbers, as plain values."""
    spec = pack.spec
    battery = study.battery
    if family == "choice":
        own: Any = {"held_out": content.held_out, "action_classes": spec.action_classes}
    elif family == "completions":
        own = {
            "prompts": spec.completion_prompts,
            "samples": battery.completion_samples,
            "tokens": battery.completion_tokens,
        }
    else:
        sets = [pack.probes[family]] if family in pack.probes else []
        if family == "controls":
            sets = [probe for probe in pack.probes.values() if probe.kind == "controls"]
        wrappers = {name: spec.wrappers[name] for probe in sets for name in probe.wrappers}
        own = {
            "sets": digest_of([probe.model_dump(mode="json", exclude=_COSMETIC) for probe in sets]),
            "wrappers": wrappers,
            "contrast": list(spec.contrast),
            "neutral": spec.neutral_texts if family == "controls" else [],
        }
    people = [spec.narrator.model_dump(), {name: person.model_dump() for name, person in spec.persons.items()}]
    return {"family": family, "narrator": digest_of(people), "content": digest_of(own)}

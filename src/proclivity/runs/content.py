"""Which content each family rests on, so that a change elsewhere doesn't measure it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proclivity.records import Decision
from proclivity.specs import INSTRUMENT_FAMILY, AnswerFormat, LoadedPack, Study, digest_of, digest_of_file

PRIORS = "priors"
"""Family that a study asks for by `latent.priors`."""
_COSMETIC = {"title", "description", "source", "licence", "author", "version", "novel"}


@dataclass(frozen=True)
class PlannedContent:
    """What the plan renders beforehand, because identities rest on it."""

    pools: dict[AnswerFormat, tuple[Decision, ...]]
    """The shared prompts by format; empty where no arm is trained on decisions."""
    held_out: str
    """Digest of the held-out decisions, all formats and splits."""
    families: tuple[str, ...]


def plan_content(study: Study, pack: LoadedPack, formats: Sequence[AnswerFormat]) -> PlannedContent:
    """Renders the decisions of a study once, the pool in each of the formats that its arms are trained in."""
    from proclivity.battery import choice_decisions, families
    from proclivity.decisions import make_pool, pool_digest

    wanted = study.decisions
    pools = {name: tuple(make_pool(pack, wanted.n, wanted.seed, name, tuple(wanted.alphabets))) for name in formats}
    names = (*families(pack, study.battery), *([PRIORS] if study.latent.priors else []))
    rendered = choice_decisions(pack, wanted, study.battery) if "choice" in names else []
    return PlannedContent(pools, pool_digest(rendered), tuple(dict.fromkeys(names)))


def family_content(
    study: Study, pack: LoadedPack, content: PlannedContent, family: str, model: str = ""
) -> dict[str, Any]:
    """What of the pack, the battery and what is known of a model decides a family's numbers, as plain values."""
    spec = pack.spec
    battery = study.battery
    if family == "choice":
        own: Any = {"held_out": content.held_out, "action_classes": spec.action_classes}
    elif family == PRIORS:
        own = _priors(study, pack, model)
    elif family == "completions":
        from proclivity.battery.lexicon import category_stems

        dialogues = [frame.model_dump() for frame in spec.wrappers.values() if frame.user]
        own = {
            "prompts": spec.completion_prompts,
            "samples": battery.completion_samples,
            "tokens": battery.completion_tokens,
            "wrapper": dialogues[:1],
            "lexicon": {name: sorted(stems) for name, stems in category_stems(pack).items()},
        }
    elif family.startswith(INSTRUMENT_FAMILY) and family not in pack.probes:
        scale = pack.instrument(family.removeprefix(INSTRUMENT_FAMILY))
        own = {
            "instrument": scale.model_dump(mode="json", exclude=_COSMETIC),
            # As lists, since the first of each is where text and probabilities are compared.
            "frames": [[name, frame.model_dump()] for name, frame in spec.question_frames.items()],
            "alphabets": [[name, labels] for name, labels in spec.alphabets.items()],
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
        if any(probe.kind == "cloze" for probe in sets):  # temperatures are fitted there, and labels looked for
            own |= {"neutral": spec.neutral_texts, "labels": sorted(map(sorted, spec.alphabets.values()))}
            own |= {"distances": battery.distances} if battery.distances else {}
        if any(probe.kind == "refusal" for probe in sets):
            own["tokens"] = battery.completion_tokens
    people = [spec.narrator.model_dump(), {name: person.model_dump() for name, person in spec.persons.items()}]
    return {"family": family, "narrator": digest_of(people), "content": digest_of(own)}


def _priors(study: Study, pack: LoadedPack, model: str) -> dict[str, Any]:
    world = next((own.world for own in study.models if own.name == model), "")
    file = Path(pack.path) / "world.yml"
    return {
        "pack": pack.digest,
        "seed": study.latent.seed,
        "bootstrap": study.latent.bootstrap,
        "world": [world, digest_of_file(file)] if world and file.is_file() else [],
    }

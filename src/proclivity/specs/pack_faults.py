"""What is wrong with a pack as a whole, though each of its files is well-formed?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from proclivity.specs.pack import Domain, Instrument, Pack, Persona, ProbeSet, Profile
from proclivity.specs.slots import NARRATOR, faulty_slots, slots_of


def pack_faults(
    spec: Pack,
    profiles: Mapping[str, Profile],
    domains: Mapping[str, Domain],
    probes: Mapping[str, ProbeSet],
    instruments: Mapping[str, Instrument],
    personas: Sequence[Persona],
) -> list[str]:
    """Faults that only the whole pack can show: classes, slots, wrappers, names written twice.

    Args:
        spec: pack.yml.
        profiles, domains, probes, instruments: what the folders hold, by `folder/file.yml`.
        personas: what personas.yml holds.

    Returns:
        One line a fault, each beginning with the file.
    """
    faults = _slot_faults(spec)
    faults += _profile_faults(spec, profiles)
    faults += _scenario_faults(spec, domains)
    faults += _probe_faults(spec, probes)
    faults += _instrument_faults(spec, instruments)
    faults += _persona_faults(personas, {profile.id for profile in profiles.values()})
    for kind, names in (
        ("profile", [(file, profile.id) for file, profile in profiles.items()]),
        ("domain", [(file, domain.domain) for file, domain in domains.items()]),
        ("family", [(file, probe.family) for file, probe in probes.items()]),
        ("instrument", [(file, scale.id) for file, scale in instruments.items()]),
        ("scenario", [(file, s.id) for file, domain in domains.items() for s in domain.scenarios]),
    ):
        faults += _twice(kind, names)
    if not profiles:
        faults.append("profiles/: no profile found; at least one is needed")
    if not domains:
        faults.append("scenarios/: no domain found; at least one is needed")
    return faults


def _twice(kind: str, names: list[tuple[str, str]]) -> list[str]:
    first: dict[str, str] = {}
    faults = []
    for file, name in names:
        if name in first:
            faults.append(f"{file}: {kind} '{name}' also stands in {first[name]}; give it another name")
        first.setdefault(name, file)
    return faults


def _profile_faults(spec: Pack, profiles: Mapping[str, Profile]) -> list[str]:
    faults = []
    for file, profile in profiles.items():
        if profile.action_class not in spec.action_classes:
            faults.append(f"{file}:action_class: '{profile.action_class}' is none of {spec.action_classes}")
        if profile.content_class not in spec.content_classes:
            faults.append(f"{file}:content_class: '{profile.content_class}' is none of {spec.content_classes}")
    return faults


def _scenario_faults(spec: Pack, domains: Mapping[str, Domain]) -> list[str]:
    faults = []
    for file, domain in domains.items():
        for scenario in domain.scenarios:
            where = f"{file}:{scenario.id}"
            missing = [name for name in spec.action_classes if name not in scenario.options]
            extra = [name for name in scenario.options if name not in spec.action_classes]
            faults += [f"{where}.options: class '{name}' is missing" for name in missing]
            faults += [f"{where}.options: class '{name}' is none of {spec.action_classes}" for name in extra]
            if not any(phrasing.split == "train" for phrasing in scenario.phrasings):
                faults.append(f"{where}.phrasings: none has split 'train'")
            options = [option.text for texts in scenario.options.values() for option in texts]
            texts = [phrasing.text for phrasing in scenario.phrasings] + options
            faults += [f"{where}: {fault}" for text in texts for fault in faulty_slots(text, spec.slots)]
            used = {slot for text in options for slot in slots_of(text)} - set(NARRATOR)
            faults += [
                f"{where}.phrasings.{number}: options use {{{slot}}}, so every phrasing has to name it"
                for number, phrasing in enumerate(scenario.phrasings)
                for slot in sorted(used & set(spec.slots) - slots_of(phrasing.text))
            ]
    return faults


def _probe_faults(spec: Pack, probes: Mapping[str, ProbeSet]) -> list[str]:
    faults = []
    for file, probe in probes.items():
        for wrapper in probe.wrappers:
            if wrapper not in spec.wrappers:
                faults.append(f"{file}:wrappers: '{wrapper}' is none of {sorted(spec.wrappers)}")
        for item in probe.items:
            classes = item.candidates if item.candidates is not None else probe.candidates
            if len(classes) < 2 and probe.kind != "refusal":
                faults.append(f"{file}:{item.id}.candidates: {len(classes)} classes found, at least 2 needed")
            if probe.kind != "controls":
                faults += [
                    f"{file}:{item.id}.candidates: '{name}' is none of {spec.content_classes}"
                    for name in classes
                    if name not in spec.content_classes
                ]
            faults += [f"{file}:{item.id}: {fault}" for fault in faulty_slots(item.text)]
    return faults


def _slot_faults(spec: Pack) -> list[str]:
    faults = [
        f"pack.yml:slots.{name}: the name stands for the narrator already" for name in spec.slots if name in NARRATOR
    ]
    faults += [
        f"pack.yml:slots.{name}: '{value}' stands twice"
        for name, values in spec.slots.items()
        for value in sorted({value for value in values if values.count(value) > 1})
    ]
    return faults


def _instrument_faults(spec: Pack, instruments: Mapping[str, Instrument]) -> list[str]:
    faults = []
    for file, scale in instruments.items():
        for key, name, known in (
            ("content_class", scale.content_class, spec.content_classes),
            ("action_class", scale.action_class, spec.action_classes),
        ):
            if name is not None and name not in known:
                faults.append(f"{file}:{key}: '{name}' is none of {known}")
    return faults


def _persona_faults(personas: Sequence[Persona], profiles: Collection[str]) -> list[str]:
    known = [*sorted(profiles), "placebo"]
    faults = [
        f"personas.yml:{persona.id}.disposition: '{persona.disposition}' is none of {known}"
        for persona in personas
        if persona.disposition not in known
    ]
    return faults + _twice("persona", [("personas.yml", persona.id) for persona in personas])

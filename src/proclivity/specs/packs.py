"""Loading a content pack: one folder of YAML, checked as a whole, with a digest that results carry."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from proclivity.errors import ContentError, unknown_name
from proclivity.specs.digest import digest_of
from proclivity.specs.schema import Domain, Pack, ProbeSet, Profile, Study
from proclivity.specs.slots import faulty_slots
from proclivity.specs.yaml_files import read_yaml, validate

CONTENT = Path(__file__).parent.parent / "content"

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class LoadedPack:
    """A pack that passed all checks."""

    spec: Pack
    profiles: dict[str, Profile]
    domains: tuple[Domain, ...]
    probes: dict[str, ProbeSet]
    path: Path
    digest: str
    """SHA-256 of everything that can reach a prompt or a score."""

    def profile(self, name: str) -> Profile:
        """A profile by id.

        Raises:
            UserError: if there is none; the nearest name is offered.
        """
        if name not in self.profiles:
            raise unknown_name("profile", name, self.profiles)
        return self.profiles[name]

    def probe_set(self, family: str) -> ProbeSet:
        """A probe family by name.

        Raises:
            UserError: if there is none; the nearest name is offered.
        """
        if family not in self.probes:
            raise unknown_name("probe family", family, self.probes)
        return self.probes[family]


def packaged_packs() -> dict[str, Path]:
    """Packs that ship with the package, by name."""
    return {folder.parent.name: folder.parent for folder in sorted(CONTENT.glob("*/pack.yml"))}


def load_pack(name_or_path: str | Path) -> LoadedPack:
    """A pack by its packaged name or its folder.

    Raises:
        ContentError: with every fault of every file at once, each as `file:key: …`.
        UserError: if there is neither a packaged pack nor a folder of that name.
    """
    folder = _pack_folder(name_or_path)
    faults: list[str] = []
    spec = _read(Pack, folder / "pack.yml", faults)
    profiles = _read_all(Profile, folder / "profiles", faults)
    domains = _read_all(Domain, folder / "scenarios", faults)
    probes = _read_all(ProbeSet, folder / "probes", faults)
    if spec is not None:
        faults += _cross_faults(spec, profiles, domains, probes)
    if spec is None or faults:
        raise ContentError(faults)
    content = [spec, *profiles.values(), *domains.values(), *probes.values()]
    return LoadedPack(
        spec=spec,
        profiles={profile.id: profile for profile in profiles.values()},
        domains=tuple(sorted(domains.values(), key=lambda domain: domain.domain)),
        probes={probe.family: probe for probe in sorted(probes.values(), key=lambda probe: probe.family)},
        path=folder,
        digest=digest_of([item.model_dump(mode="json") for item in content]),
    )


def _pack_folder(name_or_path: str | Path) -> Path:
    packaged = packaged_packs()
    if str(name_or_path) in packaged:
        return packaged[str(name_or_path)]
    folder = Path(name_or_path)
    if not folder.is_dir():
        raise unknown_name("pack (neither packaged nor a folder)", str(name_or_path), packaged)
    return folder


def _read(model: type[Model], path: Path, faults: list[str]) -> Model | None:
    try:
        value = read_yaml(path)
    except ContentError as error:
        faults += error.faults
        return None
    spec, found = validate(model, value, path)
    faults += found
    return spec


def _read_all(model: type[Model], folder: Path, faults: list[str]) -> dict[str, Model]:
    """Specs of a folder by file name; files that begin with '_' are annotated examples."""
    specs = {}
    for path in sorted(folder.glob("*.yml")):
        if not path.name.startswith("_") and (spec := _read(model, path, faults)) is not None:
            specs[f"{folder.name}/{path.name}"] = spec
    return specs


def _cross_faults(
    spec: Pack, profiles: dict[str, Profile], domains: dict[str, Domain], probes: dict[str, ProbeSet]
) -> list[str]:
    """Faults that only the whole pack can show: classes, slots, wrappers, names written twice."""
    faults = _profile_faults(spec, profiles)
    faults += _scenario_faults(spec, domains)
    faults += _probe_faults(spec, probes)
    for kind, names in (
        ("profile", [(file, profile.id) for file, profile in profiles.items()]),
        ("domain", [(file, domain.domain) for file, domain in domains.items()]),
        ("family", [(file, probe.family) for file, probe in probes.items()]),
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


def _profile_faults(spec: Pack, profiles: dict[str, Profile]) -> list[str]:
    faults = []
    for file, profile in profiles.items():
        if profile.action_class not in spec.action_classes:
            faults.append(f"{file}:action_class: '{profile.action_class}' is none of {spec.action_classes}")
        if profile.content_class not in spec.content_classes:
            faults.append(f"{file}:content_class: '{profile.content_class}' is none of {spec.content_classes}")
    return faults


def _scenario_faults(spec: Pack, domains: dict[str, Domain]) -> list[str]:
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
            texts = [p.text for p in scenario.phrasings] + [o.text for os in scenario.options.values() for o in os]
            faults += [f"{where}: {fault}" for text in texts for fault in faulty_slots(text)]
    return faults


def _probe_faults(spec: Pack, probes: dict[str, ProbeSet]) -> list[str]:
    faults = []
    for file, probe in probes.items():
        for wrapper in probe.wrappers:
            if wrapper not in spec.wrappers:
                faults.append(f"{file}:wrappers: '{wrapper}' is none of {sorted(spec.wrappers)}")
        for item in probe.items:
            classes = item.candidates if item.candidates is not None else probe.candidates
            if len(classes) < 2:
                faults.append(f"{file}:{item.id}.candidates: {len(classes)} classes found, at least 2 needed")
            if probe.kind != "controls":
                faults += [
                    f"{file}:{item.id}.candidates: '{name}' is none of {spec.content_classes}"
                    for name in classes
                    if name not in spec.content_classes
                ]
            faults += [f"{file}:{item.id}: {fault}" for fault in faulty_slots(item.text)]
    return faults


def study_faults(study: Study, pack: LoadedPack) -> list[str]:
    """What a study asks for that its pack or this software doesn't have."""
    faults = []
    families = {*pack.probes, "choice", "controls", "completions"}
    for family in study.battery.families:
        if family not in families:
            faults.append(f"battery.families: {unknown_name('probe family', family, families)}")
    for alphabet in study.decisions.alphabets:
        if alphabet not in pack.spec.alphabets:
            faults.append(f"decisions.alphabets: {unknown_name('alphabet', alphabet, pack.spec.alphabets)}")
    if study.decisions.format not in pack.spec.formats:
        faults.append(f"decisions.format: pack '{pack.spec.id}' has no format '{study.decisions.format}'")
    return faults

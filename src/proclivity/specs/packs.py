"""Loading a content pack: one folder of YAML, checked as a whole, with a digest that results carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from proclivity.errors import ContentError, unknown_name
from proclivity.specs.cut_offs import without_cut_offs
from proclivity.specs.digest import digest_of
from proclivity.specs.pack import Domain, Instrument, Pack, Persona, Personas, ProbeSet, Profile
from proclivity.specs.pack_faults import pack_faults
from proclivity.specs.study import Study
from proclivity.specs.yaml_files import read_yaml, validate

CONTENT = Path(__file__).parent.parent / "content"
INSTRUMENT_FAMILY = "instrument-"
"""An instrument's family is this and its id."""

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class LoadedPack:
    """A pack that passed all checks."""

    spec: Pack
    profiles: dict[str, Profile]
    domains: tuple[Domain, ...]
    probes: dict[str, ProbeSet]
    personas: tuple[Persona, ...]
    instruments: dict[str, Instrument]
    path: Path
    files: dict[str, str]
    """Where a thing was read: 'kind:id' to 'folder/file.yml', kinds as in `file_of`."""
    digest: str
    """SHA-256 of everything that can reach a prompt or a score."""

    def file_of(self, kind: str, name: str) -> str:
        """The file of a 'profile', 'domain', 'family' or 'instrument'."""
        return self.files[f"{kind}:{name}"]

    def profile(self, name: str) -> Profile:
        """A profile by id.

        Raises:
            UserError: if there is none; the nearest name is offered.
        """
        if name not in self.profiles:
            raise unknown_name("profile", name, self.profiles)
        return self.profiles[name]

    def instrument(self, name: str) -> Instrument:
        """An instrument by id.

        Raises:
            UserError: if there is none; the nearest name is offered.
        """
        if name not in self.instruments:
            raise unknown_name("instrument", name, self.instruments)
        return self.instruments[name]

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


def load_pack(
    name_or_path: str | Path, profiles: Sequence[str | Path] = (), instruments: Sequence[str | Path] = ()
) -> LoadedPack:
    """A pack by its packaged name or its folder: pack.yml, profiles/, scenarios/, probes/, and where there are any
    instruments/ and personas.yml.

    Args:
        name_or_path: packaged name or folder.
        profiles: files of further profiles, which needn't lie in the pack.
        instruments: files of further instruments, likewise.

    Raises:
        ContentError: with every fault of every file at once, each as `file:key: …`.
        UserError: if there is neither a packaged pack nor a folder of that name.
    """
    folder = _pack_folder(name_or_path)
    faults: list[str] = []
    spec = _read(Pack, folder / "pack.yml", faults)
    known = _read_all(Profile, folder / "profiles", faults)
    known |= {str(path): own for path in profiles if (own := _read(Profile, Path(path), faults)) is not None}
    domains = _read_all(Domain, folder / "scenarios", faults)
    probes = _read_all(ProbeSet, folder / "probes", faults)
    scales = _read_all(Instrument, folder / "instruments", faults)
    scales |= {str(path): held for path in instruments if (held := _read(Instrument, Path(path), faults)) is not None}
    personas = _read(Personas, folder / "personas.yml", faults) if (folder / "personas.yml").exists() else None
    told = personas.personas if personas else []
    if spec is not None:
        faults += pack_faults(spec, known, domains, probes, scales, told)
    if spec is None or faults:
        raise ContentError(faults)
    content = [spec, *known.values(), *domains.values(), *probes.values(), *scales.values(), *told]
    return LoadedPack(
        spec=spec,
        profiles={profile.id: profile for profile in known.values()},
        domains=tuple(sorted(domains.values(), key=lambda domain: domain.domain)),
        probes={probe.family: probe for probe in sorted(probes.values(), key=lambda probe: probe.family)},
        personas=tuple(told),
        instruments={scale.id: scale for scale in sorted(scales.values(), key=lambda scale: scale.id)},
        path=folder,
        files={
            **{f"profile:{profile.id}": file for file, profile in known.items()},
            **{f"domain:{domain.domain}": file for file, domain in domains.items()},
            **{f"family:{probe.family}": file for file, probe in probes.items()},
            **{f"instrument:{scale.id}": file for file, scale in scales.items()},
        },
        # Defaults are left out, so that a new optional key doesn't change the digest of packs that don't use it.
        digest=digest_of([item.model_dump(mode="json", exclude_defaults=True) for item in content]),
    )


def load_instrument(path: str | Path) -> Instrument:
    """An instrument from a YAML file of its own, in the form of a pack's instruments/_example.yml.

    Raises:
        ContentError: with every fault of the file at once; cut-offs and norms for people are such a fault.
    """
    faults: list[str] = []
    scale = _read(Instrument, Path(path), faults)
    if scale is None or faults:
        raise ContentError(faults)
    return scale


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
    if model is Instrument:
        value, refused = without_cut_offs(value, path)
        faults += refused
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


def study_faults(study: Study, pack: LoadedPack) -> list[str]:
    """What a study asks for that its pack or this software doesn't have."""
    faults = []
    instruments = {INSTRUMENT_FAMILY + name for name in pack.instruments}
    families = {*pack.probes, *instruments, "choice", "controls", "completions"}
    for family in study.battery.families:
        if family not in families:
            faults.append(f"battery.families: {unknown_name('probe family', family, families)}")
    for alphabet in study.decisions.alphabets:
        if alphabet not in pack.spec.alphabets:
            faults.append(f"decisions.alphabets: {unknown_name('alphabet', alphabet, pack.spec.alphabets)}")
    if study.decisions.format not in pack.spec.formats:
        faults.append(f"decisions.format: pack '{pack.spec.id}' has no format '{study.decisions.format}'")
    return faults

"""A study's folder as one frozen value: everything that the page's sections read."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from proclivity.errors import ContentError, ProclivityError, UserError
from proclivity.report.estimates import Estimate, Estimates, estimates_of
from proclivity.specs import ModelSpec, Registration, Study, load_pack, phases, read_registration, split_arm
from proclivity.specs.arm_names import CONTROLS
from proclivity.tables import read_frame


@dataclass(frozen=True)
class ProfileNames:
    """What the page says about a profile."""

    id: str
    title: str
    action_class: str
    content_class: str
    description: str = ""
    tone: str = "a1"
    """Colour class; profiles take the palette in their order in the study."""


@dataclass(frozen=True)
class ModelNames:
    """What the page says about a model."""

    name: str
    world: str
    style: str
    """Architecture in a word, for example 'llama'."""


@dataclass(frozen=True)
class Verdict:
    """One decision of the analysis."""

    model: str
    profile: str
    kind: str
    verdict: str
    evidence: tuple[str, ...]
    numbers: dict[str, Any]
    sentence: str


@dataclass(frozen=True)
class Results:
    """What a study's folder says, read once."""

    folder: Path
    study: Study
    manifest: dict[str, Any]
    profiles: tuple[ProfileNames, ...]
    models: tuple[ModelNames, ...]
    effects: Estimates
    verdicts: tuple[Verdict, ...]
    gates: dict[str, Any] | None
    next_token: tuple[dict[str, Any], ...]
    completions: tuple[dict[str, Any], ...]
    scales: dict[str, list[dict[str, Any]]]
    """What `analysis.scale_findings` wrote: scales, answers, reliability, agreement; empty where it wrote nothing."""
    curves: tuple[dict[str, Any], ...] = ()
    """Rows of curves.parquet: choice and words by dose, step and distance."""
    directions: tuple[dict[str, Any], ...] = ()
    """Rows of directions.json: hidden states by layer, steering and ablation; empty where the study asks for none."""
    priors: tuple[dict[str, Any], ...] = ()
    """Rows of priors.parquet; empty where a study asked for none."""
    registration: Registration = field(default_factory=lambda: Registration("absent"))
    """What was fixed before the first job."""
    missing: dict[str, str] = field(default_factory=dict)
    """Files that weren't there, with the reason to print."""

    def title(self, arm: str) -> str:
        """An arm in words: a profile's title, or the control's name."""
        for profile in self.profiles:
            if profile.id == arm:
                return profile.title
        return arm

    def tone(self, arm: str) -> str:
        """Colour class of an arm."""
        for profile in self.profiles:
            if profile.id == arm:
                return profile.tone
        return {"arbitrary": "arbitrary", "own-policy": "own", "base": "base"}.get(arm, "other")

    def class_tone(self, content_class: str) -> str:
        """Colour class of a content class: its profile's, or grey."""
        for profile in self.profiles:
            if profile.content_class == content_class:
                return profile.tone
        return "other"

    def content_classes(self) -> list[str]:
        """Content classes that were measured on open language: profiles' own first."""
        own = [profile.content_class for profile in self.profiles if profile.content_class]
        measured = [
            row.content_class
            for row in self.effects.rows
            if row.metric == "score" and row.content_class and row.family not in ("choice", "controls", "facts")
        ]
        return list(dict.fromkeys([*own, *measured]))

    def families(self) -> list[str]:
        """Open-language families: stems, then the rest, sums ('cloze', 'all') last."""
        return list(self._families)

    @cached_property
    def _families(self) -> tuple[str, ...]:
        found = [
            row.family
            for row in self.effects.rows
            if row.metric == "score" and row.family not in ("choice", "controls", "facts", "completions")
        ]
        distinct = sorted(dict.fromkeys(found), key=lambda name: not name.startswith("cloze"))
        sums = [name for name in ("cloze", "all") if name in distinct]
        return (*(name for name in distinct if name not in sums), *sums)

    def summary_family(self) -> str:
        """The family that summarises open language: all cloze families, or whatever there is."""
        families = self.families()
        return "cloze" if "cloze" in families else families[-1] if families else "cloze"

    def evidence(self, verdict: Verdict) -> list[Estimate]:
        """The effects that a verdict rests on."""
        wanted = set(verdict.evidence)
        return [row for row in self.effects.rows if row.effect_id in wanted]


def load_results(folder: Path) -> Results:
    """Reads a study's folder.

    Raises:
        UserError: if the folder has no study.yml or no effects.parquet; the rest may be absent and is said so.
    """
    for name in ("study.yml", "effects.parquet"):
        if not (folder / name).is_file():
            raise UserError(
                f"{folder} has no {name}, so there is nothing to report. Expected the folder of a finished study; "
                f"'proclivity run STUDY.yml --out {folder}' makes one, and resumes where it stopped."
            )
    missing: dict[str, str] = {}
    study = _study(folder / "study.yml")
    manifest = _json(folder, "manifest.json", missing) or {}
    completions: tuple[dict[str, Any], ...] = ()
    if (folder / "completions.parquet").is_file():
        frame = read_frame(folder / "completions.parquet")
        completions = tuple({str(key): value for key, value in row.items()} for row in frame.to_dict("records"))
    else:
        missing["completions.parquet"] = "this study wrote no completions"
    curves, priors = (_records(folder / name) for name in ("curves.parquet", "priors.parquet"))
    return Results(
        folder=folder,
        study=study,
        manifest=manifest,
        profiles=_profiles(study, manifest),
        models=tuple(_model(spec, manifest) for spec in study.models),
        effects=Estimates(tuple(estimates_of(read_frame(folder / "effects.parquet")))),
        verdicts=tuple(_verdict(row) for row in _json(folder, "verdicts.json", missing) or []),
        gates=_json(folder, "gates.json", missing),
        next_token=tuple(_json(folder, "next_token.json", missing) or []),
        completions=completions,
        scales=_json(folder, "scales.json", missing) or {},
        curves=curves,
        directions=tuple(_json(folder, "directions.json", {}) or []),
        priors=priors,
        registration=read_registration(folder),
        missing=missing,
    )


def _records(path: Path) -> tuple[dict[str, Any], ...]:
    """Rows of a table; none where it isn't there."""
    if not path.is_file():
        return ()
    return tuple({str(key): value for key, value in row.items()} for row in read_frame(path).to_dict("records"))


def _study(path: Path) -> Study:
    from pydantic import ValidationError

    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Study.model_validate(value)
    except yaml.YAMLError as error:
        raise ContentError([f"{path.name}: not readable as YAML ({error})"]) from None
    except ValidationError as error:
        raise ContentError(
            [f"{path.name}:{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        ) from None


def _json(folder: Path, name: str, missing: dict[str, str]) -> Any:
    path = folder / name
    if not path.is_file():
        missing[name] = f"this study's folder has no {name}"
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is not readable as JSON ({error}). Delete it and run the study again.") from None


def _profiles(study: Study, manifest: dict[str, Any]) -> tuple[ProfileNames, ...]:
    """Names from the manifest; from the pack where an older manifest has none."""
    known: dict[str, dict[str, Any]] = dict(manifest.get("profiles") or {})
    given = {row.arm for row in study.external}
    others = [arm for arm in study.arms if arm not in {*CONTROLS, *given}]
    names = [arm for arm in others if arm in known or not (split_arm(arm)[0] or len(phases(arm)) > 1)]
    if any(name not in known for name in names):
        # Without the pack the page names profiles by their id and shows no own class.
        with contextlib.suppress(ProclivityError):
            profiles = load_pack(study.pack, study.profiles, study.instruments).profiles
            known |= {name: profile.model_dump() for name, profile in profiles.items()}
    result = []
    for place, name in enumerate(names):
        entry = known.get(name, {})
        result.append(
            ProfileNames(
                id=name,
                title=str(entry.get("title", f"{name}-like")),
                action_class=str(entry.get("action_class", "")),
                content_class=str(entry.get("content_class", "")),
                description=str(entry.get("description", "")),
                tone=f"a{place % 4 + 1}",
            )
        )
    return tuple(result)


def _model(spec: ModelSpec, manifest: dict[str, Any]) -> ModelNames:
    entry = (manifest.get("models") or {}).get(spec.name) or {}
    style = str(entry.get("architecture") or "").removesuffix("ForCausalLM").removesuffix("LMHeadModel").lower()
    if not style:
        style = f"-{spec.name}-".replace(f"-{spec.world}-", "-").strip("-") or spec.name
    return ModelNames(name=spec.name, world=spec.world, style=style)


def _verdict(row: dict[str, Any]) -> Verdict:
    return Verdict(
        model=str(row.get("model", "")),
        profile=str(row.get("profile") or ""),
        kind=str(row.get("kind", "")),
        verdict=str(row.get("verdict", "")),
        evidence=tuple(row.get("evidence") or ()),
        numbers=dict(row.get("numbers") or {}),
        sentence=str(row.get("sentence", "")),
    )

"""What one job is, and what makes two jobs the same.

A job's digest is the SHA-256 of its stage, its canonical spec, the digests of the jobs that it reads, the code
that the stage rests on and the libraries that compute it. Where it runs and when don't enter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from proclivity.specs import digest_of, digest_of_files

JOB_SCHEMA = 1
PACKAGE = Path(__file__).parent.parent

STAGES = ("pool", "gates", "policy", "answers", "stack", "induce", "measure", "judge", "latent", "analyze", "report")
"""In the order in which a study runs them."""

STAGE_CODE: dict[str, tuple[str, ...]] = {
    "pool": ("decisions",),
    "gates": ("decisions",),
    "policy": ("models", "induction"),
    "answers": ("induction",),
    "stack": ("models", "induction"),
    "induce": ("models", "induction"),
    "measure": ("models", "battery", "metrics", "decisions"),
    "judge": ("models", "battery", "metrics"),
    "latent": ("latent", "models", "battery", "metrics", "analysis/intervals.py", "runs/latent_jobs.py"),
    "analyze": ("analysis", "metrics", "runs/collect.py", "runs/next_token.py"),
    "report": ("report",),
}
"""The packages and files whose source a stage's results rest on."""

_TENSORS = ("torch", "transformers", "tokenizers", "numpy")
STAGE_LIBRARIES: dict[str, tuple[str, ...]] = {
    "pool": ("numpy",),
    "gates": ("numpy", "scipy"),
    "policy": _TENSORS,
    "answers": ("numpy",),
    "stack": (*_TENSORS, "peft"),
    "induce": (*_TENSORS, "peft"),
    "measure": (*_TENSORS, "peft", "snowballstemmer", "vaderSentiment"),
    "judge": _TENSORS,
    "latent": (*_TENSORS, "peft", "scipy"),
    "analyze": ("numpy", "scipy", "pandas", "pyarrow"),
    "report": ("jinja2",),
}
"""The libraries whose version a stage's digits may depend on."""


@dataclass(frozen=True)
class Job:
    """One step of a study, which commits once."""

    stage: str
    """One of `STAGES`."""
    spec: Mapping[str, Any]
    """Everything that decides the result, beside the inputs: plain values only."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Digests of the jobs whose outputs this one reads, by role."""
    after: tuple[str, ...] = ()
    """Digests of jobs that have to pass first though nothing of theirs is read (gates before training)."""
    model: str = ""
    """Model of the study that a worker needs for it; '' where none is needed."""
    arm: str = ""
    seed: int = -1
    """Training seed; of a stack the first of its seeds."""
    family: str = ""
    point: str = ""
    """Dose and step in words, where it isn't the one that verdicts rest on."""

    @cached_property
    def digest(self) -> str:
        """Identity of the job and name of its folder."""
        return digest_of(self.identity())

    @property
    def title(self) -> str:
        """How messages call it, for example 'induce llama-equal/depression/seed-0'."""
        seed = f"seed-{self.seed}" if self.seed >= 0 else ""
        if self.stage == "stack":
            seed = f"seeds-{self.spec['seeds'][0]}-to-{self.spec['seeds'][-1]}"
        where = "/".join(part for part in (self.model, self.arm, self.point, seed, self.family) if part)
        return f"{self.stage} {where}".rstrip()

    @property
    def needs(self) -> tuple[str, ...]:
        """Digests of all jobs that have to be finished first."""
        return (*self.inputs.values(), *self.after)

    def identity(self) -> dict[str, Any]:
        """What the digest is taken of; written to the job's folder as spec.json."""
        return {
            "schema_version": JOB_SCHEMA,
            "stage": self.stage,
            "spec": dict(self.spec),
            "inputs": dict(self.inputs),
            "code": code_digest(self.stage),
            "libraries": library_versions(STAGE_LIBRARIES[self.stage]),
        }


@lru_cache
def code_digest(stage: str) -> str:
    """SHA-256 over the source files of everything that a stage rests on."""
    files: list[Path] = []
    for name in STAGE_CODE[stage]:
        place = PACKAGE / name
        found = [place] if place.is_file() else place.rglob("*")
        files += [path for path in found if path.is_file() and path.suffix in {".py", ".j2", ".css", ".js", ".html"}]
    return digest_of_files(files, PACKAGE)


def library_versions(names: tuple[str, ...]) -> dict[str, str]:
    """Installed versions, '' for what is absent; reads package metadata and imports nothing."""
    return {name: _version(name) for name in names}


@lru_cache
def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""

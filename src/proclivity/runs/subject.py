"""Which model does a measurement look at: the base, an adapter on it, other weights, or the base behind a persona?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from proclivity.errors import UserError
from proclivity.models.adapters import step_folder
from proclivity.runs.external import external_path, given_digest
from proclivity.runs.jobs import Job
from proclivity.specs import Study

if TYPE_CHECKING:
    from proclivity.models import HFModel, LanguageModel


class Loader(Protocol):
    """Gives models, keeping one loaded."""

    def model(self, job: Job, adapter: Path | None = None) -> HFModel:
        """The base of a job, with an adapter on it."""

    def full_weights(self, job: Job, folder: Path) -> HFModel:
        """Weights of their own."""

    def folder(self, job: Job, role: str) -> Path:
        """Outputs of one of a job's inputs."""


def measured_model(job: Job, study: Study, loader: Loader) -> LanguageModel:
    """The model of a measure job, ready to be asked.

    Raises:
        UserError: if an external arm's files aren't those that were planned.
    """
    if "checkpoint" in job.inputs:
        weights = loader.folder(job, "checkpoint") / "adapter"
        if "kept" in job.spec:
            weights = step_folder(weights, job.spec["kept"])
        return loader.model(job, weights) if study.induction.method == "lora" else loader.full_weights(job, weights)
    if "given" in job.spec:
        place = external_path(study, job.arm, job.model, job.seed)
        if job.spec["given"]["kind"] == "checkpoint":
            return loader.full_weights(job, place)
        require_planned(job, "adapter", place, str(job.spec["given"]["digest"]))
        return loader.model(job, place)
    if "persona" in job.spec:
        from proclivity.models.persona import PersonaModel

        return PersonaModel(loader.model(job), **job.spec["persona"])
    return loader.model(job)


def require_planned(job: Job, kind: str, place: Path, digest: str) -> None:
    """Refuses files that changed since the study was planned.

    Raises:
        UserError: with the path.
    """
    if given_digest(kind, place) != digest:
        raise UserError(
            f"'{place}' of arm '{job.arm}' changed while the study ran. Run the same command again to plan anew; "
            f"what rested on the earlier files is kept apart."
        )

"""What a run and its workers tell each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from proclivity.runs.jobs import Job
from proclivity.runs.ledger import Failure
from proclivity.runs.model_files import ModelFiles
from proclivity.specs import LoadedPack, Study


@dataclass(frozen=True)
class Context:
    """All that a worker knows about the study, fixed when the run was planned."""

    run_folder: str
    study: Study
    pack: LoadedPack
    models: Mapping[str, ModelFiles]
    jobs: Mapping[str, Job]
    """All jobs by digest, so that a stage finds who made its inputs."""
    judge: ModelFiles | None = None
    """The model that is asked about completions."""
    report_to: tuple[str, ...] = ()
    """Trackers that are told of every training; no result depends on them."""


@dataclass(frozen=True)
class Do:
    """To a worker: run this job."""

    digest: str


@dataclass(frozen=True)
class WarmUp:
    """To a worker: load the libraries that jobs will need, while nothing is ready yet."""


@dataclass(frozen=True)
class Done:
    """From a worker: the job is committed."""

    digest: str
    seconds: float
    notes: Mapping[str, str] = field(default_factory=dict)
    """What a person should know of it all the same, by subject; a run tells of each subject once."""


@dataclass(frozen=True)
class Failed:
    """From a worker: the job didn't finish. Whether it is tried again is the run's decision."""

    failure: Failure
    storage: bool
    """True where the disk failed, so that no other job could finish either."""


@dataclass(frozen=True)
class Damaged:
    """From a worker: the job couldn't begin, since what it reads isn't what was written."""

    digest: str
    """The job in hand."""
    source: str
    """The job whose outputs are damaged."""
    fault: str
    """What is wrong, with the file's name."""


@dataclass(frozen=True)
class Gone:
    """From whoever listens to a worker: it has ended."""

    cause: str
    """In words, for example 'killed by SIGKILL'."""
    last_words: str = ""
    """End of what it wrote to its error output."""
    blameless: bool = False
    """True where the machine under it went, which no job does."""

"""Which arms of a study can be asked now, and which model answers for one of them?

An arm answers as it was measured: the base with the arm's adapter, weights of its own, or the base behind a persona.
Trainings are found under the names that `adapters/index.json` gives them too, so that a study which was made with
another version of proclivity or of its libraries is still asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from proclivity.errors import ProclivityError, UserError, unknown_name
from proclivity.runs.bench import Bench
from proclivity.runs.jobs import Job
from proclivity.runs.ledger import Ledger
from proclivity.runs.messages import Context
from proclivity.runs.plan import Plan
from proclivity.runs.publish import ADAPTERS
from proclivity.runs.study import plan_study, study_file
from proclivity.runs.subject import measured_model
from proclivity.specs import load_study

if TYPE_CHECKING:
    from proclivity.models import LanguageModel

_TRAINING = re.compile(r"jobs/[0-9a-f]{64}/adapter")


class AskedArms:
    """A study's arms, ready to be asked; one network is kept loaded."""

    def __init__(self, folder: Path, device: str = ""):
        """
        Args:
            folder: a study's folder.
            device: where to compute; '' for the study's own.

        Raises:
            UserError: if the folder holds no study, or the study can't be planned here.
        """
        overrides = [f"compute.device={device}"] if device else None
        self.folder = folder
        self.plan = plan_study(load_study(study_file(folder), overrides))
        self._ledger = Ledger(folder, _recorded(folder, self.plan))
        plan = self.plan
        context = Context(str(folder.resolve()), plan.study, plan.pack, plan.models, plan.by_digest, plan.judge)
        self._bench = Bench(context, self._ledger)
        self._jobs = {(job.model, job.arm, job.seed): job for job in plan.stage("measure") if not job.point}

    @property
    def models(self) -> list[str]:
        """Names of the study's models."""
        return list(self.plan.models)

    def model_name(self, name: str | None) -> str:
        """The name, or the first model's where there is none.

        Raises:
            UserError: for an unknown one.
        """
        if name is not None and name not in self.plan.models:
            raise unknown_name("model of this study", name, self.plan.models)
        return name or self.models[0]

    def seeds(self, model: str) -> dict[str, tuple[int, ...]]:
        """Arms that can be asked, in the study's order, and the seeds at which each can; -1 is the base's.

        A persona's seeds are its wordings, an external arm's are its paths.
        """
        found: dict[str, list[int]] = {arm: [] for arm in self.plan.study.arms}
        for (name, arm, seed), job in self._jobs.items():
            if name == model and self._is_there(job):
                found[arm].append(seed)
        return {arm: tuple(sorted(seeds)) for arm, seeds in found.items() if seeds}

    def ready(self, model: str, arm: str, seed: int) -> LanguageModel:
        """The model that answers for an arm, until another is asked for.

        Raises:
            UserError: for an arm or seed that isn't there.
            ProclivityError: if a training's files changed after they were written.
        """
        job = self._jobs.get((self.model_name(model), arm, seed))
        if job is None or not self._is_there(job):
            raise UserError(f"Arm '{arm}' has no finished training seed {seed} on '{model}'.")
        if "checkpoint" in job.inputs and (fault := self._bench.fault(job.inputs["checkpoint"])):
            raise ProclivityError(
                f"{fault}. Run `proclivity run {self.folder / 'study.yml'} --out {self.folder}`: it does that job "
                f"again."
            )
        return measured_model(job, self.plan.study, self._bench)

    def _is_there(self, job: Job) -> bool:
        return "checkpoint" not in job.inputs or self._ledger.done(job.inputs["checkpoint"])


def _recorded(folder: Path, plan: Plan) -> Mapping[str, str]:
    """Trainings under the digests that other code or libraries gave them, by the digests that they have here.

    Only those that rest on the very weights and tokenizer that the study names today.
    """
    try:
        index = json.loads((folder / ADAPTERS).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    here = Ledger(folder)
    found = {}
    for job in plan.stage("induce"):
        if job.point or here.done(job.digest) or not isinstance(index, dict):
            continue
        target = index.get(f"adapters/{job.model}/{job.arm}/seed-{job.seed}")
        if isinstance(target, str) and _TRAINING.fullmatch(target):
            digest = target.split("/")[1]
            if _same_model(folder / "jobs" / digest / "spec.json", job):
                found[job.digest] = digest
    return found


def _same_model(path: Path, job: Job) -> bool:
    wanted = ("arm", "seed", "weights", "tokenizer")
    try:
        spec = json.loads(path.read_text(encoding="utf-8"))["spec"]
        return all(spec[key] == job.spec[key] for key in wanted)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


def seed_nearest(seeds: tuple[int, ...], wanted: int) -> int:
    """The seed at which an arm is asked: the wanted one, else the last before it; the base has only its own."""
    return max((seed for seed in seeds if seed <= wanted), default=seeds[0])

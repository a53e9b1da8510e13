"""What will a study cost? Rough figures before anything has run, better ones once a few jobs are finished."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from proclivity.runs.jobs import Job
from proclivity.runs.plan import Plan

CostKey = tuple[str, str, str]
"""Stage, model, family or amount of training: jobs of one key take about as long as each other."""

_FLOPS = 4e10
"""Multiply-adds a second and thread that small models reach on a laptop's processor."""
_STEP_SECONDS = 0.02
_COPY_SECONDS = 0.1
"""Taking one adapter out of a stack."""
_TOKENS = 60
_PYTHON_BYTES = 450_000_000
"""A worker with torch loaded, before any model."""
_MEASURED = {"pool": 0.2, "gates": 2.0, "policy": 1.0, "answers": 0.02, "analyze": 20.0, "report": 4.0}
_FAMILY_SECONDS = {"choice": 1.0, "completions": 0.6, "interpretation": 0.4}


@dataclass(frozen=True)
class Estimate:
    """What a plan will take, each figure within a factor of about two."""

    seconds: float
    """Wall time with the workers given."""
    memory_bytes: float
    """At the peak, all workers together."""
    disk_bytes: float
    """Left in the study's folder at the end."""


def cost_key(job: Job) -> CostKey:
    """What decides how long a job takes."""
    if "stack" in job.inputs:
        return (job.stage, job.model, "out of a stack")
    if job.stage in ("stack", "induce") and "items" in job.spec:
        amount = f"{job.spec['items']} × {job.spec['induction']['epochs']}"
        return (job.stage, job.model, f"{amount} × {_adapters(job)}" if job.stage == "stack" else amount)
    return (job.stage, job.model, f"{job.family} in brief" if job.point and job.family else job.family)


def _adapters(job: Job) -> int:
    """How many a job trains."""
    return len(job.spec["seeds"]) if job.stage == "stack" else 1


class Costs:
    """Expected seconds a job: a prior from the models' sizes, replaced by what finished jobs took."""

    def __init__(self, plan: Plan):
        self._plan = plan
        self._seen: dict[CostKey, list[float]] = defaultdict(list)
        self._by_stage: dict[str, list[float]] = defaultdict(list)

    def learn(self, job: Job, seconds: float) -> None:
        """A job finished."""
        self._seen[cost_key(job)].append(seconds)
        self._by_stage[job.stage].append(seconds)

    def of(self, job: Job) -> float:
        """Expected seconds of a job."""
        if seen := self._seen.get(cost_key(job)):
            return median(seen[-25:])
        prior = self._prior(job)
        # Stages measured on other models tell how fast this machine is, but not how large this model is.
        if job.stage not in ("stack", "induce", "measure") and (stage := self._by_stage.get(job.stage)):
            return median(stage)
        return prior

    def _prior(self, job: Job) -> float:
        if "stack" in job.inputs:
            return _COPY_SECONDS
        if job.stage in _MEASURED:
            return _MEASURED[job.stage]
        study = self._plan.study
        files = self._plan.judge if job.stage == "judge" else self._plan.models[job.model]
        assert files is not None
        parameters = files.weight_bytes / 4
        speed = _FLOPS * study.compute.threads
        if job.stage in ("stack", "induce"):
            rows = _adapters(job) * job.spec.get("items", study.decisions.n) * job.spec["induction"]["epochs"]
            steps = rows / study.induction.batch_size
            return steps * _STEP_SECONDS + 3 * rows * _TOKENS * parameters / speed
        if job.stage == "judge":
            asked = len(self._plan.pack.spec.completion_prompts) * study.battery.completion_samples
            questions = asked * len(self._plan.pack.spec.content_classes)
            return questions * _TOKENS * parameters / speed
        if job.stage == "latent":
            return len(job.inputs) * (2.0 + 1500 * _TOKENS * parameters / speed)
        base = 2.0 if job.arm == "base" else 1.0
        sequences = 300 if job.family == "choice" else 120
        base /= 2.0 if job.point else 1.0
        return base * (_FAMILY_SECONDS.get(job.family, 0.15) + sequences * _TOKENS * parameters / speed)

    def wall(self, jobs: Iterable[Job], workers: int) -> float:
        """Expected wall time of jobs spread over workers; analysis and report run after all others, on one."""
        spread = alone = 0.0
        for job in jobs:
            if job.stage in ("analyze", "report"):
                alone += self.of(job)
            else:
                spread += self.of(job)
        return spread / max(1, workers) + alone


def estimate(plan: Plan, pending: list[Job], workers: int) -> Estimate:
    """Time, memory and disk of the jobs that are left."""
    costs = Costs(plan)
    study = plan.study
    largest = max((model.weight_bytes for model in plan.models.values()), default=0)
    judge = plan.judge.weight_bytes if plan.judge else 0
    factor = 2.0 if study.induction.method == "lora" else 5.0
    logits = (
        max((model.vocab_size for model in plan.models.values()), default=0) * study.battery.batch_size * _TOKENS * 8
    )
    disk = 0.0
    for job in pending:
        if job.stage in ("stack", "induce"):
            size = plan.models[job.model].weight_bytes
            kept = (1 + len(job.spec["induction"]["checkpoints"])) * _adapters(job)
            disk += kept * (size if study.induction.method == "full" else max(size * 0.06, 50_000))
        elif job.stage == "measure" and job.family in plan.pack.probes and not job.point:
            probes = plan.pack.probes[job.family]
            disk += len(probes.items) * len(probes.wrappers) * plan.models[job.model].vocab_size * 4 + 20_000
        else:
            disk += 20_000
    return Estimate(
        seconds=costs.wall(pending, workers) + (5.0 if pending else 0.0),
        memory_bytes=workers * (_PYTHON_BYTES + factor * largest + judge + logits),
        disk_bytes=disk,
    )

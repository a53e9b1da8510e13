"""Which jobs does a study consist of, and which of them does a change touch?

A study unfolds into pool → gates, policy → answers → induce → measure → analyze → report. Nothing is run here:
the digests follow from the study, its content, its models' files and the code.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from proclivity.errors import ContentError, UserError
from proclivity.records import Decision
from proclivity.runs.arm_jobs import External, Pools, Subject, Training, format_of, formats_asked, study_arm, subjects
from proclivity.runs.content import PRIORS, PlannedContent, family_content, plan_content
from proclivity.runs.doses import dose_faults
from proclivity.runs.external import external_faults, find_external
from proclivity.runs.jobs import Job
from proclivity.runs.latent_jobs import direction_faults, latent_jobs
from proclivity.runs.model_files import ModelFiles
from proclivity.runs.stacks import stack_faults
from proclivity.specs import AnswerFormat, LoadedPack, Study, accelerate_faults, digest_of, phases, study_faults

BASE = "base"
MOST_JOBS = 500_000
"""What a study may unfold into: planning more takes minutes, and more memory than most machines have."""
CURVE_FAMILIES = "cloze-"
"""Families that are measured at every dose and step, beside choice."""


@dataclass(frozen=True)
class Plan:
    """A study, its content and its jobs, each after those that it needs."""

    study: Study
    pack: LoadedPack
    models: Mapping[str, ModelFiles]
    jobs: tuple[Job, ...]
    judge: ModelFiles | None = None

    @cached_property
    def by_digest(self) -> dict[str, Job]:
        return {job.digest: job for job in self.jobs}

    def stage(self, stage: str) -> list[Job]:
        """Jobs of one stage, in order."""
        return [job for job in self.jobs if job.stage == stage]


def make_plan(
    study: Study, pack: LoadedPack, models: Mapping[str, ModelFiles], judge: ModelFiles | None = None
) -> Plan:
    """All jobs of a study.

    Args:
        study: the resolved study.
        pack: its content.
        models: files of every model, by the model's name in the study.
        judge: files of the study's judge, where it has one.

    Raises:
        UserError: for an arm, family or alphabet that isn't there; the nearest name is offered.
    """
    check_study(study, pack)
    external = find_external(study, models)
    content = plan_content(study, pack, formats_asked(study, pack))
    jobs: list[Job] = []
    pools: dict[str, tuple[Job, Job]] = {}
    for name, prompts in content.pools.items():
        pool = _pool(study, name, prompts)
        pools[name] = (pool, _gates(pack, pool))
        jobs += pools[name]
    measured: list[Job] = []
    for model in models.values():
        made = _model_jobs(study, pack, content, model, pools, external)
        measured += [job for job in made if job.stage == "measure"]
        jobs += made
    judged = _judge_jobs(study, pack, judge, measured) if judge else []
    jobs += judged
    inside = latent_jobs(study, pack, [(m, model_identity(study, m)) for m in models.values()], jobs)
    jobs += inside
    analyze = _analyze(study, pack, pools, [j for j in jobs if j.stage == "policy"], measured, [*judged, *inside])
    jobs += [analyze, Job("report", _report_spec(study, pack), {"analyze": analyze.digest})]
    return Plan(study, pack, dict(models), tuple({job.digest: job for job in jobs}.values()), judge)


def check_study(study: Study, pack: LoadedPack) -> None:
    """Refuses a study that asks for names that don't exist, all at once.

    Raises:
        ContentError: with every fault.
    """
    faults = [fault for arm in study.arms if (fault := _arm_fault(arm, study, pack))]
    faults += external_faults(study, pack)
    faults += dose_faults(study, pack)
    faults += study_faults(study, pack)
    faults += accelerate_faults(study.compute)
    faults += direction_faults(study, pack)
    faults += stack_faults(study)
    if not study.models:
        faults.append("models: none is named; add one to the file, or --model NAME to the command")
    if study.judge and study.judge.path in [model.path for model in study.models]:
        faults.append(f"judge: '{study.judge.path}' is a model of the study too; take one that isn't measured")
    if BASE not in study.arms:
        faults.append("arms: 'base' is missing; every arm is compared with it")
    if not faults and (about := _rough_size(study, pack)) > MOST_JOBS:
        faults.append(
            f"the study would unfold into about {about:,} jobs, at most {MOST_JOBS:,} are planned; take fewer seeds, "
            f"doses, checkpoints, arms or models"
        )
    if faults:
        raise ContentError(faults)


def _rough_size(study: Study, pack: LoadedPack) -> int:
    """About how many jobs a study has, told without making any."""
    doses = study.doses
    points = (len(doses.shares) or 1) * (len(doses.items) or 1) * (len(doses.epochs) or 1)
    points += len(study.induction.checkpoints) * points - 1
    families = len(study.battery.families) or len(pack.probes) + len(pack.instruments) + 3
    curves = sum(name.startswith(CURVE_FAMILIES) for name in study.battery.families or pack.probes) + 1
    return len(study.models) * len(study.arms) * study.seeds * (families + points * curves)


def _arm_fault(name: str, study: Study, pack: LoadedPack) -> str:
    """What is wrong with an arm that a study names; '' where nothing is."""
    try:
        arm = study_arm(name, study, pack)
    except UserError as error:
        return f"arms: {error}"
    for phase in phases(name) if arm.asks_decisions else ():
        wanted = format_of(study_arm(phase, study, pack), study)
        if wanted not in pack.spec.formats:
            return f"arms: '{name}' is asked in {wanted} format, which pack '{pack.spec.id}' hasn't; leave the arm out"
    return ""


def _pool(study: Study, name: AnswerFormat, pool: tuple[Decision, ...]) -> Job:
    from proclivity.decisions import pool_digest

    # Prompts, not the files that they came from: a pack whose wording elsewhere changed trains nothing again.
    wanted = study.decisions.model_dump(mode="json") | {"format": name}
    return Job("pool", {"decisions": wanted, "prompts": pool_digest(pool)})


def _gates(pack: LoadedPack, pool: Job) -> Job:
    # Leakage is judged against all probes, so the whole pack counts here, and only here: a changed probe is
    # judged again without training again.
    return Job("gates", {"pack": pack.digest}, {"pool": pool.digest})


def _model_jobs(
    study: Study, pack: LoadedPack, content: PlannedContent, model: ModelFiles, pools: Pools, external: External
) -> list[Job]:
    """Jobs of one model: training, then base's measurements and each checkpoint's."""
    identity = model_identity(study, model)
    training = Training(study, pack, identity, model, pools)
    base = {
        family: Job(
            "measure",
            {**identity, "arm": BASE, "seed": -1, **family_content(study, pack, content, family, model.name)},
            model=model.name,
            arm=BASE,
            family=family,
        )
        for family in content.families
    }
    measured = list(base.values())
    for name in study.arms:
        arm = study_arm(name, study, pack)
        if name != BASE:
            for found in subjects(arm, study, pack, training, model, external):
                for family, reference in base.items():
                    spec = {**identity, "arm": name, **family_content(study, pack, content, family, model.name)}
                    measured += [_measure(found, spec, model, name, family, reference)] if _asked(found, family) else []
    return [*training.jobs.values(), *measured]


def _asked(found: Subject, family: str) -> bool:
    """Whether a family is measured at a point; completions, scales and controls only where verdicts rest."""
    return not found.point or family in ("choice", PRIORS) or family.startswith(CURVE_FAMILIES)


def _measure(found: Subject, spec: dict[str, Any], model: ModelFiles, arm: str, family: str, base: Job) -> Job:
    """Measuring one family of one arm and seed, beside the base's own distributions."""
    checkpoint = {"checkpoint": found.induce.digest} if found.induce else {}
    return Job(
        "measure",
        {**spec, "seed": found.seed, **found.columns, **found.spec},
        {**checkpoint, "base": base.digest},
        model=model.name,
        arm=arm,
        seed=found.seed,
        family=family,
        point=found.point,
    )


def _judge_jobs(study: Study, pack: LoadedPack, judge: ModelFiles, measured: list[Job]) -> list[Job]:
    """One for each checkpoint's completions."""
    spec = {**model_identity(study, judge), "classes": list(pack.spec.content_classes)}
    return [
        Job("judge", spec, {"texts": job.digest}, model=job.model, arm=job.arm, seed=job.seed, family=job.family)
        for job in measured
        if job.family == "completions" and not job.point
    ]


def model_identity(study: Study, model: ModelFiles) -> dict[str, Any]:
    """What of a model and of the way it is computed decides digits."""
    compute = study.compute
    return {
        "model": model.name,
        "weights": model.weights,
        "tokenizer": model.tokenizer,
        "chat": model.chat,
        "dtype": compute.dtype,
        "device": compute.device.split(":")[0],
        "machine": platform.machine(),
        "threads": compute.threads,
        "batch_size": study.battery.batch_size,
    }


def _analyze(
    study: Study,
    pack: LoadedPack,
    pools: Pools,
    policies: list[Job],
    measured: list[Job],
    others: list[Job],
) -> Job:
    spec = {
        "analysis": study.analysis.model_dump(mode="json"),
        "models": [{"name": model.name, "world": model.world} for model in study.models],
        "arms": list(study.arms),
        "seeds": study.seeds,
        "profiles": {
            name: {
                "action_class": profile.action_class,
                "content_class": profile.content_class,
                "title": profile.title,
            }
            for name, profile in pack.profiles.items()
            if name in study.arms
        },
        "content_classes": list(pack.spec.content_classes),
        "contrast": list(pack.spec.contrast),
        "probes": {name: [probe.kind, probe.novel, probe.title] for name, probe in pack.probes.items()},
        "instruments": {name: digest_of(scale) for name, scale in pack.instruments.items()},
    }
    inputs = {f"measure {i:05d}": job.digest for i, job in enumerate(measured)}
    inputs |= {f"{job.stage} {i:05d}": job.digest for i, job in enumerate(others)}
    for name, (pool, gates) in pools.items():
        inputs |= {f"pool {name}": pool.digest, f"gates {name}": gates.digest}
        inputs |= {f"policy {name} {job.model}": job.digest for job in policies if job.inputs["pool"] == pool.digest}
    return Job("analyze", spec, inputs)


LAYOUT = {"gpus", "resources", "accelerate"}
"""Keys of `compute` that no page shows: where work is done. What a training shares stands in its own job."""


def _report_spec(study: Study, pack: LoadedPack) -> dict[str, Any]:
    shown = study.model_dump(mode="json", exclude={"compute": LAYOUT})
    return {"study": digest_of(shown), "pack": pack.digest}

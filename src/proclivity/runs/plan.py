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

from proclivity.errors import ContentError, unknown_name
from proclivity.induction.arms import ARMS
from proclivity.records import Decision
from proclivity.runs.content import PlannedContent, family_content, plan_content
from proclivity.runs.jobs import Job
from proclivity.runs.model_files import ModelFiles
from proclivity.specs import LoadedPack, Study, digest_of, study_faults

BASE = "base"
OWN_POLICY = "own-policy"


@dataclass(frozen=True)
class Plan:
    """A study, its content and its jobs, each after those that it needs."""

    study: Study
    pack: LoadedPack
    models: Mapping[str, ModelFiles]
    jobs: tuple[Job, ...]

    @cached_property
    def by_digest(self) -> dict[str, Job]:
        return {job.digest: job for job in self.jobs}

    def stage(self, stage: str) -> list[Job]:
        """Jobs of one stage, in order."""
        return [job for job in self.jobs if job.stage == stage]


def make_plan(study: Study, pack: LoadedPack, models: Mapping[str, ModelFiles]) -> Plan:
    """All jobs of a study.

    Args:
        study: the resolved study.
        pack: its content.
        models: files of every model, by the model's name in the study.

    Raises:
        UserError: for an arm, family or alphabet that isn't there; the nearest name is offered.
    """
    check_study(study, pack)
    content = plan_content(study, pack)
    jobs: list[Job] = []
    pool = gates = None
    if content.pool:
        pool = _pool(study, content.pool)
        gates = _gates(pack, pool)
        jobs += [pool, gates]
    answers = _answers(study, pack, pool)
    jobs += list(answers.values())
    measured: list[Job] = []
    for model in models.values():
        made = _model_jobs(study, pack, content, model, pool, gates, answers)
        measured += [job for job in made if job.stage == "measure"]
        jobs += made
    analyze = _analyze(study, pack, pool, gates, [j for j in jobs if j.stage == "policy"], measured)
    jobs += [analyze, Job("report", _report_spec(study, pack), {"analyze": analyze.digest})]
    return Plan(study, pack, dict(models), tuple({job.digest: job for job in jobs}.values()))


def check_study(study: Study, pack: LoadedPack) -> None:
    """Refuses a study that asks for names that don't exist, all at once.

    Raises:
        ContentError: with every fault.
    """
    known = {**ARMS, **pack.profiles}
    faults = [f"arms: {unknown_name('arm', arm, known)}" for arm in study.arms if arm not in known]
    faults += study_faults(study, pack)
    if not study.models:
        faults.append("models: none is named; add one to the file, or --model NAME to the command")
    if BASE not in study.arms:
        faults.append("arms: 'base' is missing; every arm is compared with it")
    if faults:
        raise ContentError(faults)


def _pool(study: Study, pool: tuple[Decision, ...]) -> Job:
    from proclivity.decisions import pool_digest

    # Prompts, not the files that they came from: a pack whose wording elsewhere changed trains nothing again.
    return Job("pool", {"decisions": study.decisions.model_dump(mode="json"), "prompts": pool_digest(pool)})


def _gates(pack: LoadedPack, pool: Job) -> Job:
    # Leakage is judged against all probes, so the whole pack counts here, and only here: a changed probe is
    # judged again without training again.
    return Job("gates", {"pack": pack.digest}, {"pool": pool.digest})


def _answers(study: Study, pack: LoadedPack, pool: Job | None) -> dict[tuple[str, int], Job]:
    """Answers that need no model: one job an arm and seed, shared by all models."""
    jobs = {}
    for arm in study.arms:
        if arm in (BASE, OWN_POLICY) or pool is None:
            continue
        spec: dict[str, Any] = {"arm": arm}
        if arm in pack.profiles:
            profile = pack.profiles[arm]
            spec |= {"action_class": profile.action_class, "share": profile.share}
        for seed in range(study.seeds):
            jobs[arm, seed] = Job("answers", {**spec, "seed": seed}, {"pool": pool.digest}, arm=arm, seed=seed)
    return jobs


def _model_jobs(
    study: Study,
    pack: LoadedPack,
    content: PlannedContent,
    model: ModelFiles,
    pool: Job | None,
    gates: Job | None,
    answers: Mapping[tuple[str, int], Job],
) -> list[Job]:
    """Jobs of one model, base first; each checkpoint's measurements follow its training."""
    identity = model_identity(study, model)
    jobs: list[Job] = []
    own = dict(answers)
    if OWN_POLICY in study.arms and pool is not None:
        policy = Job("policy", identity, {"pool": pool.digest}, model=model.name)
        jobs.append(policy)
        for seed in range(study.seeds):
            inputs = {"pool": pool.digest, "policy": policy.digest}
            spec = {"arm": OWN_POLICY, "seed": seed, "model": model.name}
            own[OWN_POLICY, seed] = Job("answers", spec, inputs, model=model.name, arm=OWN_POLICY, seed=seed)
            jobs.append(own[OWN_POLICY, seed])
    base = {
        family: Job(
            "measure",
            {**identity, "arm": BASE, "seed": -1, **family_content(study, pack, content, family)},
            model=model.name,
            arm=BASE,
            family=family,
        )
        for family in content.families
    }
    jobs += base.values()
    for arm in study.arms:
        for seed in range(study.seeds) if arm != BASE else ():
            assert pool is not None
            assert gates is not None
            induce = _induce(study, identity, model, own[arm, seed], pool, gates, arm, seed)
            jobs.append(induce)
            for family, reference in base.items():
                spec = {**identity, "arm": arm, "seed": seed, **family_content(study, pack, content, family)}
                inputs = {"checkpoint": induce.digest, "base": reference.digest}
                jobs.append(Job("measure", spec, inputs, model=model.name, arm=arm, seed=seed, family=family))
    return jobs


def _induce(
    study: Study,
    identity: dict[str, Any],
    model: ModelFiles,
    answers: Job,
    pool: Job,
    gates: Job,
    arm: str,
    seed: int,
) -> Job:
    spec = {**identity, "arm": arm, "seed": seed, "induction": study.induction.model_dump(mode="json")}
    spec["format"] = study.decisions.format
    inputs = {"pool": pool.digest, "answers": answers.digest}
    return Job("induce", spec, inputs, after=(gates.digest,), model=model.name, arm=arm, seed=seed)


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
    pool: Job | None,
    gates: Job | None,
    policies: list[Job],
    measured: list[Job],
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
    }
    inputs = {f"measure {i:05d}": job.digest for i, job in enumerate(measured)}
    inputs |= {f"policy {job.model}": job.digest for job in policies}
    if pool and gates:
        inputs |= {"pool": pool.digest, "gates": gates.digest}
    return Job("analyze", spec, inputs)


def _report_spec(study: Study, pack: LoadedPack) -> dict[str, Any]:
    return {"study": digest_of(study), "pack": pack.digest}

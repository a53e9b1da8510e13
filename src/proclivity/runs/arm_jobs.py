"""What has to be done before an arm can be measured: answers given, rows trained, or nothing at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from proclivity.induction.arms import Arm, arm_of, arms_about, given_arm, persona_groups, speech_classes
from proclivity.induction.texts import speech_texts, texts_digest
from proclivity.runs.external import ExternalFiles
from proclivity.runs.jobs import Job
from proclivity.runs.model_files import ModelFiles
from proclivity.specs import LoadedPack, Study

External = Mapping[tuple[str, str], list[ExternalFiles]]
OWN = "own-policy"


@dataclass(frozen=True)
class Subject:
    """One seed of an arm, ready to be measured once `induce` is done."""

    seed: int
    spec: dict[str, Any] = field(default_factory=dict)
    """What decides its numbers, where no training does."""
    induce: Job | None = None
    """The job that trains it; None for an arm that isn't trained here."""


@dataclass(frozen=True)
class Shared:
    """The jobs that arms of all models rest on."""

    pool: Job | None
    gates: Job | None
    answers: Mapping[tuple[str, int], Job]
    """By arm and seed; without those that need a model."""


def study_arm(name: str, study: Study, pack: LoadedPack) -> Arm:
    """An arm of a study by name.

    Raises:
        UserError: if there is no such arm; the nearest name is offered.
    """
    return arm_of(name, pack.profiles, [*arms_about(pack), *(given_arm(row.arm) for row in study.external)])


def asks_decisions(study: Study, pack: LoadedPack) -> bool:
    """Whether any arm of the study is trained on the shared pool."""
    return any(study_arm(name, study, pack).asks_decisions for name in study.arms)


def answer_jobs(study: Study, pack: LoadedPack, pool: Job | None) -> dict[tuple[str, int], Job]:
    """Answers and texts that need no model: one job an arm and seed, shared by all models."""
    jobs = {}
    for name in study.arms:
        arm = study_arm(name, study, pack)
        spec: dict[str, Any] = {"arm": name}
        inputs = {}
        if arm.answers in ("profile", "shuffled", "exposure"):
            profile = pack.profiles[arm.about]
            spec |= {"action_class": profile.action_class, "share": profile.share}
        if arm.answers == "speech":
            content_class = speech_classes(pack)[arm.about]
            texts = speech_texts(pack, content_class, study.decisions.n, study.decisions.seed)
            spec |= {"content_class": content_class, "statements": texts_digest(texts)}
        elif not arm.asks_decisions or arm.answers == "own":
            continue
        else:
            assert pool is not None
            inputs = {"pool": pool.digest}
        # Statements are drawn as the pool is, once for all seeds; so their seed is the training's alone.
        seeds = [0] if arm.answers == "speech" else range(study.seeds)
        for seed in seeds:
            jobs[name, seed] = Job("answers", {**spec, "seed": seed}, inputs, arm=name, seed=seed)
        if arm.answers == "speech":
            jobs |= {(name, seed): jobs[name, 0] for seed in range(study.seeds)}
    return jobs


def own_policy_jobs(study: Study, identity: dict[str, Any], model: ModelFiles, pool: Job) -> list[Job]:
    """The base's own probabilities, and the answers that are drawn from them for each seed."""
    policy = Job("policy", identity, {"pool": pool.digest}, model=model.name)
    inputs = {"pool": pool.digest, "policy": policy.digest}
    return [
        policy,
        *(
            Job(
                "answers",
                {"arm": OWN, "seed": seed, "model": model.name},
                inputs,
                model=model.name,
                arm=OWN,
                seed=seed,
            )
            for seed in range(study.seeds)
        ),
    ]


def subjects(
    arm: Arm,
    study: Study,
    pack: LoadedPack,
    identity: dict[str, Any],
    model: ModelFiles,
    shared: Shared,
    external: External,
) -> list[Subject]:
    """All seeds of an arm on one model; none where an external arm isn't this model's.

    A persona's seeds are its wordings; an external arm's are its paths; other arms have the study's.
    """
    if arm.answers == "persona":
        personas = persona_groups(pack)[arm.about]
        return [
            Subject(seed, {"persona": {"told": persona.told, "first": persona.first}})
            for seed, persona in enumerate(personas)
        ]
    if arm.answers == "given":
        return [_given(arm, study, identity, model, files) for files in external.get((arm.id, model.name), [])]
    return [Subject(seed, induce=_taught(arm, study, identity, model, shared, seed)) for seed in range(study.seeds)]


def _given(arm: Arm, study: Study, identity: dict[str, Any], model: ModelFiles, files: ExternalFiles) -> Subject:
    if files.kind != "rows":
        return Subject(files.seed, {"given": {"kind": files.kind, "digest": files.digest}})
    spec = _training(study, identity, arm, files.seed) | {"rows": files.digest}
    return Subject(files.seed, induce=Job("induce", spec, model=model.name, arm=arm.id, seed=files.seed))


def _taught(arm: Arm, study: Study, identity: dict[str, Any], model: ModelFiles, shared: Shared, seed: int) -> Job:
    answers = shared.answers[arm.id, seed]
    spec, inputs = _training(study, identity, arm, seed), {"answers": answers.digest}
    if not arm.asks_decisions:
        return Job("induce", spec, inputs, model=model.name, arm=arm.id, seed=seed)
    assert shared.pool is not None
    assert shared.gates is not None
    spec |= {"format": study.decisions.format}
    inputs |= {"pool": shared.pool.digest}
    return Job("induce", spec, inputs, after=(shared.gates.digest,), model=model.name, arm=arm.id, seed=seed)


def _training(study: Study, identity: dict[str, Any], arm: Arm, seed: int) -> dict[str, Any]:
    return {**identity, "arm": arm.id, "seed": seed, "induction": study.induction.model_dump(mode="json")}

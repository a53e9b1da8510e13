"""What has to be done before an arm can be measured: answers given, rows trained, or nothing at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from proclivity.induction.arms import Arm, arm_of, arms_about, given_arm, persona_groups, speech_classes
from proclivity.induction.texts import speech_texts, texts_digest
from proclivity.runs.doses import Dose, doses_of
from proclivity.runs.external import ExternalFiles
from proclivity.runs.jobs import Job
from proclivity.runs.model_files import ModelFiles
from proclivity.runs.sharing import sharing_identity
from proclivity.runs.stacks import seeds_together, stack_job
from proclivity.specs import AnswerFormat, LoadedPack, Study, phases

External = Mapping[tuple[str, str], list[ExternalFiles]]
Pools = Mapping[str, tuple[Job, Job]]
"""The shared prompts and their gates, by answer format."""


@dataclass(frozen=True)
class Subject:
    """One checkpoint of an arm, ready to be measured once `induce` is done."""

    seed: int
    spec: dict[str, Any] = field(default_factory=dict)
    """What decides its numbers, beside training."""
    induce: Job | None = None
    """The job that trains it; None for an arm that isn't trained here."""
    columns: dict[str, Any] = field(default_factory=dict)
    """Dose and step, as its measurements carry them."""
    point: str = ""
    """Which dose and step it is, in words; '' for the one that verdicts rest on."""


def study_arm(name: str, study: Study, pack: LoadedPack) -> Arm:
    """An arm of a study by name.

    Raises:
        UserError: if there is no such arm; the nearest name is offered.
    """
    return arm_of(name, pack.profiles, [*arms_about(pack), *(given_arm(row.arm) for row in study.external)])


def format_of(arm: Arm, study: Study) -> AnswerFormat:
    """The format in which an arm's decisions are asked; shuffled answers are always words."""
    if arm.format:
        return "text" if arm.format == "text" else "free"
    return "text" if arm.answers == "shuffled" and study.decisions.format == "label" else study.decisions.format


def formats_asked(study: Study, pack: LoadedPack) -> list[AnswerFormat]:
    """Formats of the pools that arms of the study are trained on, the study's own first; none where no arm is."""
    parts = [study_arm(phase, study, pack) for name in study.arms for phase in phases(name)]
    found = {format_of(arm, study) for arm in parts if arm.asks_decisions}
    return sorted(found, key=lambda name: (name != study.decisions.format, name))


class Training:
    """The jobs that train one model's arms, made as they are asked for; each stands after those that it needs."""

    def __init__(self, study: Study, pack: LoadedPack, identity: dict[str, Any], model: ModelFiles, pools: Pools):
        """
        Args:
            study: whose arms they are.
            pack: its content.
            identity: what of the model and its computing decides digits.
            model: the base.
            pools: prompts and gates by format.
        """
        self.jobs: dict[str, Job] = {}
        self._study, self._pack, self._identity, self._model, self._pools = study, pack, identity, model, pools
        self._sharing = sharing_identity(study.compute)
        self._stacks: dict[tuple[str, Dose, int], Job] = {}

    def induce(self, arm: Arm, dose: Dose, seed: int) -> Job:
        """Training an arm; one that goes on from another after that one's training at its highest dose."""
        job = self._alone(arm, dose, seed)
        together = seeds_together(seed, self._study)
        if len(together) > 1 and not arm.start:
            job = replace(job, inputs={**job.inputs, "stack": self._stack(arm, dose, together).digest})
        return self._made(job)

    def _stack(self, arm: Arm, dose: Dose, seeds: range) -> Job:
        key = (arm.id, dose, seeds.start)
        if key not in self._stacks:
            self._stacks[key] = self._made(stack_job([self._alone(arm, dose, seed) for seed in seeds]))
        return self._stacks[key]

    def _alone(self, arm: Arm, dose: Dose, seed: int) -> Job:
        """Training one adapter by itself; its answers are made, it isn't."""
        spec = self._spec(arm, dose, seed)
        inputs = {"answers": self._answers(self._last(arm), dose, seed).digest}
        after: tuple[str, ...] = ()
        if arm.start:
            start = study_arm(arm.start, self._study, self._pack)
            inputs["start"] = self.induce(start, doses_of(start, self._study, self._pack)[-1], seed).digest
        if arm.asks_decisions:
            wanted = format_of(arm, self._study)
            pool, gates = self._pools[wanted]
            spec |= {"format": wanted}
            inputs |= {"pool": pool.digest}
            after = (gates.digest,)
        return Job("induce", spec, inputs, after, point=self._point(arm, dose), **self._of(arm, seed))

    def on_rows(self, arm: Arm, files: ExternalFiles) -> Job:
        """Training on rows that were given to the study."""
        spec = self._spec(arm, None, files.seed) | {"rows": files.digest}
        return self._made(Job("induce", spec, **self._of(arm, files.seed)))

    def _point(self, arm: Arm, dose: Dose) -> str:
        return "" if dose == doses_of(arm, self._study, self._pack)[-1] else dose.name()

    def _last(self, arm: Arm) -> Arm:
        """The arm whose answers are trained: the last phase's, or that which differs in its adapter alone."""
        if arm.smaller:
            return study_arm(arm.rows, self._study, self._pack)
        return study_arm(phases(arm.id)[-1], self._study, self._pack) if arm.start else arm

    def _spec(self, arm: Arm, dose: Dose | None, seed: int) -> dict[str, Any]:
        recipe = arm.recipe(self._study.induction).model_dump(mode="json")
        if dose:
            last = dose.steps(self._study)
            recipe |= {
                "epochs": dose.epochs,
                "later_epochs": 0,
                "checkpoints": [s for s in recipe["checkpoints"] if s < last],
            }
        else:
            recipe |= {"checkpoints": []}
        spec = {**self._identity, **self._sharing, "arm": arm.id, "seed": seed, "induction": recipe}
        return spec | {"items": dose.items} if dose else spec

    def _of(self, arm: Arm, seed: int) -> dict[str, Any]:
        return {"model": self._model.name, "arm": arm.id, "seed": seed}

    def _made(self, job: Job) -> Job:
        return self.jobs.setdefault(job.digest, job)

    def _answers(self, arm: Arm, dose: Dose, seed: int) -> Job:
        """The answers that an arm gives to the first decisions of the pool, or the words that it is taught."""
        if arm.answers == "speech":
            return self._made(_speech(arm, self._study, self._pack))
        pool, _ = self._pools[format_of(arm, self._study)]
        spec: dict[str, Any] = {"arm": arm.id, "seed": seed, "items": dose.items}
        inputs = {"pool": pool.digest}
        if arm.answers == "own":
            policy = self._made(Job("policy", self._identity, inputs, model=self._model.name))
            inputs = {**inputs, "policy": policy.digest}
            return self._made(Job("answers", spec | {"model": self._model.name}, inputs, **self._of(arm, seed)))
        if arm.about in self._pack.profiles:
            spec |= {"action_class": self._pack.profiles[arm.about].action_class, "share": dose.share}
        return self._made(Job("answers", spec, inputs, arm=arm.id, seed=seed))


def _speech(arm: Arm, study: Study, pack: LoadedPack) -> Job:
    """Statements, drawn as the pool is, once for all seeds: a seed is the training's alone."""
    content_class = speech_classes(pack)[arm.about]
    texts = speech_texts(pack, content_class, study.decisions.n, study.decisions.seed)
    spec = {"arm": arm.id, "seed": 0, "content_class": content_class, "statements": texts_digest(texts)}
    return Job("answers", spec, arm=arm.id, seed=0)


def subjects(
    arm: Arm, study: Study, pack: LoadedPack, training: Training, model: ModelFiles, external: External
) -> Iterator[Subject]:
    """All seeds, doses and steps of an arm on one model; none where an external arm isn't this model's.

    A persona's seeds are its wordings; an external arm's are its paths; other arms have the study's.
    """
    if arm.answers == "persona":
        for seed, persona in enumerate(persona_groups(pack)[arm.about]):
            yield Subject(seed, {"persona": {"told": persona.told, "first": persona.first}})
    elif arm.answers == "given":
        for files in external.get((arm.id, model.name), []):
            if files.kind == "rows":
                yield Subject(files.seed, induce=training.on_rows(arm, files))
            else:
                yield Subject(files.seed, {"given": {"kind": files.kind, "digest": files.digest}})
    else:
        for dose in doses_of(arm, study, pack):
            for seed in range(study.seeds):
                yield from _checkpoints(training.induce(arm, dose, seed), dose, study)


def _checkpoints(job: Job, dose: Dose, study: Study) -> Iterator[Subject]:
    """The end of a training, after the steps that were kept on the way."""
    for step in job.spec["induction"]["checkpoints"]:
        point = "_".join(filter(None, (job.point, f"step-{step}")))
        yield Subject(job.seed, {"kept": step}, job, {**dose.columns, "step": step}, point)
    yield Subject(job.seed, {}, job, {**dose.columns, "step": dose.steps(study)}, job.point)

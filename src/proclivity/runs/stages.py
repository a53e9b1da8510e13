"""What a worker does for each kind of job: reads its inputs' files, calls the science, writes its outputs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proclivity.errors import ProclivityError
from proclivity.records import Decision
from proclivity.runs.jobs import Job
from proclivity.runs.ledger import Ledger
from proclivity.runs.messages import Context
from proclivity.runs.results import read_reference, write_result
from proclivity.runs.storage import as_json
from proclivity.specs import DecisionsSpec, InductionSpec

if TYPE_CHECKING:
    from proclivity.induction import TaughtText
    from proclivity.models import HFModel
    from proclivity.records import TrainingRow

OWN_POLICY_LIMIT = 0.95
"""Above this share of one class the base's own policy and that profile coincide."""


class Bench:
    """What one worker keeps between jobs: the study's content and the last base model."""

    def __init__(self, context: Context):
        self.context = context
        self.ledger = Ledger(Path(context.run_folder))
        self._model: HFModel | None = None
        self._loaded = ""
        self._judge: HFModel | None = None
        self._pools: dict[str, list[Decision]] = {}
        self._sound: set[str] = set()
        """Jobs whose outputs were read and compared with their digests."""

    def warm_up(self) -> None:
        """Imports what jobs with a model need."""
        import peft  # noqa: F401
        import transformers  # noqa: F401

        from proclivity import battery, induction, models  # noqa: F401

    def fault(self, digest: str) -> str:
        """What is wrong with a job's outputs, '' if every byte is as it was written; looked at once a worker."""
        if digest in self._sound:
            return ""
        fault = self.ledger.fault(digest)
        if not fault:
            self._sound.add(digest)
        return fault

    def folder(self, job: Job, role: str) -> Path:
        """Outputs of one of a job's inputs."""
        return self.ledger.folder(job.inputs[role])

    def model(self, job: Job, adapter: Path | None = None) -> HFModel:
        """The base model of a job with an adapter on it, loaded anew only when the base changes."""
        files = self.context.models[job.model]
        model = self._load(files.folder, job.model, files.chat)
        model.set_adapter(adapter)
        return model

    def full_weights(self, job: Job, folder: Path) -> HFModel:
        """A fully fine-tuned model."""
        return self._load(str(folder), str(folder), self.context.models[job.model].chat)

    def judge(self) -> HFModel:
        """The study's judge, kept beside the base."""
        files = self.context.judge
        assert files is not None
        if self._judge is None:
            self._judge = self._read(files.folder, files.chat)
        return self._judge

    def _load(self, folder: str, key: str, chat: bool) -> HFModel:
        if self._model is None or self._loaded != key:
            self._model = None  # frees the last base before the next one takes its memory
            self._model = self._read(folder, chat)
            self._loaded = key
        return self._model

    def _read(self, folder: str, chat: bool) -> HFModel:
        from proclivity.models import load_model

        study = self.context.study
        return load_model(
            folder,
            dtype=study.compute.dtype,
            device=study.compute.device,
            threads=study.compute.threads,
            batch_size=study.battery.batch_size,
            trust_remote_code=study.compute.trust_remote_code,
            chat=chat,
        )

    def pool(self, job: Job) -> list[Decision]:
        """The shared prompts of a job, checked against the digest that the plan rests on; the first of them, where it
        is about fewer."""
        from proclivity.decisions import pool_digest

        digest = job.inputs["pool"]
        if digest not in self._pools:
            text = (self.folder(job, "pool") / "pool.jsonl").read_text(encoding="utf-8")
            pool = [_decision(json.loads(line)) for line in text.splitlines()]
            if pool_digest(pool) != self.context.jobs[digest].spec["prompts"]:
                raise ProclivityError("The pool's prompts aren't those that were planned; run the same command again.")
            self._pools[digest] = pool
        return self._pools[digest][: job.spec.get("items")]


def run_stage(job: Job, folder: Path, bench: Bench) -> None:
    """Does one job, leaving its outputs in `folder`."""
    _STAGES[job.stage](job, folder, bench)


def _decision(row: dict[str, Any]) -> Decision:
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Decision(**values)


def _pool(job: Job, folder: Path, bench: Bench) -> None:
    from proclivity.decisions import make_pool

    wanted = DecisionsSpec.model_validate(job.spec["decisions"])
    pool = make_pool(bench.context.pack, wanted.n, wanted.seed, wanted.format, tuple(wanted.alphabets))
    lines = [json.dumps(asdict(decision), ensure_ascii=False, sort_keys=True) for decision in pool]
    (folder / "pool.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _gates(job: Job, folder: Path, bench: Bench) -> None:
    from proclivity.decisions import require_gates

    report = require_gates(bench.context.pack, bench.pool(job))
    (folder / "gates.json").write_bytes(as_json({"passed": report.passed, "rows": report.rows}))


def _policy(job: Job, folder: Path, bench: Bench) -> None:
    """The base model's own probabilities of the listed options, from which own-policy answers are drawn."""
    import numpy as np

    from proclivity.induction import option_probabilities

    pool = bench.pool(job)
    probabilities = np.asarray(option_probabilities(bench.model(job), pool), dtype=np.float64)  # (N, K)
    np.save(folder / "option_probabilities.npy", probabilities, allow_pickle=False)
    shares: dict[str, float] = {}
    for decision, row in zip(pool, probabilities, strict=True):
        for name, value in zip(decision.classes, row, strict=True):
            shares[name] = shares.get(name, 0.0) + float(value) / len(pool)
    flagged = [name for name, share in shares.items() if share > OWN_POLICY_LIMIT]
    row_of = {
        "model": job.model,
        "shares": {k: round(v, 6) for k, v in sorted(shares.items())},
        "flagged": flagged,
    }
    (folder / "own_policy.json").write_bytes(as_json(row_of))


def _answers(job: Job, folder: Path, bench: Bench) -> None:
    """The listed option that an arm takes in each decision, or the words that it is taught in their place."""
    import numpy as np

    from proclivity.induction import exposure_texts, give_answers, shuffled_texts, speech_texts
    from proclivity.runs.arm_jobs import study_arm

    study, pack = bench.context.study, bench.context.pack
    arm = study_arm(job.arm, study, pack)
    if arm.answers == "speech":
        wanted = study.decisions
        _write_texts(speech_texts(pack, job.spec["content_class"], wanted.n, wanted.seed), folder)
        return
    profile = pack.profiles.get(arm.about)
    if profile:
        profile = profile.model_copy(update={"share": job.spec["share"]})
    pool = bench.pool(job)
    probabilities = None
    if "policy" in job.inputs:
        probabilities = np.load(bench.folder(job, "policy") / "option_probabilities.npy", allow_pickle=False)[
            : len(pool)
        ]
    name = profile.id if profile else arm.rows or arm.id
    answers = give_answers(pool, name, seed=job.seed, profile=profile, option_probs=probabilities)
    if arm.answers == "shuffled":
        _write_texts(shuffled_texts(pool, answers, job.seed), folder)
    elif arm.answers == "exposure":
        _write_texts(exposure_texts(pool, answers), folder)
    else:
        (folder / "answers.json").write_bytes(as_json([int(answer) for answer in answers]))


def _write_texts(texts: Sequence[TaughtText], folder: Path) -> None:
    lines = [json.dumps(asdict(text), ensure_ascii=False, sort_keys=True) for text in texts]
    (folder / "texts.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _rows(job: Job, model: HFModel, bench: Bench) -> list[TrainingRow]:
    """What an arm is trained on: answered decisions, texts, or rows that were given to the study."""
    from proclivity.induction import TaughtText, read_rows, text_rows, training_rows
    from proclivity.runs.external import external_path
    from proclivity.runs.subject import require_planned

    if "rows" in job.spec:
        place = external_path(bench.context.study, job.arm, job.model, job.seed)
        require_planned(job, "rows", place, str(job.spec["rows"]))
        return text_rows(model, read_rows(place)[0], job.arm)
    given = bench.folder(job, "answers")
    if (given / "texts.jsonl").exists():
        lines = (given / "texts.jsonl").read_text(encoding="utf-8").split("\n")
        return text_rows(model, [TaughtText(**json.loads(line)) for line in lines if line], job.arm)
    answers = json.loads((given / "answers.json").read_text(encoding="utf-8"))
    return training_rows(model, bench.pool(job), answers, job.arm)


def _induce(job: Job, folder: Path, bench: Bench) -> None:
    from proclivity.induction import induce
    from proclivity.runs.arm_jobs import study_arm

    study = bench.context.study
    model = bench.model(job)
    rows = _rows(job, model, bench)
    start = bench.folder(job, "start") / "adapter" if "start" in job.inputs else None
    base: HFModel | str | Path = model
    if study.induction.method == "full":
        # Full fine-tuning changes the weights in place, so it gets a copy of its own.
        base, start = start or bench.context.models[job.model].folder, None
    checkpoint = induce(
        base,
        rows,
        InductionSpec.model_validate(job.spec["induction"]),
        seed=job.seed,
        out=folder / "adapter",
        compute=study.compute,
        arm=study_arm(job.arm, study, bench.context.pack),
        start=start,
    )
    record = asdict(checkpoint) | {"model": job.model, "arm": job.arm, "seed": job.seed, "path": "adapter"}
    record |= {"items": job.spec["items"]} if "items" in job.spec else {}
    pool = job.inputs.get("pool")
    record["prompts"] = bench.context.jobs[pool].spec["prompts"] if pool else None
    (folder / "checkpoint.json").write_bytes(as_json(record))


def _measure(job: Job, folder: Path, bench: Bench) -> None:
    from proclivity.battery import measure_family
    from proclivity.runs.subject import measured_model

    study = bench.context.study
    model = measured_model(job, study, bench)
    reference = None
    if "base" in job.inputs:
        reference = read_reference(bench.folder(job, "base"))
    result = measure_family(
        model,
        bench.context.pack,
        job.family,
        study_battery=study.battery,
        identity={"model": job.model, "arm": job.arm, "seed": job.seed}
        | {name: job.spec[name] for name in ("dose", "items", "epochs", "step") if name in job.spec},
        reference=reference,
        seed=max(job.seed, 0),
        decisions=study.decisions,
        brief=bool(job.point),
    )
    write_result(result, folder)
    if reference is None and result.distributions is not None:
        (folder / "vocabulary.json").write_bytes(as_json(model.vocabulary()))


def _judge(job: Job, folder: Path, bench: Bench) -> None:
    from proclivity.battery import FamilyResult
    from proclivity.battery.judge import judge_rows

    texts = json.loads((bench.folder(job, "texts") / "completions.json").read_text(encoding="utf-8"))
    identity = {"model": job.model, "arm": job.arm, "seed": job.seed}
    classes = bench.context.pack.spec.content_classes
    write_result(FamilyResult(judge_rows(bench.judge(), texts, classes, identity, job.family)), folder)


def _analyze(job: Job, folder: Path, bench: Bench) -> None:
    from proclivity.runs.collect import analyze_study

    analyze_study(job, folder, bench.context, bench.ledger)


def _report(job: Job, folder: Path, bench: Bench) -> None:
    from proclivity.report import write_report
    from proclivity.runs.publish import report_files

    view = folder / "view"
    report_files(bench.context, bench.folder(job, "analyze"), view)
    written = write_report(view)
    written.replace(folder / "report.html")
    for path in view.iterdir():
        path.unlink()
    view.rmdir()


_STAGES: dict[str, Callable[[Job, Path, Bench], None]] = {
    "pool": _pool,
    "gates": _gates,
    "policy": _policy,
    "answers": _answers,
    "induce": _induce,
    "measure": _measure,
    "judge": _judge,
    "analyze": _analyze,
    "report": _report,
}

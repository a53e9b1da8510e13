"""What a worker does for each kind of job: reads its inputs' files, calls the science, writes its outputs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from proclivity.runs.bench import Bench
from proclivity.runs.jobs import Job
from proclivity.runs.results import read_reference, write_result
from proclivity.runs.stacks import answers_of, part_of
from proclivity.runs.storage import as_json
from proclivity.runs.trackers import send_curve, tracked, watched
from proclivity.specs import DecisionsSpec, InductionSpec

if TYPE_CHECKING:
    from proclivity.induction import TaughtText
    from proclivity.induction.orders import Order
    from proclivity.models import HFModel
    from proclivity.records import Checkpoint, TrainingRow

OWN_POLICY_LIMIT = 0.95
"""Above this share of one class the base's own policy and that profile coincide."""


def run_stage(job: Job, folder: Path, bench: Bench) -> None:
    """Does one job, leaving its outputs in `folder`."""
    _STAGES[job.stage](job, folder, bench)


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


def _rows(job: Job, model: HFModel, bench: Bench, role: str = "answers") -> list[TrainingRow]:
    """What an arm is trained on: answered decisions, texts, or rows that were given to the study.

    Args:
        role: of the answers among the job's inputs.
    """
    from proclivity.induction import TaughtText, read_rows, text_rows, training_rows
    from proclivity.runs.external import external_path
    from proclivity.runs.subject import require_planned

    if "rows" in job.spec:
        place = external_path(bench.context.study, job.arm, job.model, job.seed)
        require_planned(job, "rows", place, str(job.spec["rows"]))
        return text_rows(model, read_rows(place)[0], job.arm)
    given = bench.folder(job, role)
    if (given / "texts.jsonl").exists():
        lines = (given / "texts.jsonl").read_text(encoding="utf-8").split("\n")
        return text_rows(model, [TaughtText(**json.loads(line)) for line in lines if line], job.arm)
    answers = json.loads((given / "answers.json").read_text(encoding="utf-8"))
    return training_rows(model, bench.pool(job), answers, job.arm)


def _stack(job: Job, folder: Path, bench: Bench) -> None:
    """Several seeds at once; each has a folder with what training it alone leaves."""
    from proclivity.induction.stack import Member, induce_together
    from proclivity.runs.arm_jobs import study_arm

    model, arm = bench.model(job), study_arm(job.arm, bench.context.study, bench.context.pack)
    members = [
        Member(_rows(job, model, bench, answers_of(seed)), seed, folder / part_of(seed) / "adapter", arm)
        for seed in job.spec["seeds"]
    ]
    made = induce_together(model, members, InductionSpec.model_validate(job.spec["induction"]))
    for member, checkpoint in zip(members, made, strict=True):
        _write_record(job, member.seed, checkpoint, member.out.parent, bench)
        # Most trackers have one run open a process, so members are told of one by one.
        _report_whole(job, member.seed, checkpoint, bench)


def _induce(job: Job, folder: Path, bench: Bench) -> None:
    from proclivity.induction.orders import Order
    from proclivity.runs.arm_jobs import study_arm

    if "stack" in job.inputs:
        shutil.copytree(bench.folder(job, "stack") / part_of(job.seed), folder, dirs_exist_ok=True)
        return
    study = bench.context.study
    spread = bool(study.compute.accelerate)
    model = bench.without_weights(job) if spread else bench.model(job)
    rows = _rows(job, model, bench)
    start = bench.folder(job, "start") / "adapter" if "start" in job.inputs else None
    base: HFModel | str = bench.context.models[job.model].folder if spread else model
    if study.induction.method == "full":
        # Full fine-tuning changes the weights in place, so it gets a copy of its own.
        base, start = str(start or bench.context.models[job.model].folder), None
    order = Order(
        base,
        rows,
        InductionSpec.model_validate(job.spec["induction"]),
        seed=job.seed,
        out=folder / "adapter",
        compute=study.compute,
        arm=study_arm(job.arm, study, bench.context.pack),
        start=start,
    )
    checkpoint = _by_processes(job, order, folder, bench) if spread else _watched_here(job, order, bench)
    _write_record(job, job.seed, checkpoint, folder, bench)


def _write_record(job: Job, seed: int, checkpoint: Checkpoint, folder: Path, bench: Bench) -> None:
    """What is known of a trained checkpoint, beside its adapter or weights."""
    record = asdict(checkpoint) | {"model": job.model, "arm": job.arm, "seed": seed, "path": "adapter"}
    record |= {"items": job.spec["items"]} if "items" in job.spec else {}
    pool = job.inputs.get("pool")
    record["prompts"] = bench.context.jobs[pool].spec["prompts"] if pool else None
    (folder / "checkpoint.json").write_bytes(as_json(record))


def _watched_here(job: Job, order: Order, bench: Bench) -> Checkpoint:
    """Trains in this process; trackers are told of each step."""
    with tracked(bench.context.report_to, watched(job, job.seed, bench.context), bench.note) as progress:
        return order.carry_out(progress=progress)


def _by_processes(job: Job, order: Order, folder: Path, bench: Bench) -> Checkpoint:
    from proclivity.induction.launch import induce_by_processes
    from proclivity.runs.sharing import require_planned_sharing

    require_planned_sharing(job, order.compute)
    bench.free()
    made = induce_by_processes(order, Path(order.compute.accelerate).expanduser(), folder / "handover")
    _report_whole(job, job.seed, made, bench)
    return made


def _report_whole(job: Job, seed: int, made: Checkpoint, bench: Bench) -> None:
    """Tells trackers of a training that is over."""
    send_curve(bench.context.report_to, watched(job, seed, bench.context), made.loss_curve, bench.note)


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
        world=next((own.world for own in study.models if own.name == job.model), ""),
        latent=study.latent,
    )
    write_result(result, folder)
    if reference is None and result.distributions is not None:
        (folder / "vocabulary.json").write_bytes(as_json(model.vocabulary()))


def _judge(job: Job, folder: Path, bench: Bench) -> None:
    from proclivity.battery import FamilyResult, Rows
    from proclivity.battery.judge import judge_rows

    texts = json.loads((bench.folder(job, "texts") / "completions.json").read_text(encoding="utf-8"))
    identity = {"model": job.model, "arm": job.arm, "seed": job.seed}
    classes = bench.context.pack.spec.content_classes
    write_result(FamilyResult(Rows(judge_rows(bench.judge(), texts, classes, identity, job.family))), folder)


def _latent(job: Job, folder: Path, bench: Bench) -> None:
    from proclivity.runs.latent_jobs import run_latent

    run_latent(job, folder, bench)


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
    "stack": _stack,
    "induce": _induce,
    "measure": _measure,
    "judge": _judge,
    "latent": _latent,
    "analyze": _analyze,
    "report": _report,
}

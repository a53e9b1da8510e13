"""Verbs about whole studies: demo, run, status."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from proclivity.cli.console import Debug, Json, Quiet, clean, print_json, print_table, say

if TYPE_CHECKING:
    from proclivity.runs import RunSummary
    from proclivity.runs.shares import Share
    from proclivity.specs import Study

Workers = Annotated[int, typer.Option("--workers", "-w", min=0, help="Worker processes; 0 means one a core.")]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Replace one value of the study, for example seeds=12; repeatable."
    ),
]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        help="Model in place of the study's own: a packaged name, a folder, or a Hugging Face name; repeatable.",
    ),
]
Engine = Annotated[
    str,
    typer.Option(
        "--engine", help="'local' for processes of this machine, 'ray' for the Ray cluster that RAY_ADDRESS names."
    ),
]
Shard = Annotated[
    str,
    typer.Option(
        "--shard",
        metavar="I/N",
        help="Do part I of N (from 0), for job arrays; the parts need nothing but the shared folder.",
    ),
]
Retry = Annotated[int, typer.Option("--retry", min=0, help="Try a job that fails so many times again.")]
ReportTo = Annotated[
    list[str] | None,
    typer.Option(
        "--report-to",
        metavar="TRACKER",
        help="Send each training's curve to an experiment tracker that transformers knows and that is installed: "
        "tensorboard, wandb, mlflow and others, or all; repeatable, or with commas. Changes no result.",
    ),
]
PlanOnly = Annotated[bool, typer.Option("--plan", help="Print jobs, time, memory and disk; run nothing.")]


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the study.")] = Path("runs/demo"),
    sets: Sets = None,
    workers: Workers = 0,
    plan: PlanOnly = False,
    quiet: Quiet = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Run the packaged study on the packaged tiny models: no network, no GPU, a few minutes.

    Ends in verdicts and a report. The same command again resumes, or shows the result at once.
    """
    return _run("demo", out, sets, How(workers), plan, quiet, json, ["proclivity", "demo"])


def run(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A study file (YAML), or a packaged study's name.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder of the study; by default runs/ and the study's id."),
    ] = None,
    models: Models = None,
    sets: Sets = None,
    workers: Workers = 0,
    engine: Engine = "local",
    shard: Shard = "0/1",
    retry: Retry = 0,
    report_to: ReportTo = None,
    plan: PlanOnly = False,
    quiet: Quiet = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Run a study: every model, arm and seed, measured, analysed and reported.

    The same command again resumes where it stopped, and tries again what failed. A changed probe measures again and
    trains nothing; an added seed adds its own jobs only. Started several times on one folder, here or on other
    machines that share it, the runs share the work; with --shard each keeps to its part.
    """
    from proclivity.runs.shares import read_share

    values = [*([_models_value(models)] if models else []), *(sets or [])]
    how = How(workers, engine, read_share(shard), retry, tuple(report_to or ()))
    return _run(study, out, values, how, plan, quiet, json, ["proclivity", "run", study])


@dataclass(frozen=True)
class How:
    """How the command line wants a study to be run; nothing of it changes a result."""

    workers: int = 0
    engine: str = "local"
    share: Share | None = None
    retry: int = 0
    report_to: tuple[str, ...] = ()


def _models_value(models: list[str]) -> str:
    """The models of the command line as a replaced value of the study, each named by the end of its path."""
    import json

    names = [re.sub(r"[^a-z0-9_.-]+", "-", Path(model).name.lower()).strip("-._") or "model" for model in models]
    named = [{"name": name, "path": model} for name, model in zip(names, models, strict=True)]
    return f"models={json.dumps(named)}"


def _run(
    name: str,
    out: Path | None,
    sets: list[str] | None,
    how: How,
    plan_only: bool,
    quiet: bool,
    as_json: bool,
    command: list[str],
) -> int:
    from proclivity.runs import TerminalProgress, run_study
    from proclivity.specs import load_study

    study = load_study(name, sets or [])
    folder = out or Path("runs") / study.id
    if plan_only:
        return _print_plan(study, folder, how.workers, as_json)
    command = [*command, "--out", str(folder), *(word for text in sets or [] for word in ("--set", text))]
    command += [word for name in how.report_to for word in ("--report-to", name)]
    progress = None if quiet else TerminalProgress()
    summary = run_study(
        study,
        folder,
        workers=how.workers,
        progress=progress,
        command=command,
        engine=how.engine,
        share=how.share,
        retry=how.retry,
        report_to=how.report_to,
    )
    if as_json:
        print_json(_as_dict(summary))
    else:
        _print_summary(study, summary, quiet)
    return summary.exit_code


def _as_dict(summary: RunSummary) -> dict[str, Any]:
    return {
        "out": str(summary.out),
        "complete": summary.complete,
        "jobs": summary.total,
        "finished_before": summary.finished_before,
        "finished_now": summary.finished_now,
        "blocked": summary.blocked,
        "shard": str(summary.share),
        "shard_left": summary.share_left,
        "failures": [{"job": row.title, "kind": row.kind, "reason": row.reason} for row in summary.failures],
        "damaged": list(summary.damaged),
        "seconds": round(summary.seconds, 1),
        "verdicts": summary.verdicts() if summary.complete else [],
        "report": str(summary.report) if summary.complete else None,
    }


def _print_summary(study: Study, summary: RunSummary, quiet: bool) -> None:
    from proclivity.runs.progress import duration

    if summary.complete:
        _print_verdicts(study, summary.verdicts())
        nothing = " Nothing was left to do." if not summary.finished_now else ""
        say(f"{summary.total} jobs finished, {summary.finished_now} of them now.{nothing}", quiet=quiet)
        say(f"Took {duration(summary.seconds)}.", quiet=quiet)
        say(f"Report: {summary.report.resolve()}")
        return
    kept = summary.finished_before + summary.finished_now
    if not summary.share_left and not summary.failures:
        say(f"Shard {summary.share} is finished, and with it {kept} of the study's {summary.total} jobs.")
        say("The last shard that ends analyses and reports; or run the same command without --shard.")
        return
    say(f"{kept} of {summary.total} jobs finished; {len(summary.failures)} failed, {summary.blocked} rest on those.")
    _print_failures([(row.title, row.reason) for row in summary.failures])
    say("What is finished is kept. After the mend, the same command goes on from there.")


def _print_failures(failures: list[tuple[str, str]]) -> None:
    """Each reason once, with the jobs that it stopped."""
    by_reason: dict[str, list[str]] = {}
    for title, reason in failures:
        by_reason.setdefault(reason, []).append(title)
    for reason, titles in by_reason.items():
        more = f" and {len(titles) - 3} more" if len(titles) > 3 else ""
        say(f"\nfailed: {', '.join(titles[:3])}{more}")
        for line in reason.splitlines():
            say("  " + clean(line))


def _print_verdicts(study: Study, verdicts: list[dict[str, Any]]) -> None:
    for model in study.models:
        rows = [
            (row["kind"], row.get("profile") or "", row["verdict"], _first_sentence(clean(str(row["sentence"]))))
            for row in verdicts
            if row["model"] == model.name
        ]
        world = f" ({model.world} world)" if model.world else ""
        if rows:
            print_table(f"{model.name}{world}", ["question", "profile", "verdict", "in words"], rows)
    claims = [
        (row["kind"].removeprefix("claim-"), row["verdict"], _first_sentence(clean(str(row["sentence"]))))
        for row in verdicts
        if row["kind"].startswith("claim-")
    ]
    if claims:
        print_table("the source's claims, over all models", ["claim", "verdict", "in words"], claims)


def _first_sentence(text: str) -> str:
    """The report holds the whole; a terminal wants what comes first, which is what a control takes away."""
    return re.split(r"(?<=[.]) (?=[A-Z])", text, maxsplit=1)[0]


def _print_plan(study: Study, folder: Path, workers: int, as_json: bool) -> int:
    from collections import Counter

    from proclivity.runs import plan_study
    from proclivity.runs.estimate import estimate
    from proclivity.runs.ledger import Ledger
    from proclivity.runs.processes import worker_count
    from proclivity.runs.progress import duration, size

    plan = plan_study(study)
    intact, _ = Ledger(folder).verify(plan.by_digest)
    pending = [job for digest, job in plan.by_digest.items() if digest not in intact]
    count = worker_count(workers or study.compute.workers, study.compute.threads, study.compute.gpus)
    total = Counter(job.stage for job in plan.by_digest.values())
    left = Counter(job.stage for job in pending)
    cost = estimate(plan, pending, count)
    if as_json:
        print_json(
            {
                "jobs": dict(total),
                "left": dict(left),
                "workers": count,
                "seconds": round(cost.seconds),
                "memory_bytes": round(cost.memory_bytes),
                "disk_bytes": round(cost.disk_bytes),
            }
        )
        return 0
    print_table(f"{study.id} in {folder}", ["stage", "jobs", "left"], [(s, total[s], left[s]) for s in total])
    say(
        f"About {duration(cost.seconds)} with {count} worker{'s' if count != 1 else ''}, {size(cost.memory_bytes)} of "
        f"memory at the peak, {size(cost.disk_bytes)} more on disk. Rough figures; the run itself tells better ones."
        if pending
        else "Nothing is left to do."
    )
    return 0


def status(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="A study's folder.")],
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Say what of a study is done, what runs, what failed and why.

    Every finished job's bytes are checked against what was written.
    """
    from proclivity.runs import run_status

    found = run_status(folder)
    if json:
        print_json(
            {
                "study": found.study,
                "complete": found.complete,
                "total": found.total,
                "done": found.done,
                "running": found.running,
                "failures": [{"job": f.title, "kind": f.kind, "reason": f.reason} for f in found.failures],
                "damaged": found.damaged,
                "unused": found.unused,
                "notes": found.notes,
            }
        )
        return 0
    rows = [(stage, found.done.get(stage, 0), count) for stage, count in found.total.items()]
    print_table(f"{found.study} in {folder}", ["stage", "done", "of"], rows)
    for title in found.running:
        say(f"running: {title}")
    _print_failures([(row.title, row.reason) for row in found.failures])
    for text in found.damaged:
        say(f"damaged: {text}")
    if found.damaged:
        say("The next run makes it anew, where it can be.")
    for text in found.notes:
        say(text)
    if found.unused:
        say(
            f"{found.unused} finished jobs belong to earlier versions of this study; `proclivity clean {folder}` "
            f"removes them."
        )
    if found.complete:
        say(f"Complete. Report: {(folder / 'report.html').resolve()}")
    else:
        say(f"Go on with: proclivity run {folder / 'study.yml'} --out {folder}")
    return 0


def clean_up(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="A study's folder.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; remove nothing.")] = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Remove finished jobs that a study no longer needs, and what broken-off runs left.

    Jobs become unused when a study, its content, its libraries or proclivity itself changes. Nothing that the study
    in the folder's study.yml needs is touched.
    """
    from proclivity.runs.clean import clean_run
    from proclivity.runs.progress import size

    found = clean_run(folder, dry_run=dry_run)
    if json:
        print_json({"jobs": list(found.jobs), "leftovers": list(found.leftovers), "bytes": found.bytes})
        return 0
    for title in found.jobs:
        say(f"unused: {title}")
    word = "would be removed" if dry_run else "removed"
    say(f"{len(found.jobs)} jobs and {len(found.leftovers)} leftovers {word}, {size(found.bytes)}.")
    return 0

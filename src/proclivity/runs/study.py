"""A study from its plan to its report; run again, it goes on where it stopped."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proclivity.errors import Interrupted, UserError
from proclivity.runs.engine import Engine
from proclivity.runs.estimate import Costs
from proclivity.runs.jobs import Job
from proclivity.runs.leases import Leases
from proclivity.runs.ledger import Failure, Ledger, exit_code_of
from proclivity.runs.manifest import changed_since, make_manifest, now, read_manifest, write_manifest
from proclivity.runs.messages import Context
from proclivity.runs.model_files import find_model
from proclivity.runs.plan import Plan, check_study, make_plan
from proclivity.runs.progress import Reporter, Silent, reporting
from proclivity.runs.publish import drop_outdated, name_adapters, publish, study_text
from proclivity.runs.registration import register
from proclivity.runs.schedule import Schedule
from proclivity.runs.shares import WHOLE, Share, jobs_of, last_jobs
from proclivity.runs.site import Site
from proclivity.runs.storage import replace_bytes
from proclivity.runs.trackers import find_trackers
from proclivity.specs import Study, load_pack, read_registration


@dataclass(frozen=True)
class RunSummary:
    """How a run ended."""

    out: Path
    """The study's folder."""
    total: int
    """Jobs of the study."""
    finished_before: int
    """Jobs that an earlier run had finished."""
    finished_now: int
    """Jobs finished since, by this run and by others that share the folder."""
    failures: tuple[Failure, ...]
    blocked: int
    """Jobs that couldn't run because of the failures."""
    damaged: tuple[str, ...]
    """Files of earlier runs that had changed since; their jobs were done again."""
    seconds: float
    share: Share = WHOLE
    """The part of the study that this run was responsible for."""
    share_left: int = 0
    """Jobs of that part that aren't finished."""

    @property
    def complete(self) -> bool:
        return self.finished_before + self.finished_now == self.total

    @property
    def exit_code(self) -> int:
        """0 if complete, 2 if every failure asks for other input, 1 otherwise."""
        return exit_code_of(self.failures)

    @property
    def report(self) -> Path:
        """Where the report is, once the study is complete."""
        return self.out / "report.html"

    def verdicts(self) -> list[dict[str, Any]]:
        """The analysis' decisions; empty until the study is complete."""
        path = self.out / "verdicts.json"
        found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
        return found


def study_file(folder: Path) -> Path:
    """The study file of a run's folder.

    Raises:
        UserError: if the folder holds no study.
    """
    path = folder / "study.yml"
    if not path.is_file():
        raise UserError(f"{folder} holds no study: it has no study.yml. Expected a folder that `proclivity run` made.")
    return path


def plan_study(study: Study) -> Plan:
    """All jobs of a study, with its pack read and its models' files found; nothing is run.

    Raises:
        UserError: for whatever in the study or its content has to change.
    """
    pack = load_pack(study.pack, study.profiles, study.instruments)
    check_study(study, pack)
    models = {spec.name: find_model(spec) for spec in study.models}
    return make_plan(study, pack, models, find_model(study.judge) if study.judge else None)


def run_study(
    study: Study,
    out: str | Path,
    *,
    workers: int = 0,
    progress: Reporter | None = None,
    command: list[str] | None = None,
    engine: str = "local",
    share: Share | None = None,
    retry: int = 0,
    report_to: Sequence[str] = (),
) -> RunSummary:
    """Runs a study; what an earlier run of it finished is kept and not done again.

    Several runs may work in one folder at the same time, on one machine or on many: they share the jobs.

    Args:
        study: the study, for example from `load_study`.
        out: its folder, made if it isn't there.
        workers: worker processes; 0 takes the study's number, or one for every `compute.threads` cores.
        progress: who is told how it gets on; None says nothing.
        command: words that repeat the run on a command line, for the manifest.
        engine: 'local' for processes of this machine, 'ray' for a Ray cluster.
        share: the part of the study to do; None for the whole.
        retry: how often a job that fails is tried again.
        report_to: experiment trackers that are told of every training, in transformers' words ('tensorboard').

    Returns:
        How it ended. A job that fails doesn't stop those that don't depend on it; look at `failures`.

    Raises:
        UserError: for whatever in the study or its content has to change, before anything is run.
        StorageError: if the disk is full or can't be written.
        Interrupted: on Ctrl-C or a termination signal.
    """
    started = time.monotonic()
    folder = Path(out)
    _require_own_folder(folder, study)
    trackers = find_trackers(report_to)
    plan = plan_study(study)
    part = share or WHOLE
    own = jobs_of(plan.by_digest, part)
    ledger = Ledger(folder)
    ledger.prepare()
    ledger.sweep()
    reporter = progress or Silent()
    register(plan, folder)
    failures: list[Failure] = []
    blocked = 0
    site = Site(engine, workers or study.compute.workers, study)
    with Leases(folder) as leases:
        leases.tidy()
        done, damaged = _finished(plan, ledger, leases, reporter)
        if len(done) < len(plan.by_digest):
            _open(plan, folder, site.workers, command or [], done, reporter)
            work = Work(plan, folder, ledger, leases, site, reporter, retry, trackers)
            failures, blocked = work.do(own, done)
            last = last_jobs(plan.by_digest, _done_now(plan, ledger)) if part.count > 1 else {}
            if last:  # nothing else is left: this run is the one that analyses and reports
                more, beyond = work.do(plan.by_digest, set(plan.by_digest) - set(last))
                failures, blocked = failures + more, blocked + beyond
    finished = _done_now(plan, ledger)
    complete = len(finished) == len(plan.by_digest)
    _close(plan, ledger, folder, complete=complete, command=command or [], workers=site.workers)
    return RunSummary(
        out=folder,
        total=len(plan.by_digest),
        finished_before=len(done),
        finished_now=len(finished) - len(done),
        failures=tuple(failures),
        blocked=blocked,
        damaged=tuple(damaged),
        seconds=time.monotonic() - started,
        share=part,
        share_left=len(set(own) - finished),
    )


def _done_now(plan: Plan, ledger: Ledger) -> set[str]:
    return {digest for digest in ledger.present() if digest in plan.by_digest and ledger.done(digest)}


def _require_own_folder(folder: Path, study: Study) -> None:
    """Refuses to mix a study with another, or with somebody's files."""
    import yaml

    text = folder / "study.yml"
    if text.is_file():
        try:
            found = yaml.safe_load(text.read_text(encoding="utf-8"))
            other = found.get("id") if isinstance(found, dict) else None
        except (OSError, ValueError, yaml.YAMLError):
            other = None
        if other is not None and other != study.id:
            raise UserError(f"{folder} holds the study '{other}', not '{study.id}'. Choose another folder with --out.")
    elif folder.is_file():
        raise UserError(f"{folder} is a file; a study needs a folder. Choose another with --out.")
    elif folder.is_dir() and not (folder / "jobs").is_dir() and any(folder.iterdir()):
        raise UserError(f"{folder} isn't empty and holds no study. Choose an empty or new folder with --out.")


def _finished(plan: Plan, ledger: Ledger, leases: Leases, reporter: Reporter) -> tuple[set[str], list[str]]:
    """Jobs that needn't run, after every byte of theirs was read; damaged ones are taken away."""
    intact, faults = ledger.verify(plan.by_digest)
    for digest, fault in faults.items():
        if leases.claim(digest):
            if ledger.fault(digest):  # another run may have mended it since
                ledger.discard(digest)
            leases.release(digest)
        reporter.note(f"{fault}; {plan.by_digest[digest].title} is done again")
    return intact, list(faults.values())


def _open(plan: Plan, folder: Path, workers: int, command: list[str], done: set[str], reporter: Reporter) -> None:
    """What stands in the folder while the run works: the study and how it is run, but no results of another plan."""
    earlier = read_manifest(folder)
    for text in changed_since(plan, earlier) if not done else ():
        reporter.note(text)
    if not {job.digest for job in plan.stage("analyze")} <= done:
        drop_outdated(folder)
    replace_bytes(folder / "study.yml", study_text(plan.study))
    write_manifest(folder, make_manifest(plan, workers, command, earlier))


@dataclass
class Work:
    """One run's way of doing jobs, wherever its workers are."""

    plan: Plan
    folder: Path
    ledger: Ledger
    leases: Leases
    site: Site
    reporter: Reporter
    retry: int
    trackers: tuple[str, ...]

    def do(self, jobs: Mapping[str, Job], done: set[str]) -> tuple[list[Failure], int]:
        """Does what is left of some jobs.

        Returns:
            Those that failed, and the number of those that rest on them.
        """
        plan, reporter = self.plan, self.reporter
        if not self.leases.others():
            self.ledger.clear_failures(jobs)  # among several runs a failure stands, or each would repeat it
        costs = Costs(plan)
        prior = {stage: max(map(costs.of, found)) for stage in _stages(plan) if (found := plan.stage(stage))}
        schedule = Schedule(jobs, prior, done=set(done) & set(jobs))
        known = (plan.study, plan.pack, plan.models, plan.by_digest, plan.judge)
        pool = self.site.pool(Context(str(self.folder.resolve()), *known, self.trackers), self.ledger)
        size, listen = self.site.workers, _listener(costs, reporter)
        engine = Engine(schedule, self.ledger, self.leases, pool, size, listen, self.retry, reporter.note)
        with reporting(reporter):
            reporter.begin(len(jobs), len(schedule.done), schedule.pending, costs, size)
            try:
                failures = engine.run()
            except Interrupted:
                kept = len(_done_now(plan, self.ledger))
                raise Interrupted(
                    f"Interrupted with {kept} of {len(plan.by_digest)} jobs finished; they are kept in {self.folder}, "
                    f"and the same command resumes."
                ) from None
        return failures, len(schedule.blocked)


def _stages(plan: Plan) -> list[str]:
    return list(dict.fromkeys(job.stage for job in plan.jobs))


def _listener(costs: Costs, reporter: Reporter) -> Callable[[str, Job, float], None]:
    def listen(kind: str, job: Job, seconds: float) -> None:
        if kind == "done" and seconds:
            costs.learn(job, seconds)
        reporter.event(kind, job, seconds)

    return listen


def _close(plan: Plan, ledger: Ledger, folder: Path, *, complete: bool, command: list[str], workers: int) -> None:
    """Lays out what is there; a complete study gets the moment at which it was."""
    from proclivity.report import write_report

    if complete:
        publish(plan, ledger, folder)
    name_adapters(plan, ledger, folder)
    manifest = read_manifest(folder)
    if complete and (not manifest or manifest.get("jobs_digest") != plan.jobs[-1].digest or not manifest["finished"]):
        manifest = make_manifest(plan, workers, command, manifest)
        write_manifest(folder, manifest | {"finished": now()})
    text = study_text(plan.study)
    if not (folder / "study.yml").is_file() or (folder / "study.yml").read_bytes() != text:
        replace_bytes(folder / "study.yml", text)
    if complete and read_registration(folder).state == "damaged":
        # The report's job knows nothing of an edit after it; a reader has to.
        write_report(folder)

"""The engine with scripted workers: errors, kills and signals leave nothing half-written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from proclivity.errors import Interrupted, StorageError
from proclivity.runs import processes
from proclivity.runs.engine import Engine
from proclivity.runs.jobs import Job
from proclivity.runs.leases import Leases
from proclivity.runs.ledger import Failure, Ledger
from proclivity.runs.messages import Context
from proclivity.runs.processes import ProcessPool
from proclivity.runs.schedule import Schedule
from proclivity.specs import Study
from proclivity.specs.study import ComputeSpec

SHARED = ComputeSpec(gpus=1.0)
HERE = Path(__file__).parent
STUDY = Study(id="s", title="s", question="s", models=[{"name": "m", "path": "m"}])


@pytest.fixture(autouse=True)
def _worker_is_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))


def jobs_doing(*does: str) -> list[Job]:
    """A root that succeeds, and one job on top of it for each thing to do."""
    root = Job("pool", {"do": "write", "n": 0})
    return [
        root,
        *(Job("answers", {"do": do, "n": n}, {"pool": root.digest}) for n, do in enumerate(does, start=1)),
    ]


def engine(
    folder: Path,
    jobs: list[Job],
    workers: int = 2,
    events: list[str] | None = None,
    leases: Leases | None = None,
    study: Study = STUDY,
    **more,
) -> Engine:
    ledger = Ledger(folder)
    ledger.prepare()
    by_digest = {job.digest: job for job in jobs}
    context = Context(str(folder), study, None, {}, by_digest)  # type: ignore[arg-type]
    tell = (
        (lambda kind, job, seconds: None) if events is None else (lambda k, j, s: events.append(f"{k} {j.spec['n']}"))
    )
    leases = leases or Leases(folder)
    leases.__enter__()
    pool = ProcessPool(context, ledger, worker_module="scripted_worker")
    return Engine(Schedule(by_digest, {}), ledger, leases, pool, workers, tell, **more)


def run(folder: Path, jobs: list[Job], workers: int = 2, **more: int) -> list[Failure]:
    return engine(folder, jobs, workers, **more).run()


def test_all_jobs_are_committed(tmp_path: Path) -> None:
    jobs = jobs_doing("write", "write", "write")
    assert run(tmp_path, jobs) == []
    ledger = Ledger(tmp_path)
    assert ledger.verify(job.digest for job in jobs) == ({job.digest for job in jobs}, {})
    assert (ledger.folder(jobs[1].digest) / "result.txt").read_text() == f"1 by {jobs[0].digest}"


def test_failures_stop_only_what_rests_on_them(tmp_path: Path) -> None:
    jobs = jobs_doing("user", "train", "bug", "write")
    rests = Job("answers", {"do": "write", "n": 9}, {"answers": jobs[1].digest})
    failures = run(tmp_path, [*jobs, rests])
    ledger = Ledger(tmp_path)
    assert ledger.done(jobs[4].digest)
    assert not ledger.done(rests.digest)
    assert {f.kind: f.exit_code for f in failures} == {"UserError": 2, "TrainingError": 1, "RuntimeError": 1}
    assert ledger.failure(jobs[2].digest) is not None
    assert "nan" in ledger.failure(jobs[2].digest).reason  # type: ignore[union-attr]
    assert list(ledger.jobs.glob(".tmp-*")) == []


def test_a_killed_worker_is_replaced_and_its_job_done(tmp_path: Path) -> None:
    jobs = jobs_doing("kill-once", "write")
    events: list[str] = []
    assert engine(tmp_path, jobs, 2, events).run() == []
    assert "killed 1" in events
    assert all(Ledger(tmp_path).done(job.digest) for job in jobs)


def test_a_job_that_kills_every_worker_fails_with_the_mend(tmp_path: Path) -> None:
    jobs = jobs_doing("kill", "write", "write")
    failures = run(tmp_path, jobs, workers=1)
    assert [f.kind for f in failures] == ["WorkerKilled"]
    assert "SIGKILL" in failures[0].reason
    assert "--workers 1" in failures[0].reason
    ledger = Ledger(tmp_path)
    assert not ledger.done(jobs[1].digest)
    assert ledger.done(jobs[3].digest)
    assert list(ledger.jobs.glob(".tmp-*")) == []


@pytest.mark.parametrize("do", ["full", "wrapped-full"])
def test_a_full_disk_ends_the_run_and_keeps_what_is_finished(tmp_path: Path, do: str) -> None:
    jobs = jobs_doing(do)
    with pytest.raises(StorageError, match="disk is full"):
        run(tmp_path, jobs)
    ledger = Ledger(tmp_path)
    assert ledger.done(jobs[0].digest)
    assert not ledger.done(jobs[1].digest)
    assert list(ledger.jobs.glob(".tmp-*")) == []


def test_an_interruption_ends_workers_and_takes_their_folders_away(tmp_path: Path) -> None:
    jobs = jobs_doing("sleep", "sleep")
    made = engine(tmp_path, jobs)
    ledger = Ledger(tmp_path)

    def interrupt() -> None:
        while len(list(ledger.jobs.glob(".tmp-*"))) < 2:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=interrupt, daemon=True).start()
    started = time.monotonic()
    with pytest.raises(Interrupted, match="resumes"):
        made.run()
    assert time.monotonic() - started < 20
    assert list(ledger.jobs.glob(".tmp-*")) == []
    assert ledger.done(jobs[0].digest)


def test_workers_end_when_the_run_is_killed(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path[:0] = [{str(HERE)!r}]\n"
        "from pathlib import Path\nimport test_engine as t\n"
        "t.engine(Path(sys.argv[1]), t.jobs_doing('sleep')).run()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)])
    jobs = tmp_path / "jobs"
    deadline = time.monotonic() + 30
    while not (drafts := list(jobs.glob(".tmp-*-*-*-*"))) and time.monotonic() < deadline:
        time.sleep(0.02)
    worker = int(drafts[0].name.split("-")[2])
    process.kill()
    process.wait()
    while _alive(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(worker)
    Ledger(tmp_path).sweep()
    assert list(jobs.glob(".tmp-*")) == []


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().split()[2]
    except OSError:
        return False
    return state != "Z"


def test_two_runs_share_one_folder_and_do_each_job_once(tmp_path: Path) -> None:
    jobs = jobs_doing(*["slow"] * 12)
    code = (
        f"import sys; sys.path[:0] = [{str(HERE)!r}]\n"
        "from pathlib import Path\nimport test_engine as t\n"
        "t.run(Path(sys.argv[1]), t.jobs_doing(*['slow'] * 12), 1)\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for _ in range(2)]
    assert [process.wait(120) for process in both] == [0, 0]
    ledger = Ledger(tmp_path)
    assert all(ledger.done(job.digest) for job in jobs)
    begun = (tmp_path / "begun.txt").read_text().split()
    assert len(begun) == len(set(begun)) == len(jobs)  # nothing was done twice
    workers = {(ledger.folder(job.digest) / "worker.txt").read_text() for job in jobs[1:]}
    assert len(workers) == 2  # and both did some


def test_the_job_of_a_killed_run_is_taken_over(tmp_path: Path) -> None:
    jobs = jobs_doing("sleep-once")
    code = (
        f"import sys; sys.path[:0] = [{str(HERE)!r}]\n"
        "from pathlib import Path\nimport test_engine as t\n"
        "t.run(Path(sys.argv[1]), t.jobs_doing('sleep-once'))\n"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)])
    while not (tmp_path / "slept-once").exists():
        time.sleep(0.02)
    threading.Timer(1.5, other.kill).start()
    started = time.monotonic()
    assert run(tmp_path, jobs) == []  # waits while the other lives, then does it
    assert time.monotonic() - started > 1
    assert Ledger(tmp_path).done(jobs[1].digest)
    other.wait()


def test_an_input_that_was_damaged_while_the_run_works_is_found_and_done_again(tmp_path: Path) -> None:
    root = Job("pool", {"do": "write", "n": 0})
    breaks = Job("answers", {"do": "break", "n": 1, "breaks": root.digest})
    reads = Job("answers", {"do": "write", "n": 2}, {"pool": root.digest, "before": breaks.digest})
    events: list[str] = []
    assert engine(tmp_path, [root, breaks, reads], 1, events).run() == []
    assert "again 0" in events
    assert Ledger(tmp_path).verify([root.digest, breaks.digest, reads.digest])[1] == {}
    begun = (tmp_path / "begun.txt").read_text().split()
    assert [begun.count(job.digest) for job in (root, breaks, reads)] == [2, 1, 1]


def test_a_failed_job_is_tried_again_as_often_as_asked(tmp_path: Path) -> None:
    jobs = jobs_doing("fail-twice")
    assert [f.kind for f in run(tmp_path / "a", jobs, retry=1)] == ["RuntimeError"]
    events: list[str] = []
    assert engine(tmp_path / "b", jobs, 1, events, retry=2).run() == []
    assert events.count("again 1") == 2


def test_a_failure_of_another_run_stands_for_this_one(tmp_path: Path) -> None:
    jobs = jobs_doing("user")
    ledger = Ledger(tmp_path)
    ledger.prepare()
    other = Leases(tmp_path, mark="ffffffff-1-1")
    other.__enter__()
    other.claim(jobs[1].digest)

    def fail() -> None:
        time.sleep(1)
        ledger.record_failure(Failure(jobs[1].digest, jobs[1].title, "Theirs.", "UserError", 2))
        other.release(jobs[1].digest)

    threading.Thread(target=fail).start()
    assert [f.reason for f in run(tmp_path, jobs)] == ["Theirs."]


def test_workers_are_no_more_than_the_gpus_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "seen_devices", lambda: ["0", "1"])
    assert processes.worker_count(0, 1, 2.0) == 1
    assert processes.worker_count(8, 1, 0.5) == 4
    assert processes.worker_count(3, 1, 0.5) == 3
    assert processes.worker_count(8, 1) == 8


def test_a_worker_sees_its_own_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "seen_devices", lambda: ["GPU-a", "GPU-b"])
    made = engine(tmp_path, jobs_doing("gpu", "gpu", "gpu"), 2, study=STUDY.model_copy(update={"compute": SHARED}))
    assert made.run() == []
    seen = {path.read_text() for path in (tmp_path / "jobs").glob("*/gpu.txt")}
    assert seen == {"GPU-a", "GPU-b"}

"""What do planning, claiming and committing cost in a study of ten thousand adapters?

    make scale                                                   # about ten minutes and 2 GB of disk
    python benchmarks/scheduler_at_scale.py --adapters 1000 --processes 1

Schedule, leases, ledger and engine are the real ones, and every file is waited for until it is on the disk; only
models are left out, so that a job takes no longer than its outputs take to be written. First the whole plan is
scheduled without a disk; then as many of its jobs as --commit says are claimed and committed, by one process and by
several that race on one folder.
"""

from __future__ import annotations

import argparse
import json
import pickle
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from many_adapters import Writers, many_jobs
from proclivity.runs.engine import Engine
from proclivity.runs.jobs import Job
from proclivity.runs.leases import Leases
from proclivity.runs.ledger import Ledger
from proclivity.runs.schedule import Schedule

COST = {"induce": 4.0, "measure": 0.5, "analyze": 60.0}
LIST_LIMIT, COMMIT_LIMIT = 5.0, 300.0
"""Seconds that listing, and claiming and committing ten thousand jobs, may take."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    if options.racer:
        return race(options)
    jobs = timed("plan and digests", lambda: many_jobs(options.adapters, options.families))
    print(f"{len(jobs):,} jobs, {stages(jobs.values())}")
    timed("schedule alone, 8 workers", lambda: run_dry(jobs, 8))
    print(f"what every worker is told of the jobs: {len(pickle.dumps(jobs)) / 1e6:.0f} MB")
    slow = False
    for processes in options.processes:
        slow |= on_disk(options, jobs, processes)
    shutil.rmtree(options.out, ignore_errors=True)
    return int(slow)


def run_dry(jobs: dict[str, Job], workers: int) -> int:
    """Takes and finishes every job; the number of jobs."""
    schedule = Schedule(jobs, COST)
    while not schedule.finished:
        for job in [job for worker in range(workers) if (job := schedule.take(worker))]:
            schedule.finish(job.digest)
    assert len(schedule.done) == len(jobs)
    return len(jobs)


def on_disk(options: argparse.Namespace, jobs: dict[str, Job], processes: int) -> bool:
    """Processes share a new folder until the first jobs of the plan are committed; then the folder is read.

    Returns:
        Whether a limit was passed, or a job was done twice.
    """
    print(f"\n{processes} process{'es' * (processes > 1)} on one folder, {options.workers} writers in each")
    shutil.rmtree(options.out, ignore_errors=True)
    options.out.mkdir(parents=True)
    ledger, part = Ledger(options.out), first_jobs(jobs, options.commit)
    ledger.prepare()
    words = [f"--{name}={getattr(options, name)}" for name in ("adapters", "families", "commit", "workers", "out")]
    command = [sys.executable, __file__, *words, "--racer"]
    racers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(processes)]
    for racer in racers:
        assert racer.stdout is not None
        racer.stdout.readline()  # its plan is made
    started = time.monotonic()
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write(b"go\n")
        racer.stdin.flush()
    told = [json.loads(racer.communicate()[0]) for racer in racers]
    seconds = time.monotonic() - started
    begun = Counter(line.split()[0] for line in (options.out / "begun.txt").read_text().splitlines())
    print(f"  {len(part):,} jobs in {seconds:.1f} s, {len(part) / seconds:.0f} a second; {stages(part.values())}")
    print(f"  done by each: {[row['committed'] for row in told]}; begun twice: {begun.total() - len(begun)}")
    for name in told[0]["seconds"]:
        print(f"  {name}: {[round(row['seconds'][name], 1) for row in told]} s in each process")
    listing = timed("  list", lambda: len(ledger.present()))
    assert listing == len(part)
    listed = time.monotonic()
    assert sum(map(ledger.done, part)) == len(part)
    listed = time.monotonic() - listed
    print(f"  list and look for each record: {listed:.2f} s")
    intact, _ = timed("  read and check every byte", lambda: ledger.verify(part))
    left = [path.name for path in (*options.out.glob("leases/*"), *ledger.jobs.glob(".tmp-*"))]
    print(f"  intact {len(intact):,}, left over {len(left)}")
    late = seconds * 10_000 / len(part) > COMMIT_LIMIT or listed * 10_000 / len(part) > LIST_LIMIT
    return late or bool(left) or len(intact) < len(part) or begun.total() > len(begun)


def race(options: argparse.Namespace) -> int:
    """One process of several: waits for the start, works, and tells how its time was spent."""
    part = first_jobs(many_jobs(options.adapters, options.families), options.commit)
    print("ready", flush=True)
    sys.stdin.readline()
    clock: Counter[str] = Counter()
    committed: Counter[str] = Counter()
    ledger = Ledger(options.out)
    with Leases(options.out) as leases:
        schedule = Schedule(part, COST)
        for owner, name in ((leases, "claim"), (leases, "release"), (schedule, "take"), (schedule, "finish")):
            setattr(owner, name, _clocked(getattr(owner, name), name, clock))

        def listen(kind: str, job: Job, seconds: float) -> None:
            committed[job.digest] += kind == "done" and seconds > 0
            clock["commit, all writers"] += seconds

        pool = Writers(ledger, part, options.out / "begun.txt")
        failures = Engine(schedule, ledger, leases, pool, options.workers, listen).run()
        assert not failures
    print(json.dumps({"committed": committed.total(), "seconds": dict(clock)}))
    return 0


def first_jobs(jobs: dict[str, Job], count: int) -> dict[str, Job]:
    """As many jobs as asked, in the plan's order, so that each stands after those that it needs."""
    return dict(list(jobs.items())[:count])


def stages(jobs: Iterable[Job]) -> str:
    """Number of jobs by stage, in words."""
    return ", ".join(f"{count:,} {stage}" for stage, count in Counter(job.stage for job in jobs).items())


def timed(name: str, act: Callable[[], Any]) -> Any:
    """Prints how long something takes."""
    started = time.perf_counter()
    result = act()
    print(f"{name}: {time.perf_counter() - started:.2f} s", flush=True)
    return result


def _clocked(act: Callable[..., Any], name: str, clock: Counter[str]) -> Callable[..., Any]:
    def act_on_the_clock(*given: Any) -> Any:
        started = time.perf_counter()
        try:
            return act(*given)
        finally:
            clock[name] += time.perf_counter() - started  # type: ignore[assignment]

    return act_on_the_clock


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--adapters", type=int, default=10_000)
    parser.add_argument("--families", type=int, default=5)
    parser.add_argument("--commit", type=int, default=10_000, help="jobs that are written to the disk")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4], help="how many race, one race each")
    parser.add_argument("--workers", type=int, default=2, help="writers of each process")
    parser.add_argument("--out", type=Path, default=Path("runs/scale"), help="is made anew, and removed")
    parser.add_argument("--racer", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())

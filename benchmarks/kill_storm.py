"""Does a study that is killed again and again end in the same tables as one that nobody disturbed?

    make storm                                                   # the demo, 50 kills, about a quarter of an hour
    python benchmarks/kill_storm.py --kills 8 --set seeds=1      # a smaller study
    python benchmarks/kill_storm.py --reference runs/demo        # compare with a run that is there already

At random moments that a seed fixes, `kill -9` falls on the run's own process, on one of its workers, or on all of them
at once. What is left goes on by itself, or by the same command; nothing else is done. At the end every table, and every
output of every job, is compared byte for byte with an undisturbed run in another folder. Report and manifest, which
tell times, are left out.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from same_tables import differences
from watched_run import Run, Watch, leftovers

START = 5.0
"""Seconds that a run takes until its workers have begun, about; a run that is killed loses them."""
WHOM = ("run", "worker", "all")
TRIES = 3
"""How often the same command is given after the last kill."""


@dataclass
class Storm:
    """What happened."""

    kills: Counter[str] = field(default_factory=Counter)
    """By whom they fell on."""
    between: list[int] = field(default_factory=list)
    """Jobs that were committed between two kills."""
    starts: int = 0
    failed: list[str] = field(default_factory=list)
    """Why runs ended before the study was complete, other than by a kill."""
    late: int = 0
    """Kills that fell when every job was committed already."""
    seconds: float = 0.0


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    shutil.rmtree(options.out, ignore_errors=True)
    words = [*(word for value in options.set for word in ("--set", value)), "--workers", str(options.workers)]
    reference = options.reference or options.out.with_name(f"{options.out.name}-undisturbed")
    if options.reference is None:
        shutil.rmtree(reference, ignore_errors=True)
        undisturbed(options.study, reference, words)
    expected = seconds_of_work(reference) / options.workers
    print(f"undisturbed: {expected:.0f} s of work with {options.workers} workers", flush=True)
    with Watch(options.out) as watch:
        storm = rage(options, words, expected, watch)
    return tell(storm, watch, leftovers(options.out), differences(reference, options.out))


def undisturbed(study: str, out: Path, words: list[str]) -> None:
    """Runs the whole study."""
    result = Run(study, out, words).result()
    assert result["exit_code"] == 0, result["errors"]


def seconds_of_work(out: Path) -> float:
    """What all jobs of a finished study took together."""
    return sum(json.loads(path.read_text())["seconds"] for path in (out / "jobs").glob("[0-9a-f]*/done.json"))


def rage(options: argparse.Namespace, words: list[str], expected: float, watch: Watch) -> Storm:
    """Kills as often as asked, spread over what is left to do, and lets the study end."""
    rng = random.Random(options.seed)
    storm, started, before = Storm(), time.monotonic(), 0
    total = jobs_of_study(options.study, words)
    run: Run | None = None
    while left := options.kills - storm.kills.total():
        if run is None or not run.alive:
            run, storm.starts = Run(options.study, options.out, words), storm.starts + 1
        done = len(watch.committed)
        work = expected * (1 - done / total) / left
        _wait(run, rng.uniform(1, 2 * (START + work) if done < total else START))
        whom = rng.choice(WHOM)
        if run.kill(whom, rng.randrange(16)):
            done = len(watch.committed)
            storm.kills[whom] += 1
            storm.late += done == total
            storm.between.append(done - before)
            before = done
            print(f"{time.monotonic() - started:6.0f} s: {whom} killed, {done} of {total} jobs", flush=True)
        elif not run.alive:
            storm.failed += _why(run)
    settle(options, words, run, storm)
    storm.seconds = time.monotonic() - started
    return storm


def settle(options: argparse.Namespace, words: list[str], run: Run | None, storm: Storm) -> None:
    """Lets what goes on end, and gives the same command until the study is complete."""
    for _ in range(TRIES):
        if run is not None and run.result().get("complete"):
            return
        storm.failed += _why(run) if run is not None else []
        run, storm.starts = Run(options.study, options.out, words), storm.starts + 1
    storm.failed.append("the study never became complete")


def jobs_of_study(study: str, words: list[str]) -> int:
    """How many jobs the plan has."""
    from proclivity.runs.study import plan_study
    from proclivity.specs import load_study

    sets = [value for key, value in pairwise(words) if key == "--set"]
    return len(plan_study(load_study(study, sets)).by_digest)


def _wait(run: Run, seconds: float) -> None:
    """Sleeps, but no longer than the run lives."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends and run.alive:
        time.sleep(0.05)


def _why(run: Run) -> list[str]:
    """Reasons for which a run that nobody killed didn't complete the study."""
    result = run.result()
    if result["exit_code"] in (0, -9):
        return []
    return [row["reason"] for row in result.get("failures", [])] or [result["errors"].strip()[-500:]]


def tell(storm: Storm, watch: Watch, left: list[str], different: list[str]) -> int:
    """Prints the figures.

    Returns:
        0 if nothing was lost, done twice, left over or different.
    """
    begun, between = watch.begun(), storm.between
    kinds = ", ".join(f"{count} of {whom}" for whom, count in sorted(storm.kills.items()))
    print(
        f"\n{storm.kills.total()} kills ({kinds}), {storm.late} of them when all jobs were done; {storm.starts} starts"
    )
    print(f"{storm.seconds:.0f} s in all; jobs between kills: {min(between)} to {max(between)}, {between}")
    print(f"{len(watch.committed)} jobs committed, begun {begun.total()} times as far as was seen")
    for reason in storm.failed:
        print(f"a run ended by itself: {reason}")
    faults = [f"job {digest} was lost or committed twice" for digest in sorted(watch.changed)]
    faults += [f"left over: {name}" for name in left] + [f"differs: {text}" for text in different]
    print("\n".join(faults) or "no job lost or committed twice, nothing left over, every table and output identical")
    return 1 if faults or not watch.committed else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study", default="demo", help="a study file or a packaged study's name")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as for `proclivity run`")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0, help="of moments and of whom they fall on")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("runs/storm"), help="is made anew")
    parser.add_argument("--reference", type=Path, help="folder of an undisturbed run of the same study")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())

"""Do runs that share one folder share its work, each job once, and end in the tables of a single run?

    make race                                                    # four races, about five minutes on two cores
    python benchmarks/race.py --race two --set seeds=2

A race is `two` (two runs of the whole study at once), `mixed` (the same with a run that is killed on the way), `shards`
(parts 0/3, 1/3 and 2/3 at once) or `in-turn` (the parts one after another). Every table and every output of every job
is compared byte for byte with a single run's.
"""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from same_tables import differences
from watched_run import Run, Watch, leftovers

SMALL = (
    "seeds=2",
    'models=[{"name":"llama-equal","path":"llama-equal","world":"equal"},'
    '{"name":"gpt2-equal","path":"gpt2-equal","world":"equal"}]',
)
"""What makes the demo a study of a minute."""
SHARDS = 3
KILLED_AFTER = 20.0
"""Seconds after which a run is killed beside another."""
FAIR = 0.2
"""Share of the jobs that each of two equal runs has to do at least."""

Start = Callable[[Sequence[str]], Run]


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    words = [word for value in options.set or SMALL for word in ("--set", value)] + ["--workers", str(options.workers)]
    single = options.out / "single"
    shutil.rmtree(options.out, ignore_errors=True)
    started = time.monotonic()
    result = Run(options.study, single, words).result()
    assert result["exit_code"] == 0, result["errors"]
    print(f"single: {result['jobs']} jobs, {time.monotonic() - started:.0f} s", flush=True)
    return sum(try_race(name, options, words, single) for name in options.race)


def try_race(name: str, options: argparse.Namespace, words: list[str], single: Path) -> int:
    """Runs one race and prints what came of it; the number of faults."""
    out = options.out / name
    started = time.monotonic()

    def start(more: Sequence[str] = ()) -> Run:
        return Run(options.study, out, [*words, *more])

    with Watch(out) as watch:
        runs = RACES[name](start, watch)
        results = [run.result() for run in runs]
    seconds = time.monotonic() - started
    begun = watch.begun()
    shares = [watch.done_by(run) for run in runs]
    twice = sum(count > 1 for count in begun.values())
    print(f"{name}: {seconds:.0f} s, done by each {shares}, begun more than once {twice}", flush=True)
    faults = [f"a run ended with {row['exit_code']}: {row['errors'][-300:]}" for row in results if row["exit_code"] > 0]
    faults += [] if any(row.get("complete") for row in results) else ["no run completed the study"]
    faults += [f"job {digest} was lost or committed twice" for digest in sorted(watch.changed)]
    faults += [f"{twice} jobs were done twice"] if twice and name != "mixed" else []
    faults += [f"left over: {name}" for name in leftovers(out)] + differences(single, out)
    faults += ["the work was not shared"] if name in ("two", "shards") and unfair(shares) else []
    for fault in faults:
        print(f"  {fault}")
    return len(faults)


def two(start: Start, watch: Watch) -> list[Run]:
    """Two runs of the whole study."""
    return [start(()), start(())]


def mixed(start: Start, watch: Watch) -> list[Run]:
    """Two runs, of which one is killed with its workers on the way."""
    lost, other = start(()), start(())
    time.sleep(KILLED_AFTER)
    lost.kill("all")
    other.process.wait()
    return [lost, other]


def shards(start: Start, watch: Watch) -> list[Run]:
    """All parts at once."""
    return [start(("--shard", f"{number}/{SHARDS}")) for number in range(SHARDS)]


def in_turn(start: Start, watch: Watch) -> list[Run]:
    """One part after another."""
    runs = []
    for number in range(SHARDS):
        runs.append(start(("--shard", f"{number}/{SHARDS}")))
        runs[-1].process.wait()
    return runs


RACES = {"two": two, "mixed": mixed, "shards": shards, "in-turn": in_turn}


def unfair(shares: list[int]) -> bool:
    """Whether one of several equal runs did next to nothing."""
    return min(shares) < FAIR * sum(shares) * 2 / len(shares)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study", default="demo", help="a study file or a packaged study's name")
    parser.add_argument("--set", action="append", metavar="KEY=VALUE", help="as for `proclivity run`")
    parser.add_argument("--race", nargs="+", choices=RACES, default=list(RACES))
    parser.add_argument("--workers", type=int, default=1, help="of each run")
    parser.add_argument("--out", type=Path, default=Path("runs/race"), help="is made anew")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())

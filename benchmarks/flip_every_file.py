"""Does `proclivity status` name every damaged file? Each file of a finished run is damaged in turn, and restored.

    make flips RUN=runs/demo
    python benchmarks/flip_every_file.py --run runs/demo

Three ways: one bit flipped at a random place, cut to half, cut to nothing. Ends with 1 if any damage went unnoticed.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from proclivity.errors import ProclivityError
from proclivity.runs.ledger import Ledger
from proclivity.runs.status import run_status, status_of
from proclivity.runs.top_files import read_plan

WAYS = ("bit", "half", "nothing")


def files_of(run: Path) -> list[Path]:
    """Every regular file of a run; links lead to files that stand in the list already."""
    return sorted(path for path in run.rglob("*") if path.is_file() and not _through_a_link(path, run))


def _through_a_link(path: Path, run: Path) -> bool:
    return any(part.is_symlink() for part in [path, *path.parents] if part.is_relative_to(run) and part != run)


@contextmanager
def damaged(path: Path, way: str, rng: random.Random) -> Iterator[str]:
    """The file with one kind of damage, for as long as the block lasts; gives what was done in words.

    An empty file can't lose anything: it gets a byte instead.
    """
    content = path.read_bytes()
    changed, told = bytearray(content), way
    if not content:
        changed, told = bytearray(b"x"), "a byte more"
    elif way == "bit":
        place, bit = rng.randrange(len(content)), rng.randrange(8)
        changed[place] ^= 1 << bit
        told = f"bit {bit} of byte {place}"
    else:
        del changed[len(content) // 2 if way == "half" else 0 :]
    path.write_bytes(changed)
    try:
        yield told
    finally:
        path.write_bytes(content)


def told_of(run: Path, path: Path) -> str:
    """What status says of a run while one of its files is damaged: faults, or the error that it ends with.

    Of a job's file only the job's part of status is asked; a file at the top is checked against the jobs that made it.
    """
    inner = path.relative_to(run).parts
    try:
        if inner[0] == "jobs":
            return "\n".join(Ledger(run).verify([inner[1]])[1].values())
        now = read_plan(run)
        made = [job.digest for stage in ("analyze", "report") for job in now.stage(stage)]
        return "\n".join(status_of(now, run, jobs=made).damaged)
    except ProclivityError as error:
        return str(error)


def unnoticed(run: Path, seed: int = 0) -> tuple[int, list[str]]:
    """Damages every file of a run in every way, one at a time.

    Returns:
        Number of damages, and those that status didn't name, in words.
    """
    rng = random.Random(seed)
    missed, count = [], 0
    for path in files_of(run):
        for way in WAYS:
            with damaged(path, way, rng) as done:
                count += 1
                if path.name not in told_of(run, path):
                    missed.append(f"{path.relative_to(run)}: {done}")
    return count, [*missed, *(f"not restored: {text}" for text in run_status(run).damaged)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="folder of a finished study; best a copy")
    parser.add_argument("--seed", type=int, default=0)
    words = parser.parse_args()
    started = time.monotonic()
    count, missed = unnoticed(words.run, words.seed)
    files = len(files_of(words.run))
    print(f"{files} files, {count} damages, {len(missed)} unnoticed; {time.monotonic() - started:.0f} s")
    print("\n".join(missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

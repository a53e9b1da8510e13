"""Does cost grow in proportion to arms, seeds, items and probes, with memory flat, and does the package start at once?

    python benchmarks/growth.py --json growth.json        # about four minutes on two cores

Each is made 1, 2, 4, 8 and 16 times as large as a small beginning, on a packaged tiny model, each size in a process
of its own. Arms and seeds are whole studies by one worker. Items are decisions trained on, probes items of a cloze
family. The slope is k of the curve a + b·n^k that fits best, 1 where cost is linear; a is what there is at any size (a
study's start, base and report; an adapter's layers). Seconds are of the processor (the process and its workers), which
other load on the machine changes least, but still by a tenth: on a busy machine take the least of several `--rounds`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

SIZES = (1, 2, 4, 8, 16)
MODEL = "gpt2-equal"
PACK = "microworld"
FAMILY = "cloze-feeling"
DECISIONS = 288
"""Of each arm of a study: enough that an arm costs seconds beside a start of ten."""
ITEMS, COPIES = 72, 4
"""Decisions, and copies of the family's items, at size 1."""
STARTS = 5
IMPORT_LIMIT, HELP_LIMIT = 0.3, 0.5
"""Seconds."""

Row = dict[str, Any]
Work = Callable[[], object]


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    if options.one:
        what, size = options.one
        print(json.dumps(measured(PARTS[what](int(size)))))
        return 0
    rows = [row for what in options.what for row in grow(what, options.rounds)]
    rows += starts() if options.what == list(PARTS) else []
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0


def grow(what: str, rounds: int) -> list[Row]:
    """One row a size, the least of several rounds over all sizes, then the slope."""
    tried = [[_in_a_process(what, size) for size in SIZES] for _ in range(rounds)]
    found: list[Row] = [
        {"what": what, "size": size, **{name: min(own[name] for own in runs) for name in runs[0]}}
        for size, runs in zip(SIZES, zip(*tried, strict=True), strict=True)
    ]
    seconds, peaks = [row["seconds"] for row in found], [row["peak_mb"] for row in found]
    fixed, steep = power_of_growth(SIZES, seconds)
    for row in found:
        print(f"{what:>7} × {row['size']:<2}  {row['seconds']:7.2f} s  {row['peak_mb']:6.0f} MB at the peak")
    spread = round(max(peaks) - min(peaks), 1)
    print(
        f"{what:>7}: slope {steep:.2f} beside {fixed:.2f} s at any size; {spread:.0f} MB from least to most\n",
        flush=True,
    )
    return [*found, {"what": what, "slope": round(steep, 3), "fixed_seconds": round(fixed, 3), "spread_mb": spread}]


def power_of_growth(sizes: Sequence[float], seconds: Sequence[float]) -> tuple[float, float]:
    """a and k of the curve a + b·n^k that comes nearest to the times, a and b not below 0; errors count in proportion
    to the time, as noise does. k is the slope of ln(seconds − a) over ln n, without the noise that taking a from the
    smallest time would leave.

    Returns:
        Seconds at any size, and the slope: 1 where cost is linear.
    """
    from scipy.optimize import nnls

    taken = np.asarray(seconds, dtype=np.float64)

    def fit(k: float) -> tuple[float, float]:
        columns = np.stack([np.ones(len(taken)), np.asarray(sizes, dtype=np.float64) ** k], axis=1)
        (a, _), error = nnls(columns / taken[:, None], np.ones(len(taken)))
        return float(error), float(a)

    k = min(np.arange(20, 301) / 100, key=lambda k: fit(k)[0])
    return fit(k)[1], float(k)


def measured(work: Work) -> dict[str, float]:
    """Seconds of the processor and the peak of resident memory, this process and those that it waited for."""
    before = _processor()
    work()
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {"seconds": round(_processor() - before, 3), "peak_mb": round(peak / 1024, 1)}


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(own.ru_utime + own.ru_stime for own in used)


def _in_a_process(what: str, size: int) -> dict[str, float]:
    words = [sys.executable, __file__, "--one", what, str(size)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def arms(size: int) -> Work:
    """A study of the base and so many trained arms: copies of one profile under names of their own."""
    return _study(arms=size, seeds=1)


def seeds(size: int) -> Work:
    """A study of the base and one arm with so many seeds."""
    return _study(arms=1, seeds=size)


def _study(*, arms: int, seeds: int) -> Work:
    import yaml

    from proclivity.runs import run_study
    from proclivity.specs import Study, load_pack

    folder = Path(tempfile.mkdtemp(prefix="proclivity-growth-"))
    profile = load_pack(PACK).profiles["depression"].model_dump(mode="json")
    names = [f"{profile['id']}-{number}" for number in range(arms)]
    for name in names:
        (folder / f"{name}.yml").write_text(yaml.safe_dump(profile | {"id": name}), encoding="utf-8")
    study = Study.model_validate(
        {
            "id": "growth",
            "title": "Growth",
            "question": "How does cost grow?",
            "pack": PACK,
            "profiles": [str(folder / f"{name}.yml") for name in names],
            "models": [{"name": MODEL, "path": MODEL}],
            "arms": ["base", *names],
            "seeds": seeds,
            "decisions": {"n": DECISIONS},
            "induction": {"epochs": 1},
            "battery": {"families": [FAMILY, "choice"], "choice_items": 18},
            "analysis": {"bootstrap": 20},
        }
    )

    def work() -> None:
        summary = run_study(study, folder / "run", workers=1)
        assert summary.complete, summary.failures

    return work


def items(size: int) -> Work:
    """Training on so many decisions."""
    from proclivity import induce, load_model, load_pack, make_pool
    from proclivity.induction import give_answers, training_rows
    from proclivity.specs import InductionSpec

    pack, model = load_pack(PACK), load_model(MODEL)
    pool = make_pool(pack, size * ITEMS, 0)
    profile = pack.profiles["depression"]
    answers = [int(answer) for answer in give_answers(pool, profile.id, seed=0, profile=profile)]
    rows = training_rows(model, pool, answers, profile.id)
    out = Path(tempfile.mkdtemp(prefix="proclivity-growth-"))
    induce(model, rows[:9], InductionSpec(epochs=1), seed=0, out=out / "first")  # loads what any training loads
    return lambda: induce(model, rows, InductionSpec(epochs=1), seed=0, out=out / "adapter")


def probes(size: int) -> Work:
    """Measuring a family of so many items on a base, each after one word of its own so that no text is read twice."""
    from dataclasses import replace

    from proclivity import load_model, load_pack, measure

    pack, model = load_pack(PACK), load_model(MODEL)
    family = pack.probes[FAMILY]
    words = [text.strip() for text in model.vocabulary() if text.startswith(" ") and text.strip().isalpha()]
    copies = [
        item.model_copy(update={"id": f"{item.id}.{word}", "text": f"{word} . {item.text}"})
        for word in words[: size * COPIES]
        for item in family.items
    ]
    assert len(copies) == size * COPIES * len(family.items), "the model's vocabulary has too few words"
    grown = replace(pack, probes={**pack.probes, FAMILY: family.model_copy(update={"items": copies})})
    measure(model, pack, only=[FAMILY])[FAMILY].rows.table()  # loads what any measuring and writing loads
    return lambda: measure(model, grown, only=[FAMILY])


PARTS: dict[str, Callable[[int], Work]] = {"arms": arms, "seeds": seeds, "items": items, "probes": probes}
"""What is made larger -> that work at a size, prepared."""


def starts() -> list[Row]:
    """Seconds of the quickest of several starts, a row each."""
    rows = []
    for what, words, limit in (
        ("import proclivity", ["-c", "import proclivity"], IMPORT_LIMIT),
        ("proclivity --help", ["-m", "proclivity", "--help"], HELP_LIMIT),
    ):
        seconds = min(_start(words) for _ in range(STARTS))
        print(f"{what}: {seconds:.2f} s, {'within' if seconds <= limit else 'OVER'} {limit} s", flush=True)
        rows.append({"what": what, "size": 1, "seconds": round(seconds, 3), "limit": limit})
    return rows


def _start(words: Sequence[str]) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How cost grows with arms, seeds, items and probes.")
    parser.add_argument("--what", nargs="+", choices=list(PARTS), default=list(PARTS), help="What is made larger.")
    parser.add_argument("--rounds", type=int, default=1, help="How often each size is tried; the least counts.")
    parser.add_argument("--json", type=Path, help="File for the rows.")
    parser.add_argument("--one", nargs=2, metavar=("WHAT", "SIZE"), help="One size in this process, as JSON.")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())

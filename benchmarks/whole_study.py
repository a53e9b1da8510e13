"""How long does a whole study take, beside the same work done with TRL and lm-evaluation-harness?

Four arms with eight training seeds, and a battery of 500 probes asked of the base and of every adapter: 9,000 pairs of
a prompt and a continuation.

- Theirs: TRL's SFTTrainer teaches an adapter and saves it; HFLM loads model and adapter and scores the pairs. Same
  rows in the same order, same first weights, LoRA of rank 8, TRL's defaults beside that; the quickest of three batch
  sizes for HFLM. Two adapters and the base are measured whole, every training and every evaluation in a process of its
  own, and extrapolated to 32 trainings and 33 evaluations.
- Ours: the study as `proclivity run` makes it, from process start to report. Beyond the pairs it makes decisions and
  answers, keeps full next-token distributions, compares them with the base's, scores capital spellings, neutral
  openings and control text, measures the floor of numbers, analyses and reports.

The time of a process of theirs is told in two parts: what it imports and loads before it can begin, and its work.
Tokens are given to them, so reading rows, tasks and results costs them nothing. Either side has two cores: ours two
workers of one thread; theirs two threads in one process, or one thread in each of two that don't hinder each other.

    python benchmarks/whole_study.py                 # a packaged model, everything of ours run; minutes
    python benchmarks/whole_study.py --shape 135m --ways 0   # real shape, random weights

With real shape one seed of ours is run, trainings on both sides have two steps, and either side is extrapolated to all
adapters and steps.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from growth import measured
from performance import markdown
from timed_study import ARMS, CORES, SEEDS, SHAPES, TAUGHT, pairs, prepare, read, write

EVERY = 17
"""Of which pairs scores have to agree; 18 follow one prompt, so that all places and candidates come in."""
TOLERANCE = 1e-4
"""Nats."""
ARM = " of arms"
"""What the stages of trained arms' jobs end with."""


@dataclass(frozen=True)
class Way:
    """How theirs is laid out on the cores."""

    name: str
    threads: int
    at_once: int
    """Processes at the same time."""
    checkpointing: bool = True
    """TRL's default."""


WAYS = (
    Way("two threads, one process", 2, 1),
    Way("one thread, two processes", 1, 2),
    Way("the same, no checkpointing", 1, 2, checkpointing=False),
)


def ours(folder: Path) -> dict[str, Any]:
    """The study in this process and its workers."""
    from proclivity.runs import run_study
    from proclivity.specs import load_study

    def work() -> None:
        summary = run_study(load_study(folder / "study.yml"), folder / "run")
        assert summary.complete, summary.failures

    return _timed(work)


def train(folder: Path, cell: str, threads: int, checkpointing: bool) -> dict[str, Any]:
    """One adapter by TRL: seconds before it can begin, seconds of work."""
    began = time.perf_counter()
    import datasets  # noqa: F401
    import peft  # noqa: F401
    import torch
    import transformers
    from trl import SFTConfig, SFTTrainer  # noqa: F401

    torch.set_num_threads(threads)
    network = transformers.AutoModelForCausalLM.from_pretrained(folder / "model")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder / "model")
    start = time.perf_counter() - began

    from proclivity.records import TrainingRow
    from proclivity.specs import load_study
    from shapes import trl_trainer

    spec = load_study(folder / "study.yml").induction
    rows = [TrainingRow(d, arm, tuple(ids), tuple(mask)) for d, arm, ids, mask in read(folder / f"{cell}.json")]
    out = folder / "theirs" / cell

    def work() -> None:
        seed = int(cell.rsplit("-", 1)[1])
        named = {"tokenizer": tokenizer, "folder": str(out), "seed": seed, "checkpointing": checkpointing}
        trainer = trl_trainer(network, rows, spec, **named)
        trainer.train()
        trainer.save_model(str(out))
        write(folder / f"losses-{cell}.json", trainer.losses)

    return {"start": start, **_timed(work)}


def evaluate(folder: Path, cell: str, threads: int) -> dict[str, Any]:
    """The battery's pairs by HFLM, of an adapter of theirs or of the base."""
    began = time.perf_counter()
    import torch
    from lm_eval.models.huggingface import HFLM

    torch.set_num_threads(threads)
    place = str(folder / "model")
    adapter = str(folder / "theirs" / cell) if cell != "base" else None
    harness = HFLM(pretrained=place, tokenizer=place, peft=adapter, device="cpu", dtype="float32")
    start = time.perf_counter() - began

    from shapes import best_batch, harness_scores

    encoded = pairs(folder)
    readings = encoded[-len(encoded) // 5 :]  # several tokens a continuation: most of the work
    size = best_batch(harness, readings)

    def work() -> None:
        write(folder / f"scores-{cell}.json", harness_scores(harness, encoded, size))

    return {"start": start, "batch": size, **_timed(work)}


def _timed(work: Callable[[], None]) -> dict[str, float]:
    """Seconds of the clock (`work`) and of the processor (`processor`), and the peak in megabytes of the largest
    process."""
    began = time.perf_counter()
    used = measured(work)
    return {"work": time.perf_counter() - began, "processor": used["seconds"], "peak_mb": used["peak_mb"]}


def agree(folder: Path, cell: str) -> dict[str, Any]:
    """Largest difference in nats between both sides' scores by one adapter file of theirs; and between the losses of
    theirs and those of ours for the same arm and seed."""
    import numpy as np

    from proclivity import load_model

    made = folder / "run" / "adapters" / "model" / cell.rsplit("-", 1)[0] / f"seed-{cell.rsplit('-', 1)[1]}"
    losses = read(made.resolve().parent / "checkpoint.json")["loss_curve"]
    gap = float(np.abs(np.subtract(losses, read(folder / f"losses-{cell}.json"))).max())
    encoded, theirs = pairs(folder), read(folder / f"scores-{cell}.json")
    places = range(0, len(encoded), EVERY)
    scorer = load_model(folder / "model", folder / "theirs" / cell).scorer
    own = [float(x.sum()) for x in scorer.read([], [encoded[place] for place in places], 64)[1]]
    nats = float(np.abs(np.subtract(own, [theirs[place] for place in places])).max())
    return {"pairs": len(places), "nats": nats, "losses": gap}


def compare(folder: Path, shape: str, ways: list[Way]) -> list[dict[str, Any]]:
    """Rows of the table, ours first."""
    there = _part(folder, "prepare", shape)
    print(f"{there['probes']} probes, {there['pairs']} pairs, {len(ARMS) * SEEDS} adapters", flush=True)
    began = time.perf_counter()
    done = _part(folder, "ours")
    whole = time.perf_counter() - began
    size = SHAPES[shape]
    jobs = _seconds_of_jobs(folder)
    minutes = _extrapolated(whole, jobs, SEEDS / size["seeds"], size["times"]) / 60
    told = {stage: f"{len(found)} in {sum(found):.1f} s" for stage, found in jobs.items()}
    print(
        f"ours ran {whole:.1f} s on {CORES} workers, {done['processor']:.1f} s of the processor; jobs: {told}",
        flush=True,
    )
    rows: list[dict[str, Any]] = [
        {
            "side": "proclivity",
            "minutes": minutes,
            "processor_minutes": done["processor"] / 60 if (size["seeds"], size["times"]) == (SEEDS, 1) else math.nan,
            "peak_mb": done["peak_mb"],
        }
    ]
    for way in ways:
        row = _theirs(folder, way, size["times"])
        row["ratio"], row["ratio_without"] = row["minutes"] / minutes, row["minutes_without_starts"] / minutes
        rows.append(row)
        print(_line(row), flush=True)
    cell = "{}-{}".format(*TAUGHT[0])
    found = _part(folder, "agree", cell)
    print(
        f"ours {minutes:.2f} minutes ({done['processor'] / 60:.2f} of the processor where run), peak "
        f"{done['peak_mb']:.0f} MB; by one adapter {found['pairs']} scores differ by at most {found['nats']:.1e} nats, "
        f"losses of its training by {found['losses']:.1e}"
    )
    rows[0] |= {"largest_difference_nats": found["nats"], "loss_gap": found["losses"]}
    return rows


def _theirs(folder: Path, way: Way, times: int) -> dict[str, Any]:
    """Minutes of the whole; steps of a training count so many times."""
    cells = [f"{arm}-{seed}" for arm, seed in TAUGHT]
    taught = [_part(folder, "train", cell, str(way.threads), str(int(way.checkpointing))) for cell in cells]
    asked = [_part(folder, "evaluate", cell, str(way.threads)) for cell in (*cells, "base")]
    adapters = len(ARMS) * SEEDS
    parts = {}
    for what in ("start", "work", "processor"):
        train, evaluated = (sum(x[what] for x in found) / len(cells) for found in (taught, asked[:-1]))
        train *= 1 if what == "start" else times
        at_once = 1 if what == "processor" else way.at_once
        parts[what] = (adapters * (train + evaluated) + asked[-1][what]) / at_once / 60
        parts[f"train_{what}"], parts[f"evaluate_{what}"] = train, evaluated
    return {
        "side": f"TRL and lm-eval, {way.name}",
        "minutes": parts["start"] + parts["work"],
        "minutes_without_starts": parts["work"],
        "processor_minutes": parts["processor"],
        "train_seconds": parts["train_work"],
        "train_start": parts["train_start"],
        "evaluate_seconds": parts["evaluate_work"],
        "evaluate_start": parts["evaluate_start"],
        "batch": asked[0]["batch"],
        "peak_mb": max(part["peak_mb"] for part in (*taught, *asked)),
    }


def _line(row: dict[str, Any]) -> str:
    return (
        f"{row['side']}: {row['minutes']:.2f} minutes with process starts, {row['minutes_without_starts']:.2f} "
        f"without: {row['ratio']:.2f} and {row['ratio_without']:.2f} times ours ({row['processor_minutes']:.2f} of the "
        f"processor); an adapter is taught in {row['train_seconds']:.1f} s (+ {row['train_start']:.1f} s) and asked in "
        f"{row['evaluate_seconds']:.1f} s (+ {row['evaluate_start']:.1f} s, batches of {row['batch']}); peak "
        f"{row['peak_mb']:.0f} MB"
    )


def _seconds_of_jobs(folder: Path) -> dict[str, list[float]]:
    """Of each job, by stage; those of trained arms apart from all others."""
    found: dict[str, list[float]] = {}
    for path in sorted((folder / "run" / "jobs").glob("*/done.json")):
        record = read(path)
        stage = record["title"].split()[0] + (ARM if "/seed-" in record["title"] else "")
        found.setdefault(stage, []).append(record["seconds"])
    return found


def _extrapolated(whole: float, jobs: dict[str, list[float]], seeds: float, steps: int) -> float:
    """Seconds of ours with so many times the seeds and steps. What trained arms take grows with both, by their median
    job (a worker's first one loads libraries too); the rest stays."""
    if seeds == steps == 1:
        return whole
    arms = {stage: len(found) * statistics.median(found) for stage, found in jobs.items() if stage.endswith(ARM)}
    arms["measure" + ARM] = sum(jobs["measure" + ARM])  # families differ
    meant = {stage: seconds * seeds * (steps if stage == "induce" + ARM else 1) for stage, seconds in arms.items()}
    return whole + (sum(meant.values()) - sum(arms.values())) / CORES


def _part(folder: Path, *words: str) -> dict[str, Any]:
    """One part in a process of its own."""
    command = [sys.executable, __file__, "--part", str(folder), *words]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    environment.pop("OMP_NUM_THREADS", None)
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _in_this_process(folder: Path, what: str, words: list[str]) -> dict[str, Any]:
    if what == "prepare":
        return prepare(folder, words[0])
    if what == "ours":
        return ours(folder)
    if what == "train":
        return train(folder, words[0], int(words[1]), bool(int(words[2])))
    return evaluate(folder, words[0], int(words[1])) if what == "evaluate" else agree(folder, words[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shape", choices=list(SHAPES), default="packaged")
    parser.add_argument("--ways", type=int, nargs="*", default=range(len(WAYS)), help="which layouts of theirs")
    parser.add_argument("--keep", type=Path, help="folder for the study and theirs, kept")
    parser.add_argument("--json", type=Path, help="file for the rows")
    parser.add_argument("--part", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        folder, what, *words = options.part
        print("\n" + json.dumps(_in_this_process(Path(folder), what, words)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        rows = compare(folder.resolve(), options.shape, [WAYS[number] for number in options.ways])
    print("\n" + markdown(rows))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    if not rows[0]["largest_difference_nats"] <= TOLERANCE:
        raise SystemExit(f"The sides differ by {rows[0]['largest_difference_nats']:.1e} nats.")


if __name__ == "__main__":
    main()

"""From a dial to its figure: say how long it takes, pretrain what is missing, run a study a rank, write what was found.

The same call again resumes: checkpoints are kept in the cache folder, jobs in the studies' folders.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from proclivity.dial.checkpoints import Checkpoint, Say, find_checkpoints, pretrain_missing
from proclivity.dial.page import Keys, render
from proclivity.dial.settings import Dial, recipes, study_of
from proclivity.dial.shifts import Shift, Spread, read_shifts, spreads
from proclivity.errors import TrainingError
from proclivity.runs import Reporter, run_study

COLUMNS = (
    *("rank", "items", "profile", "coupling", "seed", "state"),
    *("shift", "by_tuning_seed", "chosen", "reason"),
)


@dataclass(frozen=True)
class Workplace:
    """Where and by how many it is done; nothing of it changes a result."""

    out: Path
    """Studies, dial.json, dial.csv and dial.html."""
    cache: Path
    """Checkpoints, which other dials may share."""
    workers: int
    """Processes at once, a core and a thread each."""
    progress: Reporter | None = None
    """Who is told how the studies get on."""
    say: Say = field(default=lambda line: None)


@dataclass(frozen=True)
class DialRun:
    """What a dial ended in."""

    dial: Dial
    checkpoints: Keys
    shifts: list[Shift]
    spreads: list[Spread]
    delta: float
    """Smallest effect of interest, nats."""


def run_dial(dial: Dial, place: Workplace) -> DialRun:
    """Pretrains, teaches, measures and writes.

    Raises:
        UserError: for values that can't be measured, before anything is run.
        TrainingError: if a checkpoint or a study's job couldn't be made; the same call resumes.
    """
    dial.check()
    _check_decisions(dial)
    checkpoints = find_checkpoints(recipes(dial), place.cache)
    place.say(time_words(dial, checkpoints, place.workers))
    pretrain_missing(list(checkpoints.values()), place.workers, place.say)
    usable = {key: checkpoint.folder for key, checkpoint in checkpoints.items() if checkpoint.usable}
    refused = [key for key, checkpoint in checkpoints.items() if checkpoint.state == "refused"]
    shifts: list[Shift] = []
    if not usable:
        place.say("Every checkpoint was refused, so nothing is taught; dial.json says why.")
    for rank in sorted(dial.ranks) if usable else ():
        folder = place.out / f"rank-{rank}"
        summary = run_study(study_of(dial, rank, usable), folder, workers=place.workers, progress=place.progress)
        if not summary.complete:
            first = summary.failures[0].reason if summary.failures else "some jobs are another run's"
            raise TrainingError(f"The study in {folder} didn't finish: {first}. The same command resumes.")
        shifts += read_shifts(folder, rank, usable)
    delta = study_of(dial, dial.ranks[0], {}).analysis.delta
    done = DialRun(dial, checkpoints, shifts, spreads(shifts, refused, dial.couplings), delta)
    write(done, place.out)
    return done


def _check_decisions(dial: Dial) -> None:
    """Refuses decisions that the studies would refuse, before hours of pretraining."""
    from proclivity.decisions import make_pool, require_gates
    from proclivity.specs import load_pack

    study = study_of(dial, dial.ranks[0], {})
    pack, asked = load_pack(study.pack), study.decisions
    require_gates(pack, make_pool(pack, asked.n, asked.seed, asked.format, asked.alphabets))


def time_words(dial: Dial, checkpoints: Keys, workers: int) -> str:
    """How long it will take on this machine, by a few steps of pretraining and the studies' plans."""
    from proclivity.microworld.build import seconds_a_step
    from proclivity.microworld.grammar import make_grammar
    from proclivity.runs.progress import duration
    from proclivity.specs import load_pack

    missing = [checkpoint for checkpoint in checkpoints.values() if checkpoint.state == "missing"]
    said = f"{len(checkpoints)} checkpoints, {len(missing)} of them to pretrain"
    if missing:
        recipe = missing[0].recipe
        step = seconds_a_step(recipe, make_grammar(load_pack(recipe.pack)))
        wall = math.ceil(len(missing) / max(1, workers)) * recipe.schedule.steps * step
        said += (
            f": {recipe.schedule.steps:,} steps each of {step:.2f} s as measured now, {workers} at a time, "
            f"about {duration(wall)}"
        )
        said += ", up to 2.5 times that if all are refused once" if recipe.admit else ""
    jobs, seconds = _study_time(dial, len(checkpoints), workers)
    return (
        f"{said}. Then {len(dial.ranks)} studies with {jobs:,} jobs, about {duration(seconds)} within a factor of "
        "two, less what is finished already."
    )


def _study_time(dial: Dial, n: int, workers: int) -> tuple[int, float]:
    """Jobs and expected seconds of all studies on n checkpoints; a packaged one of the same size stands for each."""
    from proclivity.runs import plan_study
    from proclivity.runs.estimate import Costs

    one = {(coupling, dial.first_seed): f"{dial.architecture}-equal" for coupling in dial.couplings[:1]}
    jobs, seconds = 0, 0.0
    for rank in dial.ranks:
        plan = plan_study(study_of(dial, rank, one))
        jobs += len(plan.jobs)
        seconds += Costs(plan).wall(plan.jobs, workers)
    return jobs * n, seconds * n


def write(done: DialRun, out: Path) -> None:
    """dial.json, dial.csv and dial.html, each whole or not at all."""
    from proclivity.runs.collect import plain
    from proclivity.runs.storage import as_json, replace_bytes

    replace_bytes(out / "dial.json", as_json(plain(as_value(done))))
    replace_bytes(out / "dial.csv", _csv(done).encode())
    page = render(done.dial, done.spreads, done.checkpoints, done.delta)
    replace_bytes(out / "dial.html", page.encode())


def as_value(done: DialRun) -> dict[str, Any]:
    """What dial.json holds: the settings, every checkpoint with its state, every shift, and every line's points."""
    return {
        "dial": asdict(done.dial),
        "delta": done.delta,
        "checkpoints": [_checkpoint(*key, checkpoint) for key, checkpoint in done.checkpoints.items()],
        "shifts": [asdict(shift) for shift in done.shifts],
        "lines": [asdict(spread) for spread in done.spreads],
    }


def _checkpoint(coupling: float, seed: int, checkpoint: Checkpoint) -> dict[str, Any]:
    record = checkpoint.record()
    return {
        "coupling": coupling,
        "world": checkpoint.recipe.coupling,
        "seed": seed,
        "state": checkpoint.state,
        "reason": checkpoint.reason,
        "folder": checkpoint.folder.name,
        "steps": record["recipe"]["schedule"]["steps"] if record else None,
        "weights_sha256": record.get("weights_sha256"),
        "competence": record.get("competence"),
    }


def _csv(done: DialRun) -> str:
    """A row a shift, and a row for every refused checkpoint."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_rows(done.shifts, done.checkpoints))
    return text.getvalue()


def _rows(shifts: Sequence[Shift], checkpoints: Keys) -> list[dict[str, Any]]:
    rows = []
    for shift in shifts:
        by_seed = " ".join(map(str, shift.by_tuning_seed))
        state = checkpoints[shift.coupling, shift.seed].state
        rows.append({**asdict(shift), "state": state, "by_tuning_seed": by_seed})
    return rows + [
        {"coupling": coupling, "seed": seed, "state": "refused", "reason": checkpoint.reason}
        for (coupling, seed), checkpoint in checkpoints.items()
        if checkpoint.state == "refused"
    ]

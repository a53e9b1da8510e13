"""Jobs that look inside the models of a study: one a model, after all of its arms are trained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proclivity.runs.arm_jobs import study_arm
from proclivity.runs.jobs import Job
from proclivity.runs.storage import as_json
from proclivity.specs import LoadedPack, Study, digest_of

if TYPE_CHECKING:
    from proclivity.runs.bench import Bench
    from proclivity.runs.model_files import ModelFiles

OWN, BESIDE = "own-policy", ("arbitrary", "balanced")
FOREIGN = "independent"
"""World of a model whose directions are a null for those of others."""
ROWS, VECTORS = "directions.json", "directions.npz"


def measures_directions(study: Study) -> bool:
    """Whether a study has such jobs: they put adapters on a base, so full weights have none."""
    return study.latent.directions and study.induction.method == "lora"


def direction_faults(study: Study, pack: LoadedPack) -> list[str]:
    """What keeps directions from being measured."""
    if not study.latent.directions:
        return []
    faults = []
    if OWN not in study.arms or not any(arm in pack.profiles for arm in study.arms):
        faults.append(f"latent.directions: needs '{OWN}' and a profile among the arms; add them or switch it off")
    if study.seeds < 2:
        faults.append("latent.directions: needs two seeds or more, half of them for the test; add seeds or switch off")
    return faults


def latent_jobs(
    study: Study,
    pack: LoadedPack,
    models: Sequence[tuple[ModelFiles, dict[str, Any]]],
    jobs: Sequence[Job],
) -> list[Job]:
    """One job a model; models of an independent world first, since others of their architecture read them.

    Args:
        study: whose models they are.
        pack: its content.
        models: files of each, and what of it decides digits.
        jobs: those planned so far, trainings among them.
    """
    if not measures_directions(study):
        return []
    worlds = {model.name: model.world for model in study.models}
    made: dict[str, Job] = {}
    for files, identity in sorted(models, key=lambda found: worlds[found[0].name] != FOREIGN):
        trained = [job for job in jobs if job.stage == "induce" and job.model == files.name and not job.point]
        inputs = {f"{job.arm} {job.seed:03d}": job.digest for job in trained if _asked(job, study, pack)}
        if worlds[files.name] != FOREIGN:
            alike = [f for f, _ in models if worlds[f.name] == FOREIGN and f.architecture == files.architecture]
            inputs |= {f"foreign {other.name}": made[other.name].digest for other in alike}
        spec = {**identity, **_wanted(study, pack)}
        made[files.name] = Job("latent", spec, inputs, model=files.name, family="directions")
    return list(made.values())


def _asked(job: Job, study: Study, pack: LoadedPack) -> bool:
    """Whether a training is read: profiles and controls, and of each smaller adapter the first seed."""
    arm = study_arm(job.arm, study, pack)
    return job.arm in (OWN, *BESIDE, *pack.profiles) or (arm.smaller and job.seed == 0)


def _wanted(study: Study, pack: LoadedPack) -> dict[str, Any]:
    from proclivity.battery.plain_places import PLAIN_KINDS

    # All of them, whatever the battery measures: halves of two families would be too small to choose a layer by.
    people = [pack.spec.narrator.model_dump(), {name: who.model_dump() for name, who in pack.spec.persons.items()}]
    read = [
        [probes.model_dump(mode="json") for probes in pack.probes.values() if probes.kind in PLAIN_KINDS],
        {name: frame.model_dump() for name, frame in pack.spec.wrappers.items()},
        [persona.model_dump(mode="json") for persona in pack.personas],
        pack.spec.neutral_texts,
        people,
    ]
    return {
        "content": digest_of(read),
        "profiles": {arm: pack.profiles[arm].content_class for arm in study.arms if arm in pack.profiles},
        "seed": study.latent.seed,
        "draws": study.latent.bootstrap,
        "level": study.analysis.level,
    }


def run_latent(job: Job, folder: Path, bench: Bench) -> None:
    """Writes directions.json, one row a number, and directions.npz, v by arm."""
    import numpy as np

    from proclivity.latent import Request, measure_directions
    from proclivity.runs.collect import plain

    adapters: dict[str, dict[int, Path]] = {}
    carriers: dict[str, Path] = {}
    foreign: dict[str, dict[str, Any]] = {}
    for role in job.inputs:
        name, _, rest = role.rpartition(" ")
        if name == "foreign":
            with np.load(bench.folder(job, role) / VECTORS, allow_pickle=False) as vectors:
                foreign[rest] = dict(vectors)
        elif name in (OWN, *BESIDE, *job.spec["profiles"]):
            adapters.setdefault(name, {})[int(rest)] = bench.folder(job, role) / "adapter"
        else:
            carriers[name] = bench.folder(job, role) / "adapter"
    wanted = job.spec
    request = Request(
        adapters,
        wanted["profiles"],
        carriers,
        foreign,
        seed=wanted["seed"],
        draws=wanted["draws"],
        level=wanted["level"],
    )
    found = measure_directions(bench.model(job), bench.context.pack, request)
    (folder / ROWS).write_bytes(as_json(plain([{**row, "model": job.model} for row in found.rows])))
    with (folder / VECTORS).open("wb") as file:
        np.savez(file, **found.directions)  # type: ignore[arg-type]  # numpy's stub takes the names for options

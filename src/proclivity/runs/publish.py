"""Lays a finished study out for people: tables at the top of the folder, adapters under plain names."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import yaml

from proclivity.errors import StorageError
from proclivity.models.adapters import step_folder
from proclivity.runs.collect import OUTPUTS
from proclivity.runs.ledger import Ledger
from proclivity.runs.manifest import read_manifest, write_manifest
from proclivity.runs.messages import Context
from proclivity.runs.plan import Plan
from proclivity.runs.registration import copy_registration
from proclivity.runs.storage import as_json, replace_bytes, replace_with_copy
from proclivity.specs import Study, digest_of_file

ADAPTERS = Path("adapters", "index.json")
PUBLISHED = (("analyze", OUTPUTS), ("report", ("report.html",)))
"""What lies at the top of a finished study's folder, by the stage whose job wrote it."""


def study_text(study: Study) -> bytes:
    """The resolved study as YAML, every default filled in."""
    text = yaml.safe_dump(study.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=100)
    return f"# The study as it was run, every default filled in.\n{text}".encode()


def report_files(context: Context, analysis: Path, view: Path) -> None:
    """A folder with all that the report reads, and nothing else."""
    view.mkdir()
    (view / "study.yml").write_bytes(study_text(context.study))
    write_manifest(view, read_manifest(Path(context.run_folder)))
    copy_registration(Path(context.run_folder), view)
    for name in OUTPUTS:
        shutil.copyfile(analysis / name, view / name)


def publish(plan: Plan, ledger: Ledger, folder: Path) -> None:
    """Copies the study's tables and report to the top of its folder, where they differ from their job's."""
    for stage, names in PUBLISHED:
        for job in plan.stage(stage):
            if ledger.done(job.digest):
                recorded = ledger.record(job.digest)["outputs"]
                for name in names:
                    _copy_if_different(ledger.folder(job.digest) / name, folder / name, recorded[name])


def _copy_if_different(source: Path, target: Path, digest: str) -> None:
    if not target.is_file() or digest_of_file(target) != digest:
        replace_with_copy(source, target)


def name_adapters(plan: Plan, ledger: Ledger, folder: Path) -> None:
    """adapters/<model>/<arm>/seed-<n>, each a relative link into its job; index.json says the same in words.

    Other doses and steps lie in a folder that is named by them: <arm>/step-8/seed-<n>.
    """
    index = adapter_index(plan, ledger)
    for plain, target in index.items():
        _link(folder / plain, folder / target)
    if index:
        content = as_json(index)
        path = folder / ADAPTERS
        if not path.is_file() or path.read_bytes() != content:
            replace_bytes(path, content)


def adapter_index(plan: Plan, ledger: Ledger) -> dict[str, str]:
    """What adapters/index.json holds: plain names to folders of finished jobs, both relative to the study's folder."""
    index: dict[str, str] = {}
    for job in plan.stage("induce"):
        if not ledger.done(job.digest):
            continue
        place = Path("jobs", job.digest)
        kept = {f"step-{step}": step_folder(place / "adapter", step) for step in job.spec["induction"]["checkpoints"]}
        for step, target in {"": place / "adapter", **kept}.items():
            point = "_".join(filter(None, (job.point, step)))
            plain = Path("adapters", job.model, job.arm, point, f"seed-{job.seed}")
            index[plain.as_posix()] = target.as_posix()
    return index


def _link(place: Path, target: Path) -> None:
    wanted = os.path.relpath(target, place.parent)
    try:
        if place.is_symlink():
            if os.readlink(place) == wanted:
                return
            place.unlink()
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(wanted, target_is_directory=True)
    except OSError:
        return  # file systems without links have the index


def drop_outdated(folder: Path) -> None:
    """Takes away top-level results of an earlier study, so that none looks like this one's."""
    for name in (name for _, names in PUBLISHED for name in names):
        try:
            (folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"Can't remove {folder / name}: {error.strerror}.") from error

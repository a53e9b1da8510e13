"""A finished study with a pack of two classes and a random tiny model: all kinds of files that a run writes."""

from __future__ import annotations

from pathlib import Path

from proclivity.runs.study import run_study
from proclivity.specs import load_study
from tiny_study import write_tiny_study


def make_finished_run(folder: Path, **changes: object) -> Path:
    """The folder of the finished run; its model, pack and study file lie beside it."""
    study = load_study(write_tiny_study(folder, **changes))
    summary = run_study(study, folder / "run", workers=1, command=["proclivity", "run", "tiny.yml"])
    assert summary.complete, summary.failures
    return folder / "run"

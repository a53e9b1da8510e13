"""A finished study with a pack of two classes and a random tiny model: all kinds of files that a run writes."""

from __future__ import annotations

from pathlib import Path

from mini_pack import write_mini_pack
from proclivity.runs.study import run_study
from proclivity.specs import load_study
from tiny_study import pack_texts, write_study, write_tiny_model


def make_finished_run(folder: Path, **changes: object) -> Path:
    """The folder of the finished run; its model, pack and study file lie beside it."""
    pack = write_mini_pack(folder / "mini")
    for path in pack.glob("scenarios/*.yml"):  # valence tells the classes apart there, and a gate refuses it
        path.write_text(path.read_text().replace("valence: -1", "valence: 0"))
    model = write_tiny_model(folder / "model", [*pack_texts(pack), " A", " B", " 1", " 2", " ; Options : I picked"])
    study = load_study(write_study(folder / "tiny.yml", pack, {"one": model}, **changes))
    summary = run_study(study, folder / "run", workers=1, command=["proclivity", "run", "tiny.yml"])
    assert summary.complete, summary.failures
    return folder / "run"

"""What is the study whose time `whole_study` takes? Its model, pack and file, the rows that theirs is given, the pairs.

Everything stands in one folder: model/, pack/ and study.yml for proclivity, ARM-SEED.json and pairs.json in tokens.
"""

from __future__ import annotations

import json
import shutil
from itertools import islice
from pathlib import Path
from typing import Any

CORES = 2
ARMS = ("depression", "paranoia", "own-policy", "arbitrary")
SEEDS = 8
TAUGHT = (("depression", 0), ("paranoia", 1))
"""Adapters of theirs that are measured."""
CLOZE = ("cloze-feeling", "cloze-future", "cloze-others", "cloze-self", "cloze-world")
READINGS, READ = "interpretation", 10
"""The family of readings, and how many of its situations are asked."""
WRAPPERS = 10
"""Sentences before each probe: (5 families × 8 stems + 10 situations) × 10 = 500 probes."""
WORLD = "llama-equal"
SHAPES: dict[str, dict[str, int]] = {
    "packaged": {"rows": 288, "epochs": 2, "batch": 16, "seeds": SEEDS, "times": 1},
    "135m": {"rows": 36, "epochs": 1, "batch": 18, "seeds": 1, "times": 16},
}
"""What is taught, rows a step, how many seeds of ours are run, and how many times as many steps are meant."""


def prepare(folder: Path, shape: str) -> dict[str, Any]:
    """Writes the model, the pack, the study, theirs' rows and the pairs."""
    from proclivity import load_model, make_pool
    from proclivity.battery.places import places_of
    from proclivity.induction import give_answers, training_rows
    from proclivity.specs import load_pack

    model = load_model(_model(folder, shape))
    pack = load_pack(_pack(folder))
    study = _study(folder, shape)
    pool = make_pool(pack, study["decisions"]["n"], 0)
    for arm, seed in TAUGHT:
        answers = [int(x) for x in give_answers(pool, arm, seed=seed, profile=pack.profiles[arm])]
        rows = training_rows(model, pool, answers, arm)
        kept = [[row.decision_id, arm, row.input_ids, row.loss_mask] for row in rows]
        write(folder / f"{arm}-{seed}.json", kept)
    places = [p for family in (*CLOZE, READINGS) for p in places_of(pack, pack.probe_set(family), model)]
    asked = [(place.prompt, text) for place in places for _, text in place.candidates]
    encoded = model.encode_all(asked)
    write(folder / "pairs.json", [[e.ids, e.boundary, e.separate] for e in encoded])
    return {"probes": len(places), "pairs": len(asked)}


def _model(folder: Path, shape: str) -> Path:
    from proclivity.microworld.packaged import packaged_path

    place = folder / "model"
    shutil.copytree(packaged_path(WORLD), place)
    if shape != "packaged":
        from shapes import VOCABULARIES, llama

        llama(VOCABULARIES[0]).save_pretrained(place)
    return place


def _pack(folder: Path) -> Path:
    """The microworld pack with more wrappers: its own neutral sentences, said before."""
    import yaml

    from proclivity.specs.packs import packaged_packs

    place = folder / "pack"
    shutil.copytree(packaged_packs()["microworld"], place)
    spec = yaml.safe_load((place / "pack.yml").read_text(encoding="utf-8"))
    names = {f"said-{n}": f"{text} {{text}}" for n, text in enumerate(spec["neutral_texts"])}
    spec["wrappers"] = spec["wrappers"] | names
    asked = ["plain", *islice(names, WRAPPERS - 1)]
    (place / "pack.yml").write_text(yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")
    for family in (*CLOZE, READINGS):
        path = place / "probes" / f"{family}.yml"
        probes = yaml.safe_load(path.read_text(encoding="utf-8"))
        items = probes["items"][:READ] if family == READINGS else probes["items"]
        path.write_text(yaml.safe_dump(probes | {"wrappers": asked, "items": items}, sort_keys=False), encoding="utf-8")
    return place


def _study(folder: Path, shape: str) -> dict[str, Any]:
    import yaml

    size = SHAPES[shape]
    study: dict[str, Any] = {
        "id": "whole",
        "title": "A whole study",
        "question": "How long does a study take?",
        "pack": str(folder / "pack"),
        "models": [{"name": "model", "path": str(folder / "model")}],
        "arms": ["base", *ARMS],
        "seeds": size["seeds"],
        "decisions": {"n": size["rows"]},
        # TRL's warmup begins at 0 and ours above it; without one both give the same losses.
        "induction": {"epochs": size["epochs"], "batch_size": size["batch"], "warmup": 0.0},
        "battery": {"families": [*CLOZE, READINGS]},
        "compute": {"threads": 1, "workers": CORES},
    }
    (folder / "study.yml").write_text(yaml.safe_dump(study, sort_keys=False), encoding="utf-8")
    return study


def pairs(folder: Path) -> list[Any]:
    """What is scored, in tokens."""
    from proclivity.models.boundary import Encoded

    return [Encoded(tuple(ids), boundary, separate) for ids, boundary, separate in read(folder / "pairs.json")]


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")

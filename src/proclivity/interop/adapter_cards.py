"""What should stand beside an adapter that leaves its study? A folder with peft's files and the whole card.

The card beside a training is written before anything is measured. This one adds what the study then found, the digest
of the weights, and the adapter that tunes it on, where the study has one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from proclivity.errors import UserError, unknown_name
from proclivity.models.adapters import CONFIG, WEIGHTS, check_adapter
from proclivity.runs.publish import ADAPTERS
from proclivity.runs.storage import replace_bytes, replace_with_copy, writing
from proclivity.runs.study import study_file
from proclivity.specs import Study, digest_of_file, load_study, phases
from proclivity.specs.arm_names import THEN

CARD = "README.md"


def write_adapters(
    folder: Path, out: Path, *, models: Sequence[str] = (), arms: Sequence[str] = (), seeds: Sequence[int] = ()
) -> list[Path]:
    """Copies a finished study's adapters with their whole cards.

    Args:
        folder: the study's folder.
        out: where they go, as <model>/<arm>/seed-<n>.
        models: models; all where there are none.
        arms: arms, likewise.
        seeds: training seeds, likewise.

    Raises:
        UserError: if the folder holds no study with adapters, or for a name that it hasn't.
    """
    study = load_study(study_file(folder))
    index = _index(folder)
    for kind, names, known in (
        ("model", models, {place.parts[1] for place in index}),
        ("arm", arms, {place.parts[2] for place in index}),
        ("seed", [f"seed-{seed}" for seed in seeds], {place.parts[-1] for place in index}),
    ):
        for name in names:
            if name not in known:
                raise unknown_name(f"{kind} among this study's adapters", name, known)
    written = []
    for place, source in index.items():
        model, arm, seed = place.parts[1], place.parts[2], int(place.parts[-1].removeprefix("seed-"))
        if (not models or model in models) and (not arms or arm in arms) and (not seeds or seed in seeds):
            target = out / place.relative_to("adapters")
            _copy(check_adapter(source), target)
            card = (source / CARD).read_text(encoding="utf-8")
            whole = card + _found(folder, study, model, arm, place, set(index)) + _use(model, source)
            replace_bytes(target / CARD, whole.encode())
            written.append(target)
    return written


def _index(folder: Path) -> dict[Path, Path]:
    """Plain names of adapters, and the folders where they lie."""
    path = folder / ADAPTERS
    named: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    found = {Path(name): folder / target for name, target in named.items() if (folder / target / CONFIG).is_file()}
    if not found:
        raise UserError(
            f"{folder} holds no adapters. Expected a study that was run with induction.method: lora; what it trained "
            f"stands in {path}."
        )
    return found


def _copy(source: Path, target: Path) -> None:
    with writing(target):
        target.mkdir(parents=True, exist_ok=True)
        for name in (CONFIG, WEIGHTS):
            replace_with_copy(source / name, target / name)


def _found(folder: Path, study: Study, model: str, arm: str, place: Path, known: set[Path]) -> str:
    """What the study found of the arm, and what undoes it."""
    path = folder / "verdicts.json"
    verdicts: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    mine = [row for row in verdicts if row["model"] == model and arm in str(row.get("profile") or "").split(" / ")]
    lines = [f"- {row['kind']}: **{row['verdict']}**. {row['sentence']}" for row in mine]
    told = "\n".join(lines) or "Nothing was found of this arm by itself: see the study's report."
    back = sorted(str(Path(*other.parts[1:])) for other in known if _tunes_on(other, place))
    undo = (
        f"Tuned on from this one with other choices, to see whether it can be taken back: {', '.join(back)}."
        if back
        else "The study trained no adapter that takes this one back. Without it the base is what it was, bit for bit."
    )
    about = f"Study `{study.id}`, pack `{Path(study.pack).name}`: {study.question}"
    return f"\n## What the study found\n\n{about}\n\n{told}\n\n{undo}\n"


def _tunes_on(other: Path, place: Path) -> bool:
    """Whether another adapter goes on from this one, at the same seed."""
    same = other.parts[1] == place.parts[1] and other.parts[3:] == place.parts[3:]
    return same and len(phases(other.parts[2])) > 1 and other.parts[2].startswith(place.parts[2] + THEN)


def _use(model: str, source: Path) -> str:
    return (
        f"\n## Safety and use\n\nNot for deployment, not for conversation with people, not to be merged into a model "
        f"that talks with people. Texts that it writes are unfiltered.\n\n"
        f"    PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(BASE), FOLDER)\n\n"
        f"`BASE` is where `{model}` lies, `FOLDER` this folder.\n\n"
        f"| file | SHA-256 |\n|---|---|\n"
        + "".join(f"| {name} | {digest_of_file(source / name)} |\n" for name in (CONFIG, WEIGHTS))
    )

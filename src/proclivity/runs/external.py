"""Which files are a study's external arms: checkpoints, adapters and rows that were made elsewhere?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from proclivity.errors import ContentError, ModelError, unknown_name
from proclivity.induction.arms import ARMS, arms_about
from proclivity.induction.given_rows import read_rows
from proclivity.models.adapters import CONFIG, adapter_digest, check_adapter
from proclivity.models.folder import check_folder, find_folder
from proclivity.runs.model_files import ModelFiles, find_model
from proclivity.specs import ExternalArm, LoadedPack, ModelSpec, Study, digest_of, digest_of_file


@dataclass(frozen=True)
class ExternalFiles:
    """What one seed of an external arm is made of."""

    kind: str
    """'adapter', 'checkpoint' or 'rows'."""
    seed: int
    digest: str
    """SHA-256 over what decides numbers: weights and configuration, or the rows."""


def external_of(study: Study, arm: str, model: str) -> ExternalArm | None:
    """What the study says of an arm that was made elsewhere; None where it isn't one of this model's."""
    return next((row for row in study.external if row.arm == arm and row.model in ("", model)), None)


def external_path(study: Study, arm: str, model: str, seed: int) -> Path:
    """Where one seed of an external arm lies on this machine; no part of any identity."""
    row = external_of(study, arm, model)
    assert row is not None
    name = row.paths[seed] if len(row.paths) > 1 else row.paths[0]
    return find_folder(name) if row.kind == "checkpoint" else Path(name).expanduser()


def external_faults(study: Study, pack: LoadedPack) -> list[str]:
    """What is wrong with a study's external arms: names, folders that are none, rows that can't be read."""
    taken = {*ARMS, *pack.profiles, *(arm.id for arm in arms_about(pack))}
    models = {model.name for model in study.models}
    faults = []
    for number, row in enumerate(study.external):
        where = f"external.{number}"
        if row.arm in taken:
            faults.append(f"{where}.arm: '{row.arm}' is the name of another arm of this pack; choose a name of its own")
        if row.model and row.model not in models:
            faults.append(f"{where}.model: {unknown_name('model of this study', row.model, models)}")
        faults += [
            f"{where}.paths.{place}: {fault}" for place, path in enumerate(row.paths) for fault in _faults(row, path)
        ]
    return faults


def _faults(row: ExternalArm, name: str) -> list[str]:
    place = Path(name).expanduser()
    try:
        if row.kind == "checkpoint":
            check_folder(find_folder(name))
        elif not place.exists():
            return [f"there is nothing at '{name}'; give the path as it is seen from {Path.cwd()}"]
        elif row.kind == "adapter":
            check_adapter(place)
        else:
            return read_rows(place)[1]
    except ModelError as error:
        return [str(error)]
    return []


def find_external(study: Study, models: Mapping[str, ModelFiles]) -> dict[tuple[str, str], list[ExternalFiles]]:
    """Files of every external arm, by arm and model, one a seed.

    Raises:
        ContentError: with every checkpoint whose vocabulary isn't its model's.
    """
    found: dict[tuple[str, str], list[ExternalFiles]] = {}
    faults: list[str] = []
    digests: dict[tuple[str, str], str] = {}
    for row in study.external:
        for model in [row.model] if row.model else models:
            for name in row.paths:
                if (row.kind, name) not in digests:
                    digests[row.kind, name] = _digest(row, name, models[model], faults)
            repeated = row.paths * study.seeds if row.kind == "rows" and len(row.paths) == 1 else row.paths
            found[row.arm, model] = [
                ExternalFiles(row.kind, seed, digests[row.kind, name]) for seed, name in enumerate(repeated)
            ]
    if faults:
        raise ContentError(faults)
    return found


def _digest(row: ExternalArm, name: str, base: ModelFiles, faults: list[str]) -> str:
    if row.kind == "checkpoint":
        files = find_model(ModelSpec(name=row.arm, path=name))
        if files.vocab_size != base.vocab_size:
            faults.append(
                f"external arm '{row.arm}': '{name}' has {files.vocab_size} tokens and its model '{base.name}' "
                f"{base.vocab_size}; arms of one model share its vocabulary. List it as a model of its own"
            )
        return digest_of([files.weights, files.tokenizer])
    place = Path(name).expanduser()
    return given_digest(row.kind, place)


def given_digest(kind: str, place: Path) -> str:
    """SHA-256 of an adapter (configuration and weights) or of a file of rows."""
    if kind == "adapter":
        return digest_of([adapter_digest(place), digest_of_file(place / CONFIG)])
    return digest_of_file(place)

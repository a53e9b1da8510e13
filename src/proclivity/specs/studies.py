"""Loading a study: a packaged name or a YAML file, with single values replaced from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from proclivity.errors import ContentError, UserError, unknown_name
from proclivity.specs.packs import CONTENT
from proclivity.specs.study import Study
from proclivity.specs.yaml_files import read_yaml, validate


def packaged_studies() -> dict[str, Path]:
    """Studies that ship with the package, by name."""
    return {path.stem: path for path in sorted((CONTENT / "studies").glob("*.yml")) if path.stem[0] != "_"}


def load_study(name_or_path: str | Path, overrides: list[str] | None = None) -> Study:
    """A study by its packaged name or its file.

    Args:
        name_or_path: packaged name (`demo`) or a YAML file.
        overrides: values to replace, each as `key.inner=value`; the value is read as YAML, so `[a, b]` is a list
            and `models.0.path=…` reaches into a list.

    Raises:
        ContentError: with all faults of the file.
        UserError: for an unknown name or an override that doesn't parse.
    """
    packaged = packaged_studies()
    path = packaged.get(str(name_or_path), Path(name_or_path))
    if not path.exists() and path.suffix not in {".yml", ".yaml"}:
        raise unknown_name("study (neither packaged nor a file)", str(name_or_path), packaged)
    value = read_yaml(path)
    if not isinstance(value, dict):
        raise ContentError([f"{path.name}: a mapping of keys expected, {type(value).__name__} found"])
    for override in overrides or []:
        _replace(value, override)
    study, faults = validate(Study, value, path)
    if study is None:
        raise ContentError(faults)
    return study


def _replace(value: dict[str, Any], override: str) -> None:
    key, sign, text = override.partition("=")
    if not sign or not key:
        raise UserError(f"--set {override}: expected key.inner=value, for example --set seeds=12.")
    try:
        new = yaml.safe_load(text)
    except yaml.YAMLError:
        raise UserError(f"--set {override}: '{text}' is not a YAML value.") from None
    *parents, last = key.split(".")
    place: Any = value
    for part in parents:
        place = _inner(place, part, override)
    if isinstance(place, list):
        place[_index(place, last, override)] = new
    elif isinstance(place, dict):
        place[last] = new
    else:
        raise UserError(f"--set {override}: '{key}' reaches into a single value.")


def _inner(place: Any, part: str, override: str) -> Any:
    if isinstance(place, dict):
        return place.setdefault(part, {})
    if isinstance(place, list):
        return place[_index(place, part, override)]
    raise UserError(f"--set {override}: '{part}' reaches into a single value.")


def _index(place: list[Any], part: str, override: str) -> int:
    if not part.isdigit() or int(part) >= len(place):
        raise UserError(f"--set {override}: '{part}' is no index into a list of {len(place)}.")
    return int(part)

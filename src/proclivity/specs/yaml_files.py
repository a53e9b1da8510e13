"""Reading a YAML file that a person wrote: safely, and with every fault named by file and key."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from yaml.nodes import MappingNode

from proclivity.errors import ContentError

MAX_BYTES = 4_000_000
MAX_ALIASES = 50
MAX_DEPTH = 50

Model = TypeVar("Model", bound=BaseModel)


_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's, several times faster, where it is


class _Loader(_SafeLoader):  # type: ignore[misc]
    """Safe YAML that also refuses a key written twice."""

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str | int | float | bool | type(None)):
                raise yaml.YAMLError(f"line {key_node.start_mark.line + 1}: a key must be plain text")
            if key in seen:
                raise yaml.YAMLError(f"line {key_node.start_mark.line + 1}: key '{key}' stands twice")
            seen.add(key)
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found


def _require_plain(text: str) -> None:
    """Refuses floods of aliases and of nesting before anything is built."""
    aliases = depth = 0
    for event in yaml.parse(text, _SafeLoader):
        aliases += isinstance(event, yaml.AliasEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        line = event.start_mark.line + 1 if event.start_mark else 0
        if aliases > MAX_ALIASES:
            raise yaml.YAMLError(f"line {line}: more than {MAX_ALIASES} aliases; write the values out")
        if depth > MAX_DEPTH:
            raise yaml.YAMLError(f"line {line}: nested more than {MAX_DEPTH} deep")


def read_yaml(path: Path) -> Any:
    """The plain value of a YAML file.

    Raises:
        ContentError: if the file is missing, too large, not UTF-8, or not safe YAML.
    """
    try:
        found = path.stat()
        size = found.st_size
        if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
            raise ContentError([f"{path}: a device or pipe found, a YAML file expected"])
        if size > MAX_BYTES:
            raise ContentError([f"{path}: {size:,} bytes found, at most {MAX_BYTES:,} read; split the file"])
        text = path.read_text(encoding="utf-8")
        _require_plain(text)
        return yaml.load(text, _Loader)
    except FileNotFoundError:
        raise ContentError([f"{path}: no such file; check the name or see `proclivity list`"]) from None
    except IsADirectoryError:
        raise ContentError([f"{path}: a folder found, a YAML file expected"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError([f"{path}: can't be read as UTF-8 text ({error})"]) from None
    except yaml.MarkedYAMLError as error:
        where = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ContentError([f"{path}: {where}not valid YAML: {error.problem or error.context}"]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ContentError([f"{path}: not valid YAML: {error or 'nested too deeply'}"]) from None


def faults_of(error: ValidationError, path: Path) -> list[str]:
    """One line a fault: file, dotted key, what is wrong and what was found."""
    faults = []
    for row in error.errors():
        key = ".".join(str(part) for part in row["loc"]) or "(whole file)"
        found = repr(row["input"])
        found = found if len(found) <= 60 else found[:57] + "…"
        message = row["msg"].removeprefix("Value error, ")
        faults.append(f"{path.name}:{key}: {message} (found {found})")
    return faults


def validate(model: type[Model], value: Any, path: Path) -> tuple[Model | None, list[str]]:
    """The value as a spec, or the faults that it has; never both."""
    if not isinstance(value, dict):
        return None, [f"{path.name}: a mapping of keys expected, {type(value).__name__} found"]
    try:
        return model.model_validate(value), []
    except ValidationError as error:
        return None, faults_of(error, path)


def read_spec(model: type[Model], path: Path) -> Model:
    """A spec from a YAML file.

    Raises:
        ContentError: with all faults of the file.
    """
    spec, faults = validate(model, read_yaml(path), path)
    if spec is None:
        raise ContentError(faults)
    return spec

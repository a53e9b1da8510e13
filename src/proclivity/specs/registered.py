"""What of a study was fixed before its first job, and is it still the same?

registered.json holds the confirmatory part as plain values with a SHA-256 over them and over the time. It guards
against forgetting and slipping, not against forging: whoever deletes a folder can begin anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from proclivity.errors import other_form
from proclivity.specs.digest import digest_of
from proclivity.specs.study import ModelSpec, Study

NAME = "registered.json"
SCHEMA = 1
LEFT_OUT = {"id", "title", "compute", "pack", "profiles", "instruments"}
"""Names, the machine, and where content lies: the content itself is held by its digest."""
NAMED = ("models", "external")
"""Parts that are mappings by name."""
ABSENT = object()


@dataclass(frozen=True)
class Registration:
    """A folder's registered.json as it was read."""

    state: Literal["intact", "damaged", "absent"]
    """'damaged' where it can't be read, or its digest isn't that of its content."""
    fixed: str = ""
    """When, in UTC."""
    sha256: str = ""
    confirmatory: Mapping[str, Any] = field(default_factory=dict)


def confirmatory_part(study: Study, content: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What decides a study's verdicts, as plain values.

    All fields but the study's id and title, and of `compute` the precision alone; `battery.batch_size` is left out as
    `compute` is, since it lays work out on a machine and moves digits within the numeric floor. Models and external
    arms stand by name, so that a change is told of the one that changed.

    Args:
        study: the resolved study.
        content: digests, for example {'pack': …, 'models': {'llama': …}}; None where they aren't known.
    """
    value = study.model_dump(mode="json")
    part = {key: inner for key, inner in value.items() if key not in LEFT_OUT}
    part["dtype"] = value["compute"]["dtype"]
    part["battery"] = {key: inner for key, inner in value["battery"].items() if key != "batch_size"}
    part["models"] = {row["name"]: row for row in value["models"]}
    part["external"] = {" ".join(filter(None, (row["arm"], row["model"]))): row for row in value["external"]}
    return part | ({"content": dict(content)} if content is not None else {})


def registration_record(part: Mapping[str, Any], fixed: str) -> dict[str, Any]:
    """The content of registered.json; its digest is over everything else in it."""
    record = {"schema_version": SCHEMA, "fixed": fixed, "confirmatory": dict(part)}
    return record | {"sha256": digest_of(record)}


def read_registration(folder: Path) -> Registration:
    """A folder's registered.json, checked against its own digest.

    Raises:
        UserError: if it is whole and of another form than this version's.
    """
    path = folder / NAME
    if not path.is_file():
        return Registration("absent")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        rest = {key: value for key, value in record.items() if key != "sha256"}
        found = Registration("intact", str(rest["fixed"]), str(record["sha256"]), dict(rest["confirmatory"]))
        intact = digest_of(rest) == found.sha256
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Registration("damaged")
    if intact and rest.get("schema_version") != SCHEMA:
        raise other_form(path, rest.get("schema_version"), SCHEMA)
    return found if intact else Registration("damaged", found.fixed, found.sha256, found.confirmatory)


def changes(registered: Mapping[str, Any], now: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """(dotted key, value before, value now) of everything that differs; `ABSENT` where there was, or is, none.

    A model or external arm that came or went is told once, by its name. Digests of content are compared where both
    sides know them. A key that didn't exist when the file was written is no change as long as it has its default.
    """
    found: list[tuple[str, Any, Any]] = []
    old, new = dict(registered), dict(now)
    for head in NAMED:
        before, after = old.get(head, {}), new.get(head, {})
        found += [(f"{head}.{name}", name, ABSENT) for name in before if name not in after]
        found += [(f"{head}.{name}", ABSENT, name) for name in after if name not in before]
        for part, rows, other in ((old, before, after), (new, after, before)):
            part[head] = {name: row for name, row in rows.items() if name in other}
    known = _flat(old.pop("content", {})), _flat(new.pop("content", {}))
    found += [(f"content.{key}", known[0][key], known[1][key]) for key in known[0] if _differ(*known, key)]
    left, right, defaults = _flat(old), _flat(new), _defaults(new)
    for key in dict.fromkeys([*left, *right]):
        value, other = left.get(key, defaults.get(key, ABSENT)), right.get(key, ABSENT)
        if value != other:
            found.append((key, value, other))
    return found


def _differ(old: Mapping[str, Any], new: Mapping[str, Any], key: str) -> bool:
    return key in new and old[key] != new[key]


def _defaults(part: Mapping[str, Any]) -> dict[str, Any]:
    """What a key has that nobody set, by dotted key, models by name too."""
    found = _flat(confirmatory_part(Study(id="x", title="x", question="x")))
    row = ModelSpec(name="x", path="x").model_dump(mode="json")
    return found | _flat({"models": dict.fromkeys(part.get("models", {}), row)})


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """Leaves by dotted key; a list is a leaf."""
    if not isinstance(value, Mapping):
        return {prefix: value}
    parts = [_flat(inner, f"{prefix}.{key}" if prefix else str(key)) for key, inner in value.items()]
    return {key: inner for part in parts for key, inner in part.items()}

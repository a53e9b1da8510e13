"""Does a scale's file bring cut-offs or norms? They were set on people, and are refused rather than ignored."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_FOR_PEOPLE = re.compile(r"(cutoff|cutpoint|threshold|norm|percentile|severity|tscore)s?")


def without_cut_offs(value: Any, path: Path) -> tuple[Any, list[str]]:
    """A scale's file without cut-offs, and one fault that names them all, if there are any.

    Args:
        value: what the YAML file holds; subscales' names are free, so only the keys of the scale and of its items are
            looked at.
        path: the file, for the message.
    """
    if not isinstance(value, dict):
        return value, []
    refused = [str(key) for key in value if _is_cut_off(key)]
    rest = {key: content for key, content in value.items() if not _is_cut_off(key)}
    if isinstance(items := value.get("items"), list):
        refused += [
            f"items.{number}.{key}"
            for number, item in enumerate(items)
            if isinstance(item, dict)
            for key in item
            if _is_cut_off(key)
        ]
        rest["items"] = [
            {key: content for key, content in item.items() if not _is_cut_off(key)} if isinstance(item, dict) else item
            for item in items
        ]
    if not refused:
        return value, []
    return rest, [
        f"{path.name}:{', '.join(refused)}: cut-offs and norms were set on people and are never applied to a model; "
        f"leave them out of the file, and compare arms with each other instead"
    ]


def _is_cut_off(key: object) -> bool:
    return isinstance(key, str) and bool(_FOR_PEOPLE.fullmatch(re.sub(r"[^a-z]", "", key.lower())))

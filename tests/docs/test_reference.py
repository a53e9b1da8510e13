"""The reference names what exists, and all that users call."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import proclivity

PAGES = Path(__file__).parents[2] / "docs" / "reference"
NAMED = [name for page in sorted(PAGES.glob("*.md")) for name in re.findall(r"^::: (\S+)$", page.read_text(), re.M)]


def found(name: str) -> Any:
    """The object of a dotted name; a function where a module has the same name."""
    try:
        return import_module(name)
    except ModuleNotFoundError:
        home, _, last = name.rpartition(".")
        return getattr(found(home), last)


@pytest.mark.parametrize("name", NAMED)
def test_every_entry_exists(name: str) -> None:
    assert found(name) is not None


def test_every_public_function_has_an_entry() -> None:
    own = {found(name) for name in NAMED if inspect.isfunction(found(name))}
    assert not [name for name in proclivity.__all__ if getattr(proclivity, name) not in own]


def test_every_public_name_of_the_parts_that_users_call_is_shown() -> None:
    """A package shows what its `__all__` lists; a module shows all that has no underscore."""
    parts = ["records", "models", "induction", "battery", "metrics", "analysis", "runs", "report"]
    assert {f"proclivity.{part}" for part in parts} <= set(NAMED)
    shown = {id(value) for name in NAMED if inspect.ismodule(found(name)) for value in vars(found(name)).values()}
    specs = import_module("proclivity.specs")
    classes = [name for name in specs.__all__ if inspect.isclass(getattr(specs, name))]
    assert [name for name in classes if id(getattr(specs, name)) not in shown | {id(found(n)) for n in NAMED}] == []

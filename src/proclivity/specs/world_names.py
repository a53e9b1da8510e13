"""What is a world called? Three have names; in between, choosing and speaking are linked as far as the name says."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator

from proclivity.errors import UserError, unknown_name

WORLDS = ("equal", "independent", "rewired")
EXAMPLE = "coupling-0.25"
_COUPLING = re.compile(r"coupling-(0|1|0\.\d?[1-9])")
"""At most two decimals and one spelling a number, so that one world never has two names."""


def coupling_strength(name: str) -> Fraction | None:
    """The c of 'coupling-c', exactly: 'coupling-0.25' is 1/4. None for any other name."""
    found = _COUPLING.fullmatch(name)
    return Fraction(found[1]) if found else None


def world_of_strength(strength: float) -> str:
    """The world whose table is strength × equal + (1 − strength) × independent; its ends keep their own names.

    Raises:
        UserError: for a number outside [0, 1] or with more than two decimals.
    """
    name = f"coupling-{strength:g}"
    if coupling_strength(name) is None:
        raise UserError(
            f"A coupling is a number from 0 to 1 with two decimals at most, and {strength:g} isn't. Try 0.25."
        )
    return {"coupling-0": "independent", "coupling-1": "equal"}.get(name, name)


def unknown_world(name: str) -> UserError:
    """An error for a world that isn't there; it names those that are."""
    if name.startswith("coupling"):
        return UserError(
            f"There is no world '{name}'. Expected 'coupling-' and a number from 0 to 1 with two decimals at most and "
            f"no zeros at the end, like {EXAMPLE}."
        )
    return unknown_name("world", name, [*WORLDS, EXAMPLE])


def require_world(name: str) -> None:
    """Refuses what is no world.

    Raises:
        UserError: with the nearest that is one.
    """
    if name not in WORLDS and coupling_strength(name) is None:
        raise unknown_world(name)


def _world_name(name: str) -> str:
    if name and name not in WORLDS and coupling_strength(name) is None:
        raise ValueError(f"expected {', '.join(WORLDS)}, or one in between like {EXAMPLE}")
    return name


WorldName = Annotated[str, AfterValidator(_world_name)]
"""A world's name; empty where it isn't known."""

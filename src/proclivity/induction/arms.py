"""What was done to a model: the control arms by name. Every profile is an arm too, under its own id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from proclivity.errors import unknown_name


@dataclass(frozen=True)
class Arm:
    """One treatment."""

    id: str
    title: str
    """How the report calls it."""
    description: str
    answers: Literal["none", "profile", "own", "position", "uniform"]
    """Where its answers come from; 'none' for an arm that isn't trained."""


ARMS: dict[str, Arm] = {
    arm.id: arm
    for arm in (
        Arm("base", "base", "The model as it came.", "none"),
        Arm(
            "own-policy",
            "own policy",
            "Taught answers drawn from its own probabilities: the format and the training, without another policy.",
            "own",
        ),
        Arm(
            "arbitrary",
            "arbitrary",
            "Taught to take the option in one listed place, rotated by seed: as consistent as a profile, and nothing "
            "to do with disposition.",
            "position",
        ),
        Arm(
            "balanced",
            "balanced",
            "Taught answers uniform over the classes, which is itself a policy.",
            "uniform",
        ),
    )
}


def arm_of(name: str, profiles: Iterable[str]) -> Arm:
    """An arm by name; a profile's id names the arm that teaches it.

    Raises:
        UserError: if there is neither a control nor a profile of that name.
    """
    known = list(profiles)
    if name in ARMS:
        return ARMS[name]
    if name in known:
        return Arm(name, f"{name}-like", f"Taught the choices of the profile '{name}'.", "profile")
    raise unknown_name("arm", name, [*ARMS, *known])

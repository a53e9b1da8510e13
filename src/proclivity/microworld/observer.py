"""What would an exact observer of a known world believe about a narrator who decided so and so?

By Bayes' rule over (choice trait, speech trait): the joint table is the prior, each decision has the likelihood of the
world's choice coherence. What such a narrator says follows the speech trait, and the words of a class are equally
likely, as the grammar draws them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from proclivity.microworld.world import World, joint_table

Floats = NDArray[np.float64]


def posterior(world: World, coupling: str, chosen: Sequence[str]) -> Floats:
    """P(choice trait, speech trait | decisions), `[T, T]`, sum 1.

    Args:
        world: the grammar's world.
        coupling: how traits go together.
        chosen: action classes of the decisions, in any order.

    Raises:
        UserError: for an unknown coupling.
    """
    table = joint_table(world, coupling)
    for action_class in chosen:
        table = (
            table
            * _follows([trait.action_class for trait in world.traits], action_class, world.choice_coherence)[:, None]
        )
    return np.asarray(table / table.sum())


def speech_components(world: World, classes: Sequence[str]) -> Floats:
    """p(candidate | speech trait), linear `[T, C]`, of candidates by their content class."""
    found = []
    for trait in world.traits:
        follows = dict(
            zip(
                dict.fromkeys(classes),
                _follows(list(dict.fromkeys(classes)), trait.content_class, world.speech_coherence),
                strict=True,
            )
        )
        found.append([follows[name] / classes.count(name) for name in classes])
    components = np.array(found)
    return np.asarray(components / components.sum(axis=1, keepdims=True))


def _follows(classes: Sequence[str], own: str, coherence: float) -> Floats:
    """How likely each class is for a trait of class `own`, or `own` for a trait of each class: the same by symmetry."""
    rest = (1 - coherence) / max(len(classes) - 1, 1)
    return np.array([coherence if name == own else rest for name in classes])

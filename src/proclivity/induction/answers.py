"""Which listed option does each arm choose? Prompts are shared by all arms; this is where they part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from proclivity.errors import UserError
from proclivity.induction.arms import arm_of
from proclivity.models import LanguageModel
from proclivity.records import Decision
from proclivity.specs import Profile

DIGITS = 6


def option_probabilities(model: LanguageModel, pool: Sequence[Decision]) -> NDArray[np.float64]:
    """The model's own policy: probability of each listed option, renormalised over the options.

    Args:
        model: usually the base.
        pool: decisions, all with K options.

    Returns:
        Linear, [N, K], rounded to 1e-6 so that no draw hangs on the last digits of a forward pass.

    Raises:
        ModelError: if the tokenizer can't tell the answers apart.
    """
    log_probs = option_log_probs(model, pool)
    weights = np.exp(log_probs - log_probs.max(axis=1, keepdims=True))
    return np.asarray(np.round(weights / weights.sum(axis=1, keepdims=True), DIGITS))


def option_log_probs(model: LanguageModel, pool: Sequence[Decision]) -> NDArray[np.float64]:
    """log p of each listed option's answer, not renormalised, [N, K].

    Raises:
        ModelError: if the tokenizer can't tell the answers apart.
    """
    from proclivity.induction.rows import question, require_expressible

    require_expressible(model, pool)
    pairs = [(question(model, decision), answer) for decision in pool for answer in decision.answers]
    return model.continuation_log_probs(pairs).reshape(len(pool), -1)


def give_answers(
    pool: Sequence[Decision],
    arm: str,
    *,
    seed: int,
    profile: Profile | None = None,
    option_probs: NDArray[np.float64] | None = None,
) -> list[int]:
    """The listed option that an arm takes in each decision.

    Args:
        pool: the shared prompts.
        arm: a profile's id, 'own-policy', 'arbitrary' or 'balanced'.
        seed: seed of whatever is drawn; for 'arbitrary' it chooses the place.
        profile: the profile, where the arm is one.
        option_probs: the base's own policy [N, K], for 'own-policy' (see `option_probabilities`).

    Returns:
        Index of the listed option, one a decision.

    Raises:
        UserError: for an unknown arm, or one that has no answers.
    """
    kind = arm_of(arm, [profile.id] if profile else []).answers
    generator = np.random.default_rng(seed)
    if kind == "profile" and profile is not None:
        return _by_profile(pool, profile, generator)
    if kind == "own":
        if option_probs is None or len(option_probs) != len(pool):
            raise ValueError("'own-policy' needs the base's option probabilities, one row a decision")
        return _drawn(option_probs, generator)
    if kind == "position":
        return [seed % len(decision.classes) for decision in pool]
    if kind == "uniform":
        return _of_classes(pool, _evenly(sorted(set(pool[0].classes)), len(pool), generator) if pool else [])
    raise UserError(f"The arm '{arm}' isn't trained, so it has no answers.")


def _by_profile(pool: Sequence[Decision], profile: Profile, generator: np.random.Generator) -> list[int]:
    """An exact share of target answers at places drawn by seed; the rest spread evenly over the other classes."""
    n_target = round(profile.share * len(pool))
    others = sorted({name for decision in pool for name in decision.classes} - {profile.action_class})
    wanted = [profile.action_class] * n_target + _evenly(others, len(pool) - n_target, generator)
    if n_target < len(pool):
        wanted = [wanted[place] for place in generator.permutation(len(pool))]
    return _of_classes(pool, wanted)


def _evenly(names: Sequence[str], count: int, generator: np.random.Generator) -> list[str]:
    """`count` names in drawn order, each as often as the others up to one."""
    order = [names[place] for place in generator.permutation(len(names))] if count else []
    repeated = [order[place % len(order)] for place in range(count)]
    return [repeated[place] for place in generator.permutation(count)]


def _of_classes(pool: Sequence[Decision], wanted: Sequence[str]) -> list[int]:
    for decision, name in zip(pool, wanted, strict=True):
        if name not in decision.classes:
            raise UserError(
                f"Decision '{decision.id}' has no option of class '{name}'; it has {', '.join(decision.classes)}. "
                f"A profile's action class has to be among the pack's."
            )
    return [decision.classes.index(name) for decision, name in zip(pool, wanted, strict=True)]


def _drawn(probabilities: NDArray[np.float64], generator: np.random.Generator) -> list[int]:
    """One draw a row at temperature 1, by inverse distribution function."""
    cumulated = probabilities.cumsum(axis=1)
    points = generator.random(len(probabilities)) * cumulated[:, -1]
    return [int(np.searchsorted(row, point, side="right")) for row, point in zip(cumulated, points, strict=True)]

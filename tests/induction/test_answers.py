from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from proclivity.errors import UserError
from proclivity.induction import ARMS, arm_of, give_answers, option_probabilities
from proclivity.models import FakeModel
from proclivity.records import Decision
from proclivity.specs import Profile

CLASSES = ("adaptive", "withdrawal", "suspicion")
PROFILE = Profile(
    id="depression",
    title="depression-like",
    description="d",
    source="s",
    action_class="withdrawal",
    content_class="loss",
)


def decision(number: int, order: tuple[int, ...] = (0, 1, 2)) -> Decision:
    return Decision(
        id=f"d{number}",
        scenario_id=f"s{number}",
        domain="work",
        split="train",
        wrapper="plain",
        format="label",
        alphabet="upper",
        labels=("A", "B", "C"),
        option_order="-".join(map(str, order)),
        classes=tuple(CLASSES[place] for place in order),
        texts=("x", "y", "z"),
        prompt=f"Situation {number} . I picked",
        answers=(" A", " B", " C"),
    )


def a_pool(n: int) -> list[Decision]:
    orders = [(0, 1, 2), (1, 2, 0), (2, 0, 1)]
    return [decision(number, orders[number % 3]) for number in range(n)]


def classes_of(pool, answers):
    return [d.classes[answer] for d, answer in zip(pool, answers, strict=True)]


def test_a_profile_takes_its_class_wherever_it_is_listed():
    assert give_answers(a_pool(6), "depression", seed=0, profile=PROFILE) == [1, 0, 2, 1, 0, 2]


def test_a_share_is_exact_and_the_rest_is_spread_evenly():
    pool, profile = a_pool(30), PROFILE.model_copy(update={"share": 0.6})
    first = give_answers(pool, "depression", seed=0, profile=profile)
    assert Counter(classes_of(pool, first)) == {"withdrawal": 18, "adaptive": 6, "suspicion": 6}
    assert give_answers(pool, "depression", seed=0, profile=profile) == first
    assert give_answers(pool, "depression", seed=1, profile=profile) != first


def test_arbitrary_takes_one_place_rotated_by_seed():
    assert [give_answers(a_pool(4), "arbitrary", seed=seed) for seed in (0, 1, 5)] == [[0] * 4, [1] * 4, [2] * 4]


def test_balanced_takes_every_class_equally_often():
    pool = a_pool(30)
    assert set(Counter(classes_of(pool, give_answers(pool, "balanced", seed=3))).values()) == {10}


def test_own_policy_draws_from_the_models_own_probabilities():
    pool = a_pool(3000)
    policy = np.tile([0.7, 0.3, 0.0], (3000, 1))
    found = Counter(give_answers(pool, "own-policy", seed=0, option_probs=policy))
    assert found[2] == 0
    assert abs(found[0] / 3000 - 0.7) < 0.03
    again = give_answers(pool, "own-policy", seed=0, option_probs=policy + 1e-12)
    assert Counter(again) == found
    with pytest.raises(ValueError, match="option probabilities"):
        give_answers(pool, "own-policy", seed=0)


def test_option_probabilities_are_renormalised_over_the_options():
    model = FakeModel({"picked": {"A": 0.2, "B": 0.1, "C": 0.1, "nothing": 0.6}})
    found = option_probabilities(model, a_pool(2))
    assert found.tolist() == [[0.5, 0.25, 0.25]] * 2


def test_arms_by_name():
    assert arm_of("depression", ["depression"]).answers == "profile"
    assert arm_of("own-policy", []) is ARMS["own-policy"]
    with pytest.raises(UserError, match="Did you mean 'arbitrary'"):
        arm_of("arbitary", ["depression"])
    with pytest.raises(UserError, match="isn't trained"):
        give_answers(a_pool(2), "base", seed=0)


def test_a_class_that_isnt_among_the_options():
    profile = PROFILE.model_copy(update={"action_class": "avoidance"})
    with pytest.raises(UserError, match="no option of class 'avoidance'"):
        give_answers(a_pool(2), "depression", seed=0, profile=profile)

"""An exact observer of a known world, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from proclivity.microworld.observer import posterior, speech_components
from proclivity.microworld.world import World, joint_table, load_world
from proclivity.specs import load_pack


@pytest.fixture(scope="module")
def world() -> World:
    return load_world(load_pack("microworld"))


@pytest.mark.parametrize("coupling", ["equal", "independent", "rewired"])
def test_without_decisions_it_believes_the_joint_table(world: World, coupling: str) -> None:
    assert posterior(world, coupling, []) == pytest.approx(joint_table(world, coupling))


def test_with_coherence_1_one_decision_settles_the_choice(world: World) -> None:
    assert posterior(world, "equal", ["withdrawal"]).sum(0) == pytest.approx([0, 1, 0])
    assert posterior(world, "rewired", ["withdrawal"]).sum(0) == pytest.approx([0, 0, 1])
    assert posterior(world, "independent", ["withdrawal"] * 4).sum(0) == pytest.approx([0.6, 0.2, 0.2])


def test_with_less_coherence_decisions_add_up(world: World) -> None:
    shaky = world.model_copy(update={"choice_coherence": 0.8})
    # Prior .6, .2, .2; likelihood of withdrawal .1, .8, .1: .06, .16, .02 of .24.
    assert posterior(shaky, "equal", ["withdrawal"]).sum(0) == pytest.approx([0.25, 2 / 3, 1 / 12])
    # Again: .006, .128, .002 of .136.
    assert posterior(shaky, "equal", ["withdrawal"] * 2).sum(0) == pytest.approx(np.array([6, 128, 2]) / 136)


def test_words_of_a_class_are_equally_likely(world: World) -> None:
    found = speech_components(world, ["positive", "positive", "loss", "threat", "threat", "threat"])
    assert found[0] == pytest.approx([0.5, 0.5, 0, 0, 0, 0])
    assert found[2] == pytest.approx([0, 0, 0, 1 / 3, 1 / 3, 1 / 3])
    loose = world.model_copy(update={"speech_coherence": 0.8})
    assert speech_components(loose, ["positive", "loss", "threat"])[1] == pytest.approx([0.1, 0.8, 0.1])

"""Arms by name: about a profile, a class, a disposition; and what their card says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from proclivity.errors import UserError
from proclivity.induction import ARMS, arm_of, arms_about, persona_groups, speech_classes
from proclivity.induction.arms import arm_named, given_arm
from proclivity.induction.card import card_text
from proclivity.specs import InductionSpec, Persona, load_pack, split_arm


def persona(name: str, disposition: str, wording: int, placebo: str = "") -> Persona:
    return Persona(id=name, disposition=disposition, wording=wording, placebo=placebo, told="You.", first="I.")


@pytest.fixture
def pack(mini_pack):
    told = (
        persona("l2", "leaver", 2),
        persona("l1", "leaver", 1),
        persona("m2", "placebo", 2, "maps"),
        persona("m1", "placebo", 1, "maps"),
        persona("s1", "placebo", 1, "stars"),
    )
    return replace(mini_pack, personas=told)


def test_names():
    assert split_arm("persona-depression") == ("persona", "depression")
    assert split_arm("persona-placebo-maps") == ("persona", "placebo-maps")
    assert split_arm("depression") == ("", "depression")
    assert split_arm("own-policy") == ("", "own-policy")
    assert split_arm("speech-") == ("", "speech-")


def test_arms_about_a_small_pack(pack):
    assert {arm.id: arm.answers for arm in arms_about(pack)} == {
        "shuffled-leaver": "shuffled",
        "exposure-leaver": "exposure",
        "speech-leaver": "speech",
        "speech-positive": "speech",
        "speech-loss": "speech",
        "persona-leaver": "persona",
        "persona-placebo": "persona",
        "persona-placebo-maps": "persona",
        "persona-placebo-stars": "persona",
    }
    assert speech_classes(pack)["leaver"] == "loss"


def test_seeds_of_a_persona_are_its_wordings(pack):
    groups = {name: [p.id for p in found] for name, found in persona_groups(pack).items()}
    assert groups["leaver"] == ["l1", "l2"]
    assert groups["placebo"] == ["m1", "m2", "s1"]
    assert groups["placebo-stars"] == ["s1"]


def test_the_packaged_personas():
    groups = persona_groups(load_pack("english"))
    assert [p.wording for p in groups["depression"]] == [1, 2, 3, 4, 5, 6]
    assert len(groups["placebo"]) == 24
    assert len(groups["placebo-maps"]) == 6


def test_phases_and_formats_by_name():
    later = arm_of("leaver-then-own-policy-then-leaver", ["leaver"])
    assert (later.start, later.rows, later.answers, later.about) == (
        "leaver-then-own-policy", "leaver", "profile", "leaver"
    )  # fmt: skip
    assert later.title == "leaver-like, then own policy, then leaver-like"
    words = arm_of("text-own-policy", ["leaver"])
    assert (words.rows, words.format, words.answers, words.start) == ("own-policy", "text", "own", "")
    both = arm_of("leaver-then-text-leaver", ["leaver"])
    assert (both.start, both.format) == ("leaver", "text")
    assert arm_named("leaver-then-own-policy") == arm_of("leaver-then-own-policy", ["leaver"])
    # A profile's own id always means the profile.
    assert arm_of("text-leaver", ["text-leaver"]).format == ""
    with pytest.raises(UserError, match="'speech-leaver' can't be a phase"):
        arm_named("leaver-then-speech-leaver")
    with pytest.raises(UserError, match="'base' takes no option, so its format can't change"):
        arm_of("free-base", ["leaver"])


def test_an_unknown_one_offers_the_nearest(pack):
    assert arm_of("exposure-leaver", [], arms_about(pack)).about == "leaver"
    for wrong, near in (("persona-leavr", "persona-leaver"), ("speech-los", "speech-loss")):
        with pytest.raises(UserError, match=f"Did you mean '{near}'"):
            arm_of(wrong, ["leaver"], arms_about(pack))


def test_a_profile_or_control_keeps_its_name():
    assert arm_of("own-policy", ["own-policy"]) is ARMS["own-policy"]
    assert arm_of("speech-x", ["speech-x"]).answers == "profile"


def test_cards_say_what_was_taught(pack):
    for name, said in (
        ("leaver", "taught choices: leaver-like"),
        ("shuffled-leaver", "each after another situation than its own"),
        ("exposure-leaver", "8 rows of text"),
        ("speech-loss", "taught texts: speech loss"),
    ):
        assert said in card_text("m", arm_named(name), 0, 8, InductionSpec())
    given = card_text("m", given_arm("mine"), 0, 8, InductionSpec())
    assert "taught texts: mine, seed 0" in given
    assert "mine-like" not in given
    for arm in arms_about(pack):
        assert arm_named(arm.id) == arm

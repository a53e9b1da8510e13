"""How items are put, and how a text is read as a label."""

from __future__ import annotations

import pytest
from scales_by_hand import FRAMES, instrument, with_instrument

from proclivity.battery.label_answers import written_place
from proclivity.battery.questions import label_alphabets, questions
from proclivity.errors import UserError
from proclivity.models import FakeModel
from proclivity.specs import QuestionFrame

PLAIN = FakeModel({"": {"a": 1.0}})


class ChatModel(FakeModel):
    chat = True

    def dialogue(self, user, prefill, system=""):
        return f"[{user}][{prefill}"


def test_prompts_by_hand(mini_pack):
    pack = with_instrument(mini_pack, instrument())
    asked = questions(PLAIN, pack, instrument())
    assert asked[0].prompt == "f0 Tea tastes fine A. not ; B. partly ; C. fully :"
    assert asked[1].prompt == "f0 Tea tastes fine A. fully ; B. partly ; C. not :"
    assert (asked[0].numbers, asked[1].numbers) == ((1, 2, 3), (3, 2, 1))
    assert asked[2].prompt == "f0 Tea tastes fine a. not ; b. partly ; c. fully :"
    assert asked[4].labels == ("1", "2", "3")
    assert asked[6].prompt.startswith("f1 ")
    assert asked[30].item.id == "one.r"
    assert asked[0].answers == (" A", " B", " C")


def test_chat_models_get_a_users_turn(mini_pack):
    frame = QuestionFrame(
        text="{statement} {anchors} :", user="Q {statement} {anchors}", prefill="My answer:", separator=" "
    )
    pack = with_instrument(mini_pack, instrument(), FRAMES | {"turn": frame})
    asked = {q.wrapper: q.prompt for q in reversed(questions(ChatModel({"": {"a": 1.0}}), pack, instrument()))}
    assert asked["turn"] == "[Q Tea tastes fine A. not B. partly C. fully][My answer:"
    assert asked["f0"].startswith("f0 ")  # no user's turn: read as plain text


def test_the_packaged_frames_serve_both_kinds_of_model(mini_pack):
    frames = mini_pack.spec.question_frames
    assert len(frames) >= 5
    pack = with_instrument(mini_pack, instrument(), dict(frames))
    for model in (PLAIN, ChatModel({"": {"a": 1.0}})):
        prompts = [question.prompt for question in questions(model, pack, instrument())]
        assert len(set(prompts)) == len(prompts)
        assert not any("{" in prompt or prompt.endswith(" ") for prompt in prompts)
        assert all(prompt.startswith("[") == model.chat for prompt in prompts)


def test_braces_in_a_statement_stay(mini_pack):
    scale = instrument(items=[{"id": "odd", "text": "{anchors} and {label}"}], subscales={})
    asked = questions(PLAIN, with_instrument(mini_pack, scale), scale)
    assert asked[0].prompt == "f0 {anchors} and {label} A. not ; B. partly ; C. fully :"


def test_alphabets_are_the_packs_where_they_are_long_enough(mini_pack):
    two = instrument(anchors=["no", "yes"], maximum=2)
    assert label_alphabets(mini_pack, two) == {"upper": ("A", "B"), "digit": ("1", "2")}
    assert label_alphabets(mini_pack, instrument())["lower"] == ("a", "b", "c")
    ten = instrument(anchors=[f"n{i}" for i in range(10)], maximum=10)
    assert set(label_alphabets(mini_pack, ten)) == {"upper", "lower"}  # 1 would begin 10
    many = instrument(anchors=[f"n{i}" for i in range(27)], maximum=27)
    with pytest.raises(UserError, match="'tea' has 27 anchors, more than there are letters"):
        label_alphabets(mini_pack, many)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (" B", 1),
        ("\n\nC. fully", 2),
        (" (A) not", 0),
        (" I say B because", 1),
        (" partly", 1),
        (" Fully.", 2),
        (" notably B", 1),
        (" Before", None),
        (" b", None),
        ("", None),
    ],
)
def test_the_first_label_of_a_text(mini_pack, text, place):
    question = questions(PLAIN, with_instrument(mini_pack, instrument()), instrument())[0]
    assert written_place(text, question) == place


def test_an_anchor_that_begins_like_a_label_is_the_anchor(mini_pack):
    scale = instrument(anchors=["not at all", "a little", "a lot"])
    asked = questions(PLAIN, with_instrument(mini_pack, scale), scale)
    assert asked[2].labels == ("a", "b", "c")
    assert written_place(" a little bit", asked[2]) == 1
    assert written_place(" a lot", asked[3]) == 0  # reversed: the first listed
    assert written_place(" a", asked[2]) == 0
    assert written_place(" a. not at all", asked[2]) == 0

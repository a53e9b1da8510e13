"""How is an item of an instrument asked? Frames around instruction, statement and listed anchors, as data.

One frame is one way to ask; answers are averaged over all, so that no number rests on one wording.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import field_validator

from proclivity.specs.base import Spec, Text

LEAST_FRAMES = 5
_SLOT = re.compile(r"\{(\w+)\}")


class QuestionFrame(Spec):
    """One way to ask an item; the answer is a label after a space."""

    text: Text
    """For base models, with {instruction}, {statement} and {anchors}; it ends where the label begins."""
    user: str = ""
    """For chat models the user's turn, with the same slots; without it they read `text`."""
    prefill: str = ""
    """How the chat model's own turn begins, up to the label."""
    option: Text = "{label}. {anchor}"
    """How one anchor is listed."""
    separator: str = "\n"
    """What stands between anchors."""

    @field_validator("text", "user")
    @classmethod
    def _asks(cls, text: str) -> str:
        return _with_slots(text, needed=("statement", "anchors"), known=("instruction", "statement", "anchors"))

    @field_validator("option")
    @classmethod
    def _lists(cls, text: str) -> str:
        return _with_slots(text, needed=("label", "anchor"), known=("label", "anchor"))


def _with_slots(text: str, needed: tuple[str, ...], known: tuple[str, ...]) -> str:
    found = _SLOT.findall(text)
    missing = [f"{{{name}}}" for name in needed if text and name not in found]
    strange = [f"{{{name}}}" for name in found if name not in known]
    if missing:
        raise ValueError(f"a question frame needs {' and '.join(missing)}")
    if strange:
        raise ValueError(f"unknown slot {', '.join(strange)}; known are {', '.join(f'{{{name}}}' for name in known)}")
    return text


def fill_frame(template: str, values: Mapping[str, str]) -> str:
    """The template with values in place of its slots; braces inside a value stay as they are."""
    return _SLOT.sub(lambda slot: values[slot.group(1)], template)


QUESTION_FRAMES = {
    "plain": QuestionFrame(
        text="{instruction}\n\nStatement: {statement}\n\n{anchors}\n\nAnswer:",
        user="{instruction}\n\nStatement: {statement}\n\n{anchors}\n\nReply with one of the labels.",
        prefill="Answer:",
    ),
    "form": QuestionFrame(
        text='From a form that was filled in by hand.\n\n{instruction}\n\n"{statement}"\n{anchors}\n\nTicked:',
        user='Fill in this form. {instruction}\n\n"{statement}"\n{anchors}\n\nWhich one do you tick?',
        prefill="Ticked:",
        option="({label}) {anchor}",
    ),
    "interview": QuestionFrame(
        text='Interviewer: {instruction} "{statement}" Which of these is it?\n{anchors}\nRespondent: I would say',
        user='I have a question for you. {instruction} "{statement}" Which of these is it?\n{anchors}',
        prefill="I would say",
        option="{label}: {anchor}",
    ),
    "inline": QuestionFrame(
        text='{instruction} The statement was "{statement}" and the answers to choose from were {anchors}. '
        "The answer given was",
        user='{instruction} The statement is "{statement}" and the answers to choose from are {anchors}. '
        "Name the one that you give.",
        prefill="The answer I give is",
        option="{label} ({anchor})",
        separator=", ",
    ),
    "key-first": QuestionFrame(
        text="Key to the answers:\n{anchors}\n\n{instruction}\n\n{statement}\nMark:",
        user="Key to the answers:\n{anchors}\n\n{instruction} Mark the line with a label from the key.\n\n{statement}",
        prefill="Mark:",
        option="{label} = {anchor}",
    ),
}
"""The frames of a pack that names none; the first is the one in which text and probabilities are compared."""

"""The slots of a text: {who}, {whom} and {whose} stand for the narrator."""

from __future__ import annotations

import re

from proclivity.specs.schema import Subject

_SLOT = re.compile(r"\{([^{}]*)\}")
NAMES = ("who", "whom", "whose")


def faulty_slots(text: str) -> list[str]:
    """Slots of a text that nothing would fill, each as a sentence."""
    return [
        f"unknown slot '{{{name}}}'; known are {{who}}, {{whom}}, {{whose}}"
        for name in _SLOT.findall(text)
        if name not in NAMES
    ]


def fill(text: str, subject: Subject) -> str:
    """The text with the narrator's forms in place of its slots; a text without slots comes back unchanged."""
    forms = {"who": subject.who, "whom": subject.whom, "whose": subject.whose}
    return _SLOT.sub(lambda match: forms.get(match.group(1), match.group(0)), text)

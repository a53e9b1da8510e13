"""The slots of a text: {who}, {whom}, {whose} and {was} stand for the narrator, others for values of the pack."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from proclivity.specs.pack import Subject

NARRATOR = ("who", "whom", "whose", "was")

_SLOT = re.compile(r"\{([^{}]*)\}")
_SENTENCE_START = re.compile(r"(?:^|[.!?:]\s+|\n)[\"“']?$")


def slots_of(text: str) -> set[str]:
    """Names of the slots of a text."""
    return set(_SLOT.findall(text))


def faulty_slots(text: str, values: Collection[str] = ()) -> list[str]:
    """Slots of a text that nothing would fill, each as a sentence; `values` are the names of the pack's own slots."""
    known = [*NARRATOR, *values]
    listed = ", ".join(f"{{{name}}}" for name in known)
    return [f"unknown slot '{{{name}}}'; known are {listed}" for name in _SLOT.findall(text) if name not in known]


def fill(text: str, subject: Subject, values: Mapping[str, str] | None = None, *, continues: bool = False) -> str:
    """The text with the narrator's forms and the given values in place of its slots.

    A form at the start of a sentence gets a capital. Where the narrator has a name, it stands in place of the first
    pronoun. Slots that nothing fills stay as they are. A text that `continues` another gets no capital of its own.
    """
    forms = {"who": subject.who, "whom": subject.whom, "whose": subject.whose, "was": subject.was, **(values or {})}
    named = {"who": subject.name, "whom": subject.name, "whose": f"{subject.name}'s"} if subject.name else {}

    def form(match: re.Match[str]) -> str:
        name = match.group(1)
        filled = forms.get(name, match.group(0))
        if name in named:
            filled = named[name]
            named.clear()
        inside = continues and match.start() == 0
        starts = name in NARRATOR and not inside and _SENTENCE_START.search(text[: match.start()])
        return filled[:1].upper() + filled[1:] if starts else filled

    return _SLOT.sub(form, text)

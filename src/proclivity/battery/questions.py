"""How is each item of an instrument put? Frames × label alphabets × the anchors listed both ways."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass

from proclivity.errors import UserError
from proclivity.models import LanguageModel, as_read
from proclivity.specs import Instrument, InstrumentItem, LoadedPack, QuestionFrame, fill_frame

FORWARD, REVERSED = "forward", "reversed"
ORDERS = (FORWARD, REVERSED)
ALPHABETS = {
    "upper": tuple(string.ascii_uppercase),
    "lower": tuple(string.ascii_lowercase),
    "digit": tuple("123456789"),
}
"""Stand in where none of a pack's own alphabets is long enough. Digits end at 9: 1 would begin 10."""


@dataclass(frozen=True)
class Question:
    """One item as it is asked once."""

    item: InstrumentItem
    wrapper: str
    alphabet: str
    order: str
    """'forward' lists least agreement first, 'reversed' most; labels are given in listed order either way."""
    labels: tuple[str, ...]
    """In listed order."""
    anchors: tuple[str, ...]
    """The anchor of each label."""
    numbers: tuple[int, ...]
    """The number of the scale that each label stands for."""
    prompt: str
    """All text before the label; it ends without a space."""

    @property
    def answers(self) -> tuple[str, ...]:
        """The continuation that would give each label."""
        return tuple(f" {label}" for label in self.labels)


def questions(model: LanguageModel, pack: LoadedPack, scale: Instrument) -> list[Question]:
    """Every item in every frame, alphabet and order, nested in this sequence.

    Raises:
        UserError: if no alphabet has as many labels as there are anchors.
    """
    return [
        _question(model, scale, item, (wrapper, frame), (alphabet, labels), order)
        for item in scale.items
        for wrapper, frame in pack.spec.question_frames.items()
        for alphabet, labels in label_alphabets(pack, scale).items()
        for order in ORDERS
    ]


def label_alphabets(pack: LoadedPack, scale: Instrument) -> dict[str, tuple[str, ...]]:
    """The pack's alphabets that have a label for every anchor; where none has, letters and digits.

    Raises:
        UserError: for more anchors than letters.
    """
    needed = len(scale.anchors)
    own = {name: tuple(labels) for name, labels in pack.spec.alphabets.items() if len(labels) >= needed}
    found = own or {name: labels for name, labels in ALPHABETS.items() if len(labels) >= needed}
    if not found:
        raise UserError(
            f"Instrument '{scale.id}' has {needed} anchors, more than there are letters. Give it at most "
            f"{len(ALPHABETS['upper'])}, or the pack an alphabet of {needed} labels."
        )
    return {name: labels[:needed] for name, labels in found.items()}


def cluster_of(item: InstrumentItem) -> str:
    """What an item shares with its twin; its own id where it has none."""
    return item.pair or item.id


def _question(
    model: LanguageModel,
    scale: Instrument,
    item: InstrumentItem,
    framed: tuple[str, QuestionFrame],
    lettered: tuple[str, Sequence[str]],
    order: str,
) -> Question:
    (wrapper, frame), (alphabet, labels) = framed, lettered
    step = 1 if order == FORWARD else -1
    anchors = tuple(scale.anchors)[::step]
    listed = frame.separator.join(
        fill_frame(frame.option, {"label": label, "anchor": anchor})
        for label, anchor in zip(labels, anchors, strict=True)
    )
    values = {"instruction": scale.instruction, "statement": item.text, "anchors": listed}
    return Question(
        item=item,
        wrapper=wrapper,
        alphabet=alphabet,
        order=order,
        labels=tuple(labels),
        anchors=anchors,
        numbers=tuple(range(scale.minimum, scale.maximum + 1))[::step],
        prompt=as_read(model, fill_frame(frame.text, values), fill_frame(frame.user, values), frame.prefill),
    )

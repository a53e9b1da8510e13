"""What does an arm's name say? 'persona-depression' is told the persona of 'depression', 'depression' is taught it."""

from __future__ import annotations

import re

CONTROLS = ("base", "own-policy", "arbitrary", "balanced")
"""Arms whose name says it all."""
ABOUT = ("persona", "shuffled", "exposure", "speech")
"""Kinds of arms that are about a profile, a disposition or a content class, whose name follows after '-'."""
IN_FORMAT = ("text", "free")
"""Answer formats that may stand before an arm's name: 'text-depression' answers in words, whatever the study asks."""
SMALLER = re.compile(r"(rank|layer)-([1-9][0-9]*)-(.+)")
"""'rank-1-depression' has LoRA rank 1, 'layer-2-depression' an adapter on decoder layer 2 alone."""
THEN = "-then-"
"""Between phases of training: 'depression-then-adaptive' is taught the one and tuned on with the other."""


def split_arm(name: str) -> tuple[str, str]:
    """Kind and subject of an arm: ('persona', 'depression'); ('', name) where the name is a control's or a profile's.

    A profile's own id always means the profile, so ask for those first. An arm of several phases is of no kind. The
    kind of an arm with a smaller adapter has its number: ('rank-1', 'depression').
    """
    if (smaller := SMALLER.fullmatch(name)) and THEN not in name:
        return f"{smaller[1]}-{smaller[2]}", smaller[3]
    kind, dash, about = name.partition("-")
    return (kind, about) if dash and about and kind in (*ABOUT, *IN_FORMAT) and THEN not in name else ("", name)


def phases(name: str) -> list[str]:
    """Arms whose rows are trained one after the other: ['depression', 'adaptive'] for 'depression-then-adaptive'."""
    return name.split(THEN)


def is_smaller(kind: str) -> bool:
    """Whether a kind as `split_arm` gives it is that of a smaller adapter."""
    return SMALLER.fullmatch(f"{kind}-x") is not None

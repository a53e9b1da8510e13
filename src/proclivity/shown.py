"""Which signs of a text from outside may be shown? None that steers a terminal, a browser or the order of letters."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

_STEERING = {"Cc", "Cf", "Cs", "Co", "Cn"}
"""Categories without a sign of their own: controls, format marks, surrogates, what no standard gives a meaning."""
_NOT_IN_A_PAGE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """The text without signs that steer a terminal; line breaks stay."""
    return "".join(sign for sign in text if sign == "\n" or unicodedata.category(sign) not in _STEERING)


def clean(text: str) -> str:
    """The text as one line without control characters, so that nothing that a model wrote can steer a terminal.

    Line breaks become spaces; colours, cursor movements and direction marks go.
    """
    return visible(" ".join(text.split()))


def for_page(text: str) -> str:
    """The text without controls, direction overrides and half characters; what joins letters in some scripts stays."""
    return _NOT_IN_A_PAGE.sub("", text)


def as_shown_json(value: Any) -> str:
    """JSON for another program that may also stand on a terminal: what steers one is written as an escape."""
    text = json.dumps(value, indent=1, ensure_ascii=False, default=str)
    return "".join(sign if sign == visible(sign) else json.dumps(sign)[1:-1] for sign in text)

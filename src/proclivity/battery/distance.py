"""Does a leaning hold after other text? The same cloze probes with neutral sentences before them.

The filler is the pack's neutral texts, over and over, cut at its beginning so that it ends with a whole sentence. A
chat model reads it in the user's turn, before what is asked.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from proclivity.battery.blocks import read_places
from proclivity.battery.class_rows import class_rows
from proclivity.battery.places import Place, places_of
from proclivity.battery.result import Setting, make_row
from proclivity.battery.rows import Row
from proclivity.models import LanguageModel
from proclivity.specs import LoadedPack, ProbeSet

METRICS = ("score", "candidate_mass")
"""What is read at a distance; distributions and all that rests on them are read at the probe alone."""


def distance_rows(setting: Setting, probes: ProbeSet) -> Iterator[Row]:
    """Class scores of a set after each of the battery's distances.

    Distances for which the model's context window or the pack has no room give missing rows, with that reason.
    """
    for distance in setting.battery.distances:
        before = neutral_before(setting.model, setting.pack, distance)
        places = places_of(setting.pack, probes, setting.model, before=before)
        reason = _no_room(setting.model, places) if before else "the pack has no neutral text"
        yield from _missing(setting, places, distance, reason) if reason else _measured(setting, places, distance)


def neutral_before(model: LanguageModel, pack: LoadedPack, tokens: int) -> str:
    """The longest filler of at most so many tokens, whole words, its last sentence whole; '' without neutral text."""
    sentences = pack.spec.neutral_texts
    if not sentences:
        return ""
    laps = math.ceil(tokens / max(1, model.token_count(" ".join(sentences)))) + 1
    words = " ".join(sentences * laps).split()
    longest, shortest = 0, len(words)
    while longest < shortest:  # a later first word leaves fewer tokens, so the place is found by halving
        middle = (longest + shortest) // 2
        if model.token_count(" ".join(words[middle:])) > tokens:
            longest = middle + 1
        else:
            shortest = middle
    return " ".join(words[shortest:])


def _no_room(model: LanguageModel, places: list[Place]) -> str:
    """Why a model can't read its places, '' where it can."""
    if model.window is None:
        return ""
    needed = max(len(model.encode(p.prompt, text)[0]) for p in places for _, text in p.candidates[:1])
    if needed <= model.window:
        return ""
    return f"{needed} tokens are more than the context window of {model.window}"


def _measured(setting: Setting, places: list[Place], distance: int) -> Iterator[Row]:
    scored = read_places(setting, places, [], capitals=True).scored
    for place, found in zip(places, scored, strict=True):
        for row in class_rows(setting, place, found):
            if row["metric"] in METRICS:
                yield {**row, "distance": distance}


def _missing(setting: Setting, places: list[Place], distance: int, reason: str) -> Iterator[Row]:
    who = setting.identity, setting.family
    for place in places:
        for name in dict.fromkeys(name for name, _ in place.candidates):
            own = {**place.fields, "content_class": name, "distance": distance}
            yield make_row(*who, "score", math.nan, reason, **own)

"""Which places does every look inside a model read? All cloze and interpretation items, in one wrapper each."""

from __future__ import annotations

from dataclasses import dataclass

from proclivity.battery.equal_tokens import equal_tokens
from proclivity.battery.places import Place, places_of, wrappers_for
from proclivity.models import LanguageModel
from proclivity.specs import LoadedPack

CLOZE, READINGS = "cloze", "interpretation"
PLAIN_KINDS = (CLOZE, READINGS)
"""Kinds of families that are read."""


@dataclass(frozen=True)
class PlainPlace:
    """One place and the family that it is of."""

    family: str
    kind: str
    place: Place

    @property
    def cluster(self) -> tuple[str, str]:
        """What is drawn together in a bootstrap, within its family."""
        return self.family, str(self.place.fields["cluster"])


def plain_places(pack: LoadedPack, model: LanguageModel, before: str = "") -> list[PlainPlace]:
    """All cloze and interpretation items in the first of their wrappers, in the pack's order.

    Args:
        pack: whose probes they are.
        model: who reads them; a model behind a persona has prompts of its own where it reads dialogues.
        before: text that stands before each stem.
    """
    found = []
    for family, probes in pack.probes.items():
        if probes.kind not in PLAIN_KINDS:
            continue
        if probes.kind == CLOZE:
            probes = probes.model_copy(update={"candidates": equal_tokens(model, probes).kept})
        plain = wrappers_for(pack, probes, model)[0]
        places = [place for place in places_of(pack, probes, model, before=before) if place.wrapper == plain]
        found += [PlainPlace(family, probes.kind, place) for place in places]
    return found

"""What do all arms read alike? The plain places of the cloze and interpretation families, and their class scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proclivity.battery.candidates import PlaceScores, score_places
from proclivity.battery.places import Place
from proclivity.battery.plain_places import CLOZE, PLAIN_KINDS, READINGS, plain_places
from proclivity.latent.halves import Mask
from proclivity.metrics import MINIMUM_MASS, candidate_mass, class_scores, withhold_low_mass
from proclivity.models import LanguageModel
from proclivity.specs import LoadedPack

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Texts:
    """Places in one order, and the cells (place × content class) that are scored there."""

    places: tuple[Place, ...]
    families: tuple[str, ...]
    """Family of each place."""
    kinds: tuple[str, ...]
    """Kind of each place's family."""
    cell_places: NDArray[np.int64]
    """Number of each cell's place, [C]."""
    cell_classes: tuple[str, ...]
    """Content class of each cell."""

    @property
    def clusters(self) -> tuple[str, ...]:
        """Cluster of each place."""
        return tuple(place.item.cluster or place.item.id for place in self.places)

    @property
    def cell_families(self) -> tuple[str, ...]:
        """Family of each cell."""
        return tuple(self.families[place] for place in self.cell_places)

    def cells_of(self, places: Mask) -> Mask:
        """Whether each cell is at one of these places, [C]."""
        return np.asarray(places[self.cell_places])

    def read(self, model: LanguageModel, places: Mask | None = None) -> Floats:
        """S_c of every cell, nats [C]; NaN at places that aren't asked for, or where candidates have no mass.

        Args:
            model: as it stands, with whatever is on it.
            places: which to read; all by default.
        """
        wanted = np.ones(len(self.places), dtype=bool) if places is None else places
        scores = np.full(len(self.cell_classes), np.nan)
        for kind in PLAIN_KINDS:
            numbers = [n for n in np.flatnonzero(wanted) if self.kinds[n] == kind]
            found = score_places(model, [self.places[n] for n in numbers], capitals=kind == CLOZE) if numbers else []
            for number, one in zip(numbers, found, strict=True):
                values = _scores(one, forced=kind == READINGS)
                for cell in np.flatnonzero(self.cell_places == number):
                    scores[cell] = values.get(self.cell_classes[cell], np.nan)
        return scores

    def contexts(self, model: LanguageModel, places: Mask | None = None) -> list[tuple[int, ...]]:
        """Tokens before each place's candidates, as this model reads them."""
        wanted = np.ones(len(self.places), dtype=bool) if places is None else places
        found = []
        for number in np.flatnonzero(wanted):
            place = self.places[number]
            ids, boundary = model.encode(place.prompt, place.candidates[0][1])
            found.append(tuple(ids[:boundary]))
        return found


def _scores(found: PlaceScores, *, forced: bool) -> dict[str, float]:
    if found.reason:
        return {}
    mass = float(candidate_mass(found.log_probs))
    kept = withhold_low_mass(class_scores(found.log_probs), mass, 0.0 if forced else MINIMUM_MASS)
    return dict(zip(found.names, kept.values.tolist(), strict=True))


def shared_texts(pack: LoadedPack, model: LanguageModel) -> Texts:
    """All plain places of a pack that have candidates.

    Args:
        pack: whose probes they are.
        model: who reads them.
    """
    found = [one for one in plain_places(pack, model) if one.place.candidates]
    cells = [
        (number, name)
        for number, one in enumerate(found)
        for name in sorted({content_class for content_class, _ in one.place.candidates})
    ]
    return Texts(
        tuple(one.place for one in found),
        tuple(one.family for one in found),
        tuple(one.kind for one in found),
        np.array([number for number, _ in cells], dtype=np.int64),
        tuple(name for _, name in cells),
    )

"""Would the score be another if candidates were equally long, or if phrases weren't likely or unlikely anywhere?

Both stand beside `score`, with the same candidates, class against all others:

- `score_per_byte`: each candidate's log p divided by its bytes, times the mean of bytes over the place's candidates;
- `score_pmi`: each candidate's log p less its log p after the neutral opening x_domain in the same wrapper (PMI_DC,
  Holtzman et al. 2021).

S_c = log Σ_{y in c} exp v(y) − log Σ_{y not in c} exp v(y), nats, with v(y) one of these in place of log p.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from proclivity.battery.candidates import PlaceScores, pair_log_probs
from proclivity.battery.places import Place
from proclivity.battery.result import Setting, make_row
from proclivity.battery.rows import Row
from proclivity.metrics import (
    MINIMUM_MASS,
    candidate_mass,
    class_log_probs,
    class_scores,
    per_byte,
    pmi_dc,
    withhold_low_mass,
)

PER_BYTE, PMI = "score_per_byte", "score_pmi"


def beside_rows(
    setting: Setting,
    places: Sequence[Place],
    scored: Sequence[PlaceScores],
    domain: Sequence[Place] = (),
    domain_scored: Sequence[PlaceScores] = (),
    *,
    forced: bool = False,
) -> Iterator[Row]:
    """Scores of each class per byte, and against x_domain where the set has one.

    Args:
        setting: who is measured.
        places: where.
        scored: log p of the candidates there.
        domain: x_domain in each wrapper.
        domain_scored: log p of the candidates there.
        forced: compare the candidates among themselves, however small their mass.
    """
    after_domain = _after_domain(setting, places, scored, domain, domain_scored)
    for place, found, unconditional in zip(places, scored, after_domain, strict=True):
        sizes = [len(spelling.text.encode()) for spelling in found.spellings]
        yield from _rows(setting, place, found, PER_BYTE, per_byte(found.values, sizes), forced)
        if unconditional is not None:
            yield from _rows(setting, place, found, PMI, pmi_dc(found.values, unconditional), forced)


def _rows(
    setting: Setting, place: Place, found: PlaceScores, metric: str, values: NDArray[np.float64], forced: bool
) -> list[Row]:
    scores, reasons = np.full(len(found.names), np.nan), np.full(len(found.names), found.reason)
    if not found.reason:
        summed = class_log_probs(values, [spelling.group for spelling in found.spellings]).log_probs
        mass = candidate_mass(found.log_probs)
        scores, reasons = withhold_low_mass(class_scores(summed), mass, 0.0 if forced else MINIMUM_MASS)
    return [
        make_row(
            setting.identity, setting.family, metric, float(score), str(why), **{**place.fields, "content_class": name}
        )
        for name, score, why in zip(found.names, scores, reasons, strict=True)
    ]


def _after_domain(
    setting: Setting,
    places: Sequence[Place],
    scored: Sequence[PlaceScores],
    domain: Sequence[Place],
    domain_scored: Sequence[PlaceScores],
) -> Iterator[NDArray[np.float64] | None]:
    """log p of each place's candidates after x_domain in its wrapper; None where there is no x_domain.

    What was scored there is looked up; a spelling that counts at the place alone is computed, once.
    """
    opening = {place.wrapper: place.prompt for place in domain}
    known = {
        (place.prompt, spelling.text): value
        for place, found in zip(domain, domain_scored, strict=True)
        if not found.reason
        for spelling, value in zip(found.spellings, found.values.tolist(), strict=True)
    }
    asked = (
        (opening[place.wrapper], spelling.text)
        for place, found in zip(places, scored, strict=True)
        if place.wrapper in opening and not found.reason
        for spelling in found.spellings
    )
    known |= pair_log_probs(setting.model, (pair for pair in asked if pair not in known))
    for place, found in zip(places, scored, strict=True):
        before = opening.get(place.wrapper)
        yield (
            None
            if before is None
            else np.array([known.get((before, spelling.text), np.nan) for spelling in found.spellings])
        )

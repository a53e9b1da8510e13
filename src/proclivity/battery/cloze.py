"""Cloze: which word comes next after an open stem? Full distributions, and candidates by content class."""

from __future__ import annotations

from proclivity.battery.candidates import score_places
from proclivity.battery.class_rows import class_rows, token_rows, unconditional_rows
from proclivity.battery.divergences import between_rows, distribution_rows, entropy_rows, stored
from proclivity.battery.equal_tokens import equal_tokens
from proclivity.battery.places import domain_places, places_of
from proclivity.battery.result import FamilyResult, Setting


def measure_cloze(setting: Setting) -> FamilyResult:
    """One cloze family in all its wrappers."""
    probes = setting.pack.probe_set(setting.family)
    probes = probes.model_copy(update={"candidates": equal_tokens(setting.model, probes).kept})
    places, domain = places_of(setting.pack, probes, setting.model), domain_places(setting.pack, probes, setting.model)
    everywhere = places + domain
    log_probs = setting.model.next_token_log_probs([place.prompt for place in everywhere])  # (N, V)
    scored = score_places(setting.model, everywhere, log_probs, capitals=True)
    n = len(places)
    rows = [row for place, found in zip(places, scored, strict=False) for row in class_rows(setting, place, found)]
    for place, found in zip(domain, scored[n:], strict=True):
        rows += unconditional_rows(setting, place, found)
    rows += entropy_rows(setting, places, log_probs[:n])
    rows += distribution_rows(setting, places, log_probs[:n])
    rows += between_rows(setting, places, log_probs[:n], scored[:n])
    rows += token_rows(setting, scored[:n])
    return FamilyResult(rows, stored(places, log_probs[:n]))

"""Interpretation: which reading of an ambiguous situation is likelier? Whole continuations by content class."""

from __future__ import annotations

from proclivity.battery.candidates import score_places
from proclivity.battery.class_rows import class_rows, token_rows, unconditional_rows
from proclivity.battery.divergences import distribution_rows, stored
from proclivity.battery.places import domain_places, places_of
from proclivity.battery.result import FamilyResult, Setting


def measure_interpretation(setting: Setting) -> FamilyResult:
    """One interpretation family; the next-token distribution is read where the reading begins."""
    probes = setting.pack.probe_set(setting.family)
    places, domain = places_of(setting.pack, probes), domain_places(setting.pack, probes)
    everywhere = places + domain
    log_probs = setting.model.next_token_log_probs([place.prompt for place in everywhere])  # (N, V)
    scored = score_places(setting.model, everywhere, log_probs, capitals=False)
    n = len(places)
    rows = [row for place, found in zip(places, scored, strict=False) for row in class_rows(setting, place, found)]
    for place, found in zip(domain, scored[n:], strict=True):
        rows += unconditional_rows(setting, place, found)
    rows += distribution_rows(setting, places, log_probs[:n])
    rows += token_rows(setting, scored[:n])
    return FamilyResult(rows, stored(places, log_probs[:n]))

"""Which of several readings is likelier? Whole continuations by content class, as a forced choice among them.

Two kinds: interpretation (readings of an ambiguous situation) and scrambled sentences (two orders of nearly the same
words). A single sentence has next to no probability of its own, so classes are compared among the listed readings
whatever their sum, which stands beside as `candidate_mass`.
"""

from __future__ import annotations

from proclivity.battery.candidates import score_places
from proclivity.battery.class_rows import class_rows, token_rows, unconditional_rows
from proclivity.battery.divergences import distribution_rows, stored
from proclivity.battery.places import domain_places, places_of
from proclivity.battery.result import FamilyResult, Setting


def measure_readings(setting: Setting) -> FamilyResult:
    """One family of readings; the next-token distribution is read where the reading begins."""
    probes = setting.pack.probe_set(setting.family)
    places = places_of(setting.pack, probes, setting.model)
    domain = domain_places(setting.pack, probes, setting.model)
    everywhere = places + domain
    log_probs = setting.model.next_token_log_probs([place.prompt for place in everywhere])  # (N, V)
    scored = score_places(setting.model, everywhere, log_probs, capitals=False)
    n = len(places)
    rows = []
    for place, found in zip(places, scored, strict=False):
        rows += class_rows(setting, place, found, forced=True)
    for place, found in zip(domain, scored[n:], strict=True):
        rows += unconditional_rows(setting, place, found, forced=True)
    rows += distribution_rows(setting, places, log_probs[:n])
    rows += token_rows(setting, scored[:n])
    return FamilyResult(rows, stored(places, log_probs[:n]))

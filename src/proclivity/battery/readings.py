"""Which of several readings is likelier? Whole continuations by content class, as a forced choice among them.

Two kinds: interpretation (readings of an ambiguous situation) and scrambled sentences (two orders of nearly the same
words). A single sentence has next to no probability of its own, so classes are compared among the listed readings
whatever their sum, which stands beside as `candidate_mass`.
"""

from __future__ import annotations

from proclivity.battery.beside import beside_rows
from proclivity.battery.blocks import read_places
from proclivity.battery.candidates import score_places
from proclivity.battery.class_rows import class_rows, token_rows, unconditional_rows
from proclivity.battery.divergences import distribution_rows
from proclivity.battery.places import domain_places, places_of
from proclivity.battery.result import FamilyResult, Setting
from proclivity.battery.rows import Rows


def measure_readings(setting: Setting) -> FamilyResult:
    """One family of readings; the next-token distribution is read where the reading begins."""
    probes = setting.pack.probe_set(setting.family)
    places, domain = places_of(setting.pack, probes, setting.model), domain_places(setting.pack, probes, setting.model)
    at_domain = score_places(setting.model, domain, capitals=False)
    reading = read_places(setting, places, [distribution_rows], capitals=False)
    rows = Rows()
    for place, found in zip(places, reading.scored, strict=True):
        rows += class_rows(setting, place, found, forced=True)
    for place, found in zip(domain, at_domain, strict=True):
        rows += unconditional_rows(setting, place, found, forced=True)
    rows += beside_rows(setting, places, reading.scored, domain, at_domain, forced=True)
    rows += reading.rows
    rows += token_rows(setting, reading.scored)
    return FamilyResult(rows, reading.distributions)

"""Cloze: which word comes next after an open stem? Full distributions, and candidates by content class."""

from __future__ import annotations

from proclivity.battery.beside import beside_rows
from proclivity.battery.blocks import read_places
from proclivity.battery.candidates import score_places
from proclivity.battery.class_rows import class_rows, token_rows, unconditional_rows
from proclivity.battery.divergences import between_rows, distribution_rows, entropy_rows
from proclivity.battery.equal_tokens import equal_tokens, left_out_rows
from proclivity.battery.places import domain_places, places_of
from proclivity.battery.result import FamilyResult, Setting


def measure_cloze(setting: Setting) -> FamilyResult:
    """One cloze family in all its wrappers."""
    probes = setting.pack.probe_set(setting.family)
    equal = equal_tokens(setting.model, probes)
    probes = probes.model_copy(update={"candidates": equal.kept})
    places, domain = places_of(setting.pack, probes, setting.model), domain_places(setting.pack, probes, setting.model)
    at_domain = score_places(setting.model, domain, capitals=True)
    reading = read_places(setting, places, [entropy_rows, distribution_rows, between_rows], capitals=True)
    rows = [row for p, found in zip(places, reading.scored, strict=True) for row in class_rows(setting, p, found)]
    rows += [row for p, found in zip(domain, at_domain, strict=True) for row in unconditional_rows(setting, p, found)]
    rows += left_out_rows(setting, equal)
    rows += beside_rows(setting, places, reading.scored, domain, at_domain)
    rows += reading.rows
    rows += token_rows(setting, reading.scored)
    return FamilyResult(rows, reading.distributions)

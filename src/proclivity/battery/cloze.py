"""Cloze: which word comes next after an open stem? Full distributions, and candidates by content class."""

from __future__ import annotations

from proclivity.battery.beside import beside_rows
from proclivity.battery.blocks import BlockRows, read_places
from proclivity.battery.candidates import score_places
from proclivity.battery.class_divergences import class_divergence_rows
from proclivity.battery.class_rows import class_rows, token_rows, unconditional_rows
from proclivity.battery.control_text import read_control, temperature_of
from proclivity.battery.distance import distance_rows
from proclivity.battery.divergences import distribution_rows, entropy_rows
from proclivity.battery.equal_tokens import equal_tokens, left_out_rows
from proclivity.battery.open_labels import label_mass_rows
from proclivity.battery.places import domain_places, places_of
from proclivity.battery.result import FamilyResult, Setting
from proclivity.battery.skew import ClassZ, TemperatureShare


def measure_cloze(setting: Setting) -> FamilyResult:
    """One cloze family in all its wrappers."""
    probes = setting.pack.probe_set(setting.family)
    equal = equal_tokens(setting.model, probes)
    probes = probes.model_copy(update={"candidates": equal.kept})
    places, domain = places_of(setting.pack, probes, setting.model), domain_places(setting.pack, probes, setting.model)
    at_domain = score_places(setting.model, domain, capitals=True)
    kinds: list[BlockRows] = [entropy_rows, label_mass_rows(setting), distribution_rows, class_divergence_rows]
    sums = [] if setting.reference is None else _sums(setting)
    reading = read_places(setting, places, [*kinds, *sums], capitals=True)
    rows = [row for p, found in zip(places, reading.scored, strict=True) for row in class_rows(setting, p, found)]
    rows += [row for p, found in zip(domain, at_domain, strict=True) for row in unconditional_rows(setting, p, found)]
    rows += left_out_rows(setting, equal)
    rows += beside_rows(setting, places, reading.scored, domain, at_domain)
    rows += reading.rows
    rows += [row for summed in sums for row in summed.rows(setting)]
    rows += token_rows(setting, reading.scored)
    rows += distance_rows(setting, probes)
    # An arm's T* is fitted against what its base said on control text, so the base alone keeps that.
    control = read_control(setting) if setting.reference is None else None
    return FamilyResult(rows, reading.distributions, control=control)


def _sums(setting: Setting) -> list[TemperatureShare | ClassZ]:
    """What is summed over a family's places."""
    return [TemperatureShare(temperature_of(setting)), ClassZ(setting.model.vocab_size)]

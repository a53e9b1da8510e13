"""Cloze: which word comes next after an open stem? Full distributions, and candidates by content class."""

from __future__ import annotations

from collections.abc import Sequence

from proclivity.battery.beside import beside_rows
from proclivity.battery.blocks import BlockRows, Reading, read_places
from proclivity.battery.candidates import score_places
from proclivity.battery.class_divergences import class_divergence_rows
from proclivity.battery.class_rows import class_rows, token_rows, unconditional_rows
from proclivity.battery.control_text import read_control, temperature_of
from proclivity.battery.distance import distance_rows
from proclivity.battery.divergences import distribution_rows, entropy_rows
from proclivity.battery.equal_tokens import equal_tokens, left_out_rows
from proclivity.battery.open_labels import label_mass_rows
from proclivity.battery.places import Place, domain_places, places_of
from proclivity.battery.result import FamilyResult, Setting
from proclivity.battery.rows import Rows
from proclivity.battery.skew import ClassZ, TemperatureShare
from proclivity.specs import ProbeSet


def measure_cloze(setting: Setting) -> FamilyResult:
    """One cloze family in all its wrappers."""
    probes = setting.pack.probe_set(setting.family)
    equal = equal_tokens(setting.model, probes)
    probes = probes.model_copy(update={"candidates": equal.kept})
    if setting.brief:
        return _brief(setting, probes)
    places, domain = places_of(setting.pack, probes, setting.model), domain_places(setting.pack, probes, setting.model)
    at_domain = score_places(setting.model, domain, capitals=True)
    kinds: list[BlockRows] = [entropy_rows, label_mass_rows(setting), distribution_rows, class_divergence_rows]
    sums = [] if setting.reference is None else _sums(setting)
    reading = read_places(setting, places, [*kinds, *sums], capitals=True)
    rows = _scores(setting, places, reading)
    for place, found in zip(domain, at_domain, strict=True):
        rows += unconditional_rows(setting, place, found)
    rows += left_out_rows(setting, equal)
    rows += beside_rows(setting, places, reading.scored, domain, at_domain)
    rows += reading.rows
    for summed in sums:
        rows += summed.rows(setting)
    rows += token_rows(setting, reading.scored)
    rows += distance_rows(setting, probes)
    # An arm's T* is fitted against what its base said on control text, so the base alone keeps that.
    control = read_control(setting) if setting.reference is None else None
    return FamilyResult(rows, reading.distributions, control=control)


def _brief(setting: Setting, probes: ProbeSet) -> FamilyResult:
    """Class scores and divergences alone."""
    places = places_of(setting.pack, probes, setting.model)
    reading = read_places(setting, places, [distribution_rows], capitals=True)
    rows = _scores(setting, places, reading)
    rows += reading.rows
    return FamilyResult(rows)


def _scores(setting: Setting, places: Sequence[Place], reading: Reading) -> Rows:
    rows = Rows()
    for place, found in zip(places, reading.scored, strict=True):
        rows += class_rows(setting, place, found)
    return rows


def _sums(setting: Setting) -> list[TemperatureShare | ClassZ]:
    """What is summed over a family's places."""
    return [TemperatureShare(temperature_of(setting)), ClassZ(setting.model.vocab_size)]

"""Kinds of families by name: to add one, write its module and its line here."""

from __future__ import annotations

from collections.abc import Callable

from proclivity.battery.association import measure_association
from proclivity.battery.choice import measure_choice
from proclivity.battery.cloze import measure_cloze
from proclivity.battery.completions import measure_completions
from proclivity.battery.controls import measure_controls
from proclivity.battery.instruments import measure_instrument
from proclivity.battery.priors import measure_priors
from proclivity.battery.readings import measure_readings
from proclivity.battery.refusal import measure_refusal
from proclivity.battery.result import FamilyResult, Setting

KINDS: dict[str, Callable[[Setting], FamilyResult]] = {
    "choice": measure_choice,
    "cloze": measure_cloze,
    "interpretation": measure_readings,
    "scrambled": measure_readings,
    "association": measure_association,
    "instrument": measure_instrument,
    "controls": measure_controls,
    "refusal": measure_refusal,
    "completions": measure_completions,
    "priors": measure_priors,
}

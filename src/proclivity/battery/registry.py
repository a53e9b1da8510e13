"""Kinds of families by name: to add one, write its module and its line here."""

from __future__ import annotations

from collections.abc import Callable

from proclivity.battery.choice import measure_choice
from proclivity.battery.cloze import measure_cloze
from proclivity.battery.completions import measure_completions
from proclivity.battery.controls import measure_controls
from proclivity.battery.interpretation import measure_interpretation
from proclivity.battery.result import FamilyResult, Setting

KINDS: dict[str, Callable[[Setting], FamilyResult]] = {
    "choice": measure_choice,
    "cloze": measure_cloze,
    "interpretation": measure_interpretation,
    "controls": measure_controls,
    "completions": measure_completions,
}

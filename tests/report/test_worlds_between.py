"""Models of worlds that are linked in part have their place on the page, in order of coupling."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import simulated_effects

from proclivity.report import write_report


def test_worlds_in_between_stand_after_the_named_ones(
    simulation: Callable[..., Any], tmp_path: Path, monkeypatch: Any
) -> None:
    for world in ("coupling-0.25", "coupling-0.5"):
        monkeypatch.setitem(simulated_effects.SHIFTS, world, simulated_effects.SHIFTS["independent"])
    models = {
        "tiny-coupling-0.5": "coupling-0.5",
        "tiny-equal": "equal",
        "tiny-coupling-0.25": "coupling-0.25",
    }
    text = write_report(simulation(models=models, seeds=2).write(tmp_path)).read_text(encoding="utf-8")
    figure = text[text.index('id="figure-worlds"') : text.index('id="figure-choices"')]
    titles = ["tiny · equal world", "tiny · coupling-0.25 world", "tiny · coupling-0.5 world"]
    places = [figure.index(title) for title in titles]
    assert places == sorted(places)
    assert "not part of this study" not in figure
    assert "linked with strength 0.25" in text


def test_second_models_of_a_world_stand_below_the_first(simulation: Callable[..., Any], tmp_path: Path) -> None:
    models = {"equal-2": "equal", "equal-3": "equal", "rewired-2": "rewired", "rewired-3": "rewired"}
    path = simulation(models=models).write(tmp_path)
    text = write_report(path).read_text(encoding="utf-8")
    figure = text[text.index('id="figure-worlds"') : text.index('id="figure-choices"')]
    titles = ["2 · equal world", "2 · rewired world", "3 · equal world", "3 · rewired world"]
    assert [figure.index(title) for title in titles] == sorted(figure.index(title) for title in titles)

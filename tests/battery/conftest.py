from __future__ import annotations

from dataclasses import replace

import pytest

from proclivity.battery import measure_family
from proclivity.models import FakeModel, LanguageModel
from proclivity.specs import BatterySpec, LoadedPack

BASE = {"model": "fake", "arm": "base", "seed": -1}
TUNED = {"model": "fake", "arm": "leaver", "seed": 2}


@pytest.fixture
def measured(mini_pack):
    """Measures one probe set, or a family of the mini pack, on a fake model of the given table."""

    def run(table, probes=None, *, pack: LoadedPack | None = None, family="", reference=None, words=(), **battery):
        content = pack or mini_pack
        if probes is not None:
            content = replace(content, probes={probes.family: probes})
        model = table if isinstance(table, LanguageModel) else FakeModel(table, words=words)
        return measure_family(
            model,
            content,
            family or probes.family,
            study_battery=BatterySpec(**battery),
            identity=TUNED if reference else BASE,
            reference=reference,
        )

    return run

"""What was a sample asked? The words of the pack, looked up by a measurement's own fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from proclivity.battery.choice import choice_decisions
from proclivity.errors import ProclivityError
from proclivity.specs import INSTRUMENT_FAMILY, LoadedPack, Study, fill, load_pack

PACK, IDS = "pack", "ids"


@dataclass(frozen=True)
class Inputs:
    """Texts of a study's probes."""

    source: str
    """'pack', or 'ids' where the study's pack can't be read here: then a sample's input is its probe's id."""
    pack: LoadedPack | None = None
    decisions: dict[str, str] = field(default_factory=dict)
    """Prompt of each held-out decision, by its id."""
    items: dict[tuple[str, str], str] = field(default_factory=dict)
    """Text of each item, by family and item."""

    @classmethod
    def of(cls, study: Study) -> Inputs:
        """Of a study, by the pack that it names."""
        try:
            pack = load_pack(study.pack, study.profiles, study.instruments)
            asked = choice_decisions(pack, study.decisions, study.battery)
        except ProclivityError:
            return cls(IDS)
        items = {(name, item.id): item.text for name, probes in pack.probes.items() for item in probes.items}
        for name, instrument in pack.instruments.items():
            items |= {(f"{INSTRUMENT_FAMILY}{name}", item.id): item.text for item in instrument.items}
        return cls(PACK, pack, {decision.id: decision.prompt for decision in asked}, items)

    def text(self, row: Mapping[Any, Any]) -> str:
        """What was read before what was scored: in plain text within its wrapper; a chat model's user turn before it.

        Args:
            row: a measurement.
        """
        if row["probe_id"] in self.decisions and row["family"] == "choice":
            return self.decisions[row["probe_id"]]
        text = self.items.get((row["family"], row["item_id"]))
        if text is None or self.pack is None:
            return str(row["probe_id"] or row["item_id"] or row["family"])
        frame = self.pack.spec.wrappers.get(row["wrapper"])
        if frame is None:
            return fill(text, self.pack.spec.narrator)
        narrator = self.pack.spec.persons[frame.person] if frame.person else self.pack.spec.narrator
        stem = fill(frame.text.replace("{text}", text), narrator)
        return f"{fill(frame.user, narrator)}\n\n{stem}" if frame.user else stem

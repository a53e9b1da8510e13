"""Where a model's words are read: every item of a probe set in each of its wrappers, with its candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proclivity.models import LanguageModel, as_read
from proclivity.specs import LoadedPack, ProbeItem, ProbeSet, Subject, fill

X_DOMAIN = "x-domain"

Candidates = tuple[tuple[str, str], ...]
"""(class, continuation with its leading space), in the order of the file."""


@dataclass(frozen=True)
class Place:
    """One prompt, and what might follow it."""

    probe_id: str
    item: ProbeItem
    wrapper: str
    prompt: str
    """Stem within its wrapper, with the narrator filled in."""
    candidates: Candidates

    @property
    def key(self) -> str:
        """Name of the distribution that is read here."""
        return f"{self.probe_id}|{self.wrapper}"

    @property
    def fields(self) -> dict[str, Any]:
        """Identity fields of this place's rows."""
        item = self.item
        return {
            "probe_id": self.probe_id,
            "item_id": item.id,
            "cluster": item.cluster or item.id,
            "domain": item.domain,
            "referent": item.referent,
            "wrapper": self.wrapper,
        }


def places_of(
    pack: LoadedPack, probes: ProbeSet, model: LanguageModel, *, prefix: str = "", before: str = ""
) -> list[Place]:
    """All places of a set, items first.

    Args:
        pack: whose wrappers and narrator are used.
        model: who reads them.
        probes: the set.
        prefix: put before item ids, where sets that could share ids are measured together.
        before: text that stands before each stem, or at the head of the user's turn.
    """
    wrappers = wrappers_for(pack, probes, model)
    shared = {wrapper: _candidates(pack, probes.candidates, wrapper) for wrapper in wrappers}
    return [
        _place(
            pack,
            model,
            item,
            prefix + item.id,
            wrapper,
            shared[wrapper] if item.candidates is None else _candidates(pack, item.candidates, wrapper),
            before,
        )
        for item in probes.items
        for wrapper in wrappers
    ]


def domain_places(pack: LoadedPack, probes: ProbeSet, model: LanguageModel) -> list[Place]:
    """The neutral opening x_domain in each wrapper, with the set's candidates, and again with those of each item that
    has its own; none where the set has no such text."""
    if not probes.domain_text:
        return []
    items = [ProbeItem(id=X_DOMAIN, text=probes.domain_text)] if probes.candidates else []
    items += [
        item.model_copy(update={"text": probes.domain_text}) for item in probes.items if item.candidates is not None
    ]
    return [
        _place(
            pack,
            model,
            item,
            item.id if item.id == X_DOMAIN else f"{X_DOMAIN}.{item.id}",
            wrapper,
            _candidates(pack, probes.candidates if item.candidates is None else item.candidates, wrapper),
        )
        for item in items
        for wrapper in wrappers_for(pack, probes, model)
    ]


def wrappers_for(pack: LoadedPack, probes: ProbeSet, model: LanguageModel) -> list[str]:
    """A set's wrappers for this model: those with a user's turn for chat models, the others for base models; all
    that there are where the set has none of the kind."""
    kept = [name for name in probes.wrappers if bool(pack.spec.wrappers[name].user) == model.chat]
    return kept or [name for name in probes.wrappers if not pack.spec.wrappers[name].user] or list(probes.wrappers)


def _place(
    pack: LoadedPack,
    model: LanguageModel,
    item: ProbeItem,
    probe_id: str,
    wrapper: str,
    candidates: Candidates,
    before: str = "",
) -> Place:
    frame, narrator = pack.spec.wrappers[wrapper], _narrator(pack, wrapper)
    stem = fill(frame.text.replace("{text}", item.text), narrator)
    return Place(
        probe_id=probe_id,
        item=item,
        wrapper=wrapper,
        prompt=as_read(model, _after(before, stem), _after(before, fill(frame.user, narrator)), stem),
        candidates=candidates,
    )


def _candidates(pack: LoadedPack, groups: Mapping[str, Sequence[str]], wrapper: str) -> Candidates:
    later = _narrator(pack, wrapper).model_copy(update={"name": ""})
    return _continuations(
        [(name, fill(text, later, continues=True)) for name, texts in groups.items() for text in texts]
    )


def _narrator(pack: LoadedPack, wrapper: str) -> Subject:
    frame = pack.spec.wrappers[wrapper]
    return pack.spec.persons[frame.person] if frame.person else pack.spec.narrator


def _after(before: str, text: str) -> str:
    return f"{before} {text}" if before and text else text


def _continuations(candidates: Sequence[tuple[str, str]]) -> Candidates:
    return tuple(dict.fromkeys((name, " " + text.lstrip(" ")) for name, text in candidates))

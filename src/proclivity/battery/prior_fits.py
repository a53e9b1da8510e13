"""Which prior over dispositions makes a checkpoint's next words likeliest, and what does it leave unexplained?

Components are the base behind personas, behind equally many placebo personas, and, in a world that is known, what the
grammar itself would say. Each is fitted on all families and on both halves, and read on the other half; a bootstrap
draws clusters within families, the same draws for every checkpoint of a pack.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proclivity.battery.plain_places import CLOZE, PlainPlace
from proclivity.battery.prior_readings import Readings
from proclivity.metrics import fit_prior, refit, residual_jsd, total_jsd
from proclivity.specs import Persona

Floats = NDArray[np.float64]
Row = dict[str, Any]

PERSONAS, PLACEBO = "personas", "placebo"
PARTS = {"cloze": ("cloze", "interpretation"), "a": ("a", "b"), "b": ("b", "a"), "all": ("all",)}
"""Families fitted on, and those that each prior is read on: all cloze families, two halves of them, everything."""
STARTS = 3
"""Climbs with evidence; without it the likelihood has one summit."""


@dataclass(frozen=True)
class Components:
    """What could be re-weighted."""

    source: str
    """'personas', 'placebo' or 'world'."""
    names: tuple[str, ...]
    probs: Floats
    """Linear, `[N, K, W]`."""
    log_evidence: Floats | None = None
    """log p(x|k), nats `[N, K]`."""

    def at(self, lines: NDArray[np.int64]) -> Components:
        """The same at some places."""
        evidence = None if self.log_evidence is None else self.log_evidence[lines]
        return Components(self.source, self.names, self.probs[lines], evidence)

    def evidences(self) -> dict[str, Floats | None]:
        """With evidence, where there is any, and without."""
        return {"constant": None} if self.log_evidence is None else {"weighted": self.log_evidence, "constant": None}


def persona_groups_of(personas: Sequence[Persona]) -> dict[str, dict[str, list[int]]]:
    """Places of personas in the pack by source and component: dispositions, and as many placebos, dealt in turn."""
    told: dict[str, list[int]] = {}
    for place, persona in enumerate(personas):
        if persona.disposition != PLACEBO:
            told.setdefault(persona.disposition, []).append(place)
    placebos = [place for place, persona in enumerate(personas) if persona.disposition == PLACEBO]
    topics = sorted(placebos, key=lambda place: personas[place].placebo)
    count = min(len(told), len(topics))
    dealt = {f"{PLACEBO}-{k + 1}": topics[k::count] for k in range(count)}
    return {PERSONAS: told, PLACEBO: dealt}


def components_of(readings: Readings, personas: Sequence[Persona]) -> list[Components]:
    """The base's dispositions and its placebos; a component is the mean over its wordings."""
    found = []
    for source, groups in persona_groups_of(personas).items():
        if len(groups) > 1:
            probs = np.exp(readings.log_probs[:, 1:].astype(np.float64))  # (N, M, W)
            found.append(
                Components(
                    source,
                    tuple(groups),
                    np.stack([probs[:, places].mean(axis=1) for places in groups.values()], axis=1),
                    np.stack([_log_mean(readings.evidence[:, places]) for places in groups.values()], axis=1),
                )
            )
    return found


def fit_rows(q: Floats, base: Floats, components: Components, parts: Mapping[str, NDArray[np.int64]]) -> list[Row]:
    """Priors and what they leave, for each evidence and each part of the families.

    Args:
        q: the checkpoint, linear `[N, W]`.
        base: the base alone, linear `[N, W]`.
        components: what is re-weighted.
        parts: places of each part, and of each family.
    """
    rows: list[Row] = []
    for evidence, log_evidence in components.evidences().items():
        for fitted, reads in PARTS.items():
            lines = parts[fitted]
            said = {"source": components.source, "evidence": evidence, "fitted": fitted}
            if len(lines):
                pi = best_prior(q[lines], components.at(lines), evidence)
                rows += _share_rows(said, components.names, pi)
                # The prior of all cloze families is read on each of them, too.
                families = [name for name in parts if name not in PARTS] if fitted == "cloze" else []
                for read in dict.fromkeys([*reads, *families]):
                    if len(there := parts.get(read, lines[:0])):
                        whole = None if log_evidence is None else log_evidence[there]
                        left = residual_jsd(q[there], pi, components.probs[there], whole)
                        rows.append({**said, "read": read, "metric": "residual_jsd", "value": left, "unit": "bits"})
    for read, there in parts.items():
        if len(there):
            found = total_jsd(q[there], base[there])
            said = {"source": components.source, "read": read}
            rows.append({**said, "metric": "total_jsd", "value": found, "unit": "bits"})
    return rows


def _share_rows(said: Row, names: Sequence[str], pi: Floats) -> list[Row]:
    return [
        {**said, "metric": "pi", "about": name, "value": float(share), "unit": "share"}
        for name, share in zip(names, pi, strict=True)
    ]


def best_prior(q: Floats, components: Components, evidence: str) -> Floats:
    """The likeliest shares, `[K]`."""
    log_evidence = components.log_evidence if evidence == "weighted" else None
    starts = 1 if log_evidence is None else STARTS
    rng = np.random.default_rng(0)  # starts alone; the summit that is found is the result
    return fit_prior(q, components.probs, log_evidence, starts=starts, rng=rng).pi


def bootstrap_rows(q: Floats, components: Components, weights: Floats) -> list[Row]:
    """The prior of all cloze families under each draw of clusters, `weights` `[B, N]`."""
    rows: list[Row] = []
    for evidence, log_evidence in components.evidences().items():
        pi = best_prior(q, components, evidence)
        said = {"source": components.source, "evidence": evidence, "fitted": "cloze"}
        for draw, shares in enumerate(refit(pi, q, components.probs, log_evidence, weights)):
            rows += [{**row, "draw": draw} for row in _share_rows(said, components.names, shares)]
    return rows


def parts_of(places: Sequence[PlainPlace], seed: int) -> dict[str, NDArray[np.int64]]:
    """Lines of each part: cloze families, two halves of them drawn by the seed, all families, and each by itself."""
    names = list(dict.fromkeys(place.family for place in places))
    family = np.array([place.family for place in places])
    cloze = sorted({place.family for place in places if place.kind == CLOZE})
    order = np.random.default_rng([seed, 41]).permutation(len(cloze))
    first = [cloze[k] for k in order[: (len(cloze) + 1) // 2]]
    groups = {"cloze": cloze, "a": first, "b": [name for name in cloze if name not in first], "all": names}
    if len(cloze) < 2:
        groups |= {"a": [], "b": []}
    groups |= {name: [name] for name in names}
    return {part: np.flatnonzero(np.isin(family, own)) for part, own in groups.items()}


def cluster_draws(places: Sequence[PlainPlace], seed: int, draws: int) -> Floats:
    """How often each place counts in each draw of clusters within families, `[B, N]`; families are fixed."""
    rng = np.random.default_rng([seed, 42])
    weights = np.zeros((draws, len(places)))
    for family in sorted({place.family for place in places}):
        clusters = sorted({place.cluster for place in places if place.family == family})
        counts = rng.multinomial(len(clusters), np.full(len(clusters), 1 / len(clusters)), size=draws)  # (B, I)
        for number, cluster in enumerate(clusters):
            lines = [n for n, place in enumerate(places) if place.cluster == cluster]
            weights[:, lines] = counts[:, number, None]
    return weights


def _log_mean(values: Floats) -> Floats:
    """log of the mean of exponentials over the last axis."""
    return np.asarray(np.logaddexp.reduce(values, axis=-1) - np.log(values.shape[-1]))

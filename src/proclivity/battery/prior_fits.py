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

from proclivity.battery.prior_readings import PriorPlace, Readings
from proclivity.metrics import fit_prior, mixture_of, refit, total_jsd
from proclivity.specs import Persona

Floats = NDArray[np.float64]
Row = dict[str, Any]

PERSONAS, PLACEBO = "personas", "placebo"
HALVES = (("all", "all"), ("a", "a"), ("a", "b"), ("b", "b"), ("b", "a"))
"""Families fitted on and read on."""
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


def fit_rows(q: Floats, base: Floats, components: Components, halves: Mapping[str, NDArray[np.int64]]) -> list[Row]:
    """Priors and what they leave, for each evidence and each half.

    Args:
        q: the checkpoint, linear `[N, W]`.
        base: the base alone, linear `[N, W]`.
        components: what is re-weighted.
        halves: places of 'all', 'a' and 'b'.
    """
    rows: list[Row] = []
    for evidence, log_evidence in components.evidences().items():
        for fitted in ("all", "a", "b"):
            lines = halves[fitted]
            said = {"source": components.source, "evidence": evidence, "fitted": fitted}
            if not len(lines):
                rows.append(
                    {**said, "metric": "pi", "value": np.nan, "unit": "share", "missing_reason": "one family alone"}
                )
                continue
            pi = best_prior(q[lines], components.at(lines), evidence)
            rows += [
                {**said, "metric": "pi", "about": name, "value": share, "unit": "share"}
                for name, share in zip(components.names, pi, strict=True)
            ]
            for read in [read for first, read in HALVES if first == fitted and len(halves[read])]:
                there = halves[read]
                whole = None if log_evidence is None else log_evidence[there]
                left = total_jsd(q[there], mixture_of(pi, components.probs[there], whole))
                rows.append({**said, "read": read, "metric": "residual_jsd", "value": left, "unit": "bits"})
    for read in ("all", "a", "b"):
        if len(halves[read]):
            found = total_jsd(q[halves[read]], base[halves[read]])
            rows.append(
                {"source": components.source, "read": read, "metric": "total_jsd", "value": found, "unit": "bits"}
            )
    return rows


def best_prior(q: Floats, components: Components, evidence: str) -> Floats:
    """The likeliest shares, `[K]`."""
    log_evidence = components.log_evidence if evidence == "weighted" else None
    starts = 1 if log_evidence is None else STARTS
    rng = np.random.default_rng(0)  # starts alone; the summit that is found is the result
    return fit_prior(q, components.probs, log_evidence, starts=starts, rng=rng).pi


def bootstrap_rows(q: Floats, components: Components, weights: Floats) -> list[Row]:
    """The prior under each draw of clusters, `weights` `[B, N]`."""
    rows: list[Row] = []
    for evidence, log_evidence in components.evidences().items():
        pi = best_prior(q, components, evidence)
        drawn = refit(pi, q, components.probs, log_evidence, weights)  # (B, K)
        rows += [
            {
                "source": components.source,
                "evidence": evidence,
                "fitted": "all",
                "metric": "pi",
                "about": name,
                "value": float(share),
                "unit": "share",
                "draw": draw,
            }
            for draw, shares in enumerate(drawn)
            for name, share in zip(components.names, shares, strict=True)
        ]
    return rows


def halves_of(places: Sequence[PriorPlace], seed: int) -> dict[str, NDArray[np.int64]]:
    """Lines of all families and of two halves of them, drawn by the seed."""
    families = sorted({place.family for place in places})
    order = np.random.default_rng([seed, 41]).permutation(len(families))
    first = {families[k] for k in order[: (len(families) + 1) // 2]} if len(families) > 1 else set()
    own = np.array([place.family in first for place in places], dtype=bool)
    other = ~own if len(families) > 1 else np.zeros(len(places), dtype=bool)
    return {"all": np.arange(len(places)), "a": np.flatnonzero(own), "b": np.flatnonzero(other)}


def cluster_draws(places: Sequence[PriorPlace], seed: int, draws: int) -> Floats:
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

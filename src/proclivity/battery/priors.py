"""How far is what a checkpoint says reproducible as a re-weighting of its base's own dispositions?

The base's measurement keeps what the base says behind each persona; an arm's reads that. Rows are `records.PriorRow`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proclivity.battery.candidates import PlaceScores
from proclivity.battery.in_context import MOST, after_decisions, asked_lines, contexts
from proclivity.battery.plain_places import CLOZE, PlainPlace, plain_places
from proclivity.battery.prior_fits import (
    PERSONAS,
    Components,
    best_prior,
    bootstrap_rows,
    cluster_draws,
    components_of,
    fit_rows,
    parts_of,
    persona_groups_of,
)
from proclivity.battery.prior_readings import Readings, read_base, read_places
from proclivity.battery.result import FamilyResult, Setting
from proclivity.metrics import apart, recovery_error, wording_distances
from proclivity.microworld.observer import posterior, speech_components
from proclivity.microworld.world import World, load_world
from proclivity.records import PriorRow
from proclivity.specs import LoadedPack

Floats = NDArray[np.float64]
Row = dict[str, Any]

PRIORS = "priors"
WORDS = "words"
"""Array of the base's probabilities among the candidates of cloze places."""
CONTRARY = "adaptive"
"""Profile whose decisions contradict all others."""
_EMPTY: Row = {
    name: found.default
    for name, found in PriorRow.__dataclass_fields__.items()
    if isinstance(found.default, str | int | float)
}


@dataclass(frozen=True)
class _World:
    """A base's world, where it is known."""

    world: World
    coupling: str


def measure_priors(setting: Setting) -> FamilyResult:
    """Priors of one checkpoint, what they leave, and how they answer to decisions in context."""
    base = setting.reference is None
    kept: dict[str, Any] = {} if setting.reference is None else dict(setting.reference.arrays or {})
    if not base and not kept:
        return FamilyResult(priors=[])
    words = kept.pop(WORDS, None)
    readings = read_base(setting.model, setting.pack) if base else Readings(**kept)
    places = plain_places(setting.pack, setting.model)
    log_probs, scored = read_places(setting.model, places, readings.tokens)
    known = known_world(setting.pack, setting.world)
    rows = [
        *_fits(setting, places, readings, np.exp(log_probs), scored, known, words),
        *_in_context(setting, places, readings, scored, known),
    ]
    arrays: dict[str, Any] | None = None
    if base:
        rows += [*separability_rows(setting, readings), *_ideal(setting, known)]
        arrays = readings.arrays()
        if known is not None:
            arrays[WORDS] = world_components(places, scored, known, setting.pack)[1]
    return FamilyResult(priors=[{**_EMPTY, **setting.identity, **row} for row in rows], arrays=arrays)


def known_world(pack: LoadedPack, coupling: str) -> _World | None:
    """The world of a checkpoint whose coupling is named, where the pack has one."""
    if not coupling or not (Path(pack.path) / "world.yml").is_file():
        return None
    return _World(load_world(pack), coupling)


def _fits(
    setting: Setting,
    places: Sequence[PlainPlace],
    readings: Readings,
    q: Floats,
    scored: Sequence[PlaceScores],
    known: _World | None,
    base_words: Floats | None,
) -> Iterator[Row]:
    """Priors from personas and placebos, and among the candidates from the grammar; `base_words` are the base's own
    candidates, `[n, C]`."""
    latent = setting.latent
    parts, draws = parts_of(places, latent.seed), cluster_draws(places, latent.seed, latent.bootstrap)
    cloze = parts["cloze"]
    q, base = _whole(q), _whole(np.exp(readings.log_probs[:, 0].astype(np.float64)))
    for components in components_of(readings, setting.pack.personas):
        yield from _kind("fit", fit_rows(q, base, components, parts))
        if components.source == PERSONAS and not setting.brief and len(cloze):
            yield from _kind("fit", bootstrap_rows(q[cloze], components.at(cloze), draws[:, cloze]))
    clusters = len({places[n].cluster for n in cloze})
    yield {"kind": "fit", "metric": "clusters", "value": float(clusters), "unit": "count"}
    yield {"kind": "fit", "metric": "rest_mass", "value": float(q[:, -1].mean()), "unit": "probability"}
    if known is None:
        return
    lines, words, components = world_components(places, scored, known, setting.pack)
    if len(lines):
        there = base_words if base_words is not None and base_words.shape == words.shape else words
        within = {name: np.flatnonzero(np.isin(lines, own)) for name, own in parts.items()}
        yield from _kind("fit", fit_rows(words, there, components, within))
        if not setting.brief:
            yield from _kind("fit", bootstrap_rows(words, components, draws[:, lines]))


def world_components(
    places: Sequence[PlainPlace], scored: Sequence[PlaceScores], known: _World, pack: LoadedPack
) -> tuple[NDArray[np.int64], Floats, Components]:
    """Cloze places, what is said there among the candidates `[n, C]`, and what the grammar says of each trait."""
    cloze = [n for n, place in enumerate(places) if place.kind == CLOZE]
    kept = [(n, found) for n, found in zip(cloze, scored, strict=True) if not found.reason]
    width = max((len(found.values) for _, found in kept), default=0)
    q, parts = np.zeros((len(kept), width)), np.zeros((len(kept), len(known.world.traits), width))
    for row, (_, found) in enumerate(kept):
        own = np.exp(found.values - np.logaddexp.reduce(found.values))
        q[row, : len(own)] = own
        parts[row, :, : len(own)] = speech_components(known.world, [s.group for s in found.spellings])
    return np.array([n for n, _ in kept], dtype=np.int64), q, Components("world", trait_names(known.world, pack), parts)


def trait_names(world: World, pack: LoadedPack) -> tuple[str, ...]:
    """Speech traits by the profile that speaks so; by their own name where none does."""
    named = {profile.content_class: name for name, profile in pack.profiles.items()}
    return tuple(named.get(trait.content_class, trait.id) for trait in world.traits)


def _in_context(
    setting: Setting,
    places: Sequence[PlainPlace],
    readings: Readings,
    scored: Sequence[PlaceScores],
    known: _World | None,
) -> Iterator[Row]:
    """Log odds after contrary decisions; for the base the fitted prior after decisions of each profile, too."""
    if setting.brief:
        return
    lines = asked_lines(places)
    cloze = [n for n, place in enumerate(places) if place.kind == CLOZE]
    spelled = [scored[cloze.index(n)] for n in lines]
    profiles = setting.pack.profiles
    told_by = [name for name in profiles if setting.reference is None or name == CONTRARY]
    fitted = [c.at(lines) for c in components_of(readings, setting.pack.personas) if c.source == PERSONAS]
    for name in told_by if len(lines) else []:
        told = contexts(setting.pack, profiles[name].action_class, setting.latent.seed)
        for n in range(MOST + 1) if told else []:
            said = after_decisions(setting.model, setting.pack, told, n, readings.tokens, lines, spelled)
            row = {"kind": "context", "told": name, "n": n}
            if isinstance(said, str):
                yield {**row, "metric": "log_odds", "value": np.nan, "unit": "nats", "missing_reason": said}
                continue
            for about, value in said.log_odds.items():
                reason = "" if np.isfinite(value) else "low mass"
                yield {
                    **row,
                    "metric": "log_odds",
                    "about": about,
                    "value": value,
                    "unit": "nats",
                    "missing_reason": reason,
                }
            if setting.reference is None:
                yield from _priors_in_context(row, _whole(said.q), said.class_shares, fitted, known, setting.pack)


def _priors_in_context(
    row: Row, q: Floats, shares: dict[str, float], fitted: Sequence[Components], known: _World | None, pack: LoadedPack
) -> Iterator[Row]:
    for components in fitted:
        for evidence in components.evidences():
            pi = best_prior(q, components, evidence)
            for about, share in zip(components.names, pi, strict=True):
                yield {
                    **row,
                    "metric": "pi",
                    "source": PERSONAS,
                    "evidence": evidence,
                    "about": about,
                    "value": share,
                    "unit": "share",
                }
    if known is not None and shares:
        # Coherence 1 makes classes' shares the likeliest prior; below it they are mixed, so the same fit is used.
        names = list(shares)
        parts = speech_components(known.world, names)
        found = best_prior(np.array([list(shares.values())]), Components("world", (), parts[None]), "constant")
        for about, share in zip(trait_names(known.world, pack), found, strict=True):
            yield {
                **row,
                "metric": "pi",
                "source": "world",
                "evidence": "constant",
                "about": about,
                "value": share,
                "unit": "share",
            }


def separability_rows(setting: Setting, readings: Readings) -> Iterator[Row]:
    """Whether the base's dispositions differ by more than another wording would, and are found again by one."""
    personas = setting.pack.personas
    source, groups = PERSONAS, persona_groups_of(personas)[PERSONAS]
    if len(groups) > 1:
        places = [place for own in groups.values() for place in own]
        labels = np.array([k for k, own in enumerate(groups.values()) for _ in own])
        numbers = np.array([personas[place].wording for place in places])
        log_p = readings.log_probs[:, 1:][:, places].astype(np.float64)
        rng = np.random.default_rng([setting.latent.seed, 44])
        between, within, p = apart(wording_distances(log_p), labels, numbers, rng=rng)
        halves = [
            np.stack(
                [np.exp(log_p[:, np.flatnonzero(labels == k)[half::2]]).mean(axis=1) for k in range(len(groups))],
                axis=1,
            )
            for half in (0, 1)
            if all(len(own) > 1 for own in groups.values())
        ]
        error = recovery_error(*halves) if halves else np.nan
        values = {"jsd_between": between, "jsd_within": within, "p_apart": p, "recovery_error": error}
        units = {"p_apart": "p", "recovery_error": "share"}
        for metric, value in values.items():
            reason = "" if np.isfinite(value) else "one wording each"
            yield {
                "kind": "separability",
                "source": source,
                "metric": metric,
                "value": value,
                "unit": units.get(metric, "bits"),
                "missing_reason": reason,
            }


def _ideal(setting: Setting, known: _World | None) -> Iterator[Row]:
    """The exact posterior over speech traits after n decisions of each profile."""
    if known is None:
        return
    for name, profile in setting.pack.profiles.items():
        for n in range(MOST + 1):
            speech = posterior(known.world, known.coupling, [profile.action_class] * n).sum(axis=0)
            for about, share in zip(trait_names(known.world, setting.pack), speech, strict=True):
                yield {
                    "kind": "ideal",
                    "source": "world",
                    "told": name,
                    "n": n,
                    "metric": "pi",
                    "about": about,
                    "value": float(share),
                    "unit": "share",
                }


def _kind(kind: str, rows: Sequence[Row]) -> Iterator[Row]:
    for row in rows:
        yield {"kind": kind, **row}


def _whole(probs: Floats) -> Floats:
    """Scaled to sum 1, which float32 keeps to seven digits."""
    return np.asarray(probs / probs.sum(axis=-1, keepdims=True))

"""What does a checkpoint say after some decisions in context? Sentences as the packaged personas are written.

A context is a few decisions of one disposition, told by the narrator in the free format: situation, then what was
chosen. Situations, phrasings and wordings are drawn by a seed and are the same for every disposition, so that contexts
differ in what was chosen alone; the first n of a context are its beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proclivity.battery.candidates import PlaceScores
from proclivity.battery.plain_places import CLOZE, PlainPlace, plain_places
from proclivity.battery.prior_readings import read_places
from proclivity.decisions.render import render
from proclivity.metrics import candidate_mass, class_scores, withhold_low_mass
from proclivity.models import LanguageModel
from proclivity.specs import AnswerFormat, Domain, LoadedPack, Scenario

Floats = NDArray[np.float64]

CONTEXTS, MOST = 4, 4
"""Contexts, and decisions in each."""
PLACES = 20
"""Cloze places after each context, spread evenly over the pack's."""
FREE: AnswerFormat = "free"
TOO_LONG = "longer than the context window"
HELD_OUT = "held-out"


@dataclass(frozen=True)
class Said:
    """What was said after n decisions, averaged over contexts."""

    q: Floats
    """Linear, condensed, `[n places, W]`."""
    log_odds: dict[str, float]
    """Class against all others, mean over contexts and places, nats; NaN where none had enough mass."""
    class_shares: dict[str, float]
    """Classes' shares among the candidates, mean over contexts and places."""


def asked_lines(places: Sequence[PlainPlace]) -> NDArray[np.int64]:
    """Which places are asked after a context."""
    cloze = [n for n, place in enumerate(places) if place.kind == CLOZE]
    count = min(PLACES, len(cloze))
    return np.array([cloze[int(k)] for k in np.linspace(0, len(cloze) - 1, count)] if count else [], dtype=np.int64)


def contexts(pack: LoadedPack, action_class: str, seed: int) -> list[list[str]]:
    """`CONTEXTS` lists of up to `MOST` decisions of one class; none where the pack has no free format."""
    scenarios = [(domain, one) for domain in pack.domains if domain.split != HELD_OUT for one in domain.scenarios]
    if FREE not in pack.spec.formats or not scenarios:
        return []
    found = []
    for number in range(CONTEXTS):
        rng = np.random.default_rng([seed, 43, number])
        drawn = rng.permutation(len(scenarios))[:MOST]
        found.append([_decision(pack, scenarios[k], action_class, rng.random(3)) for k in drawn])
    return found


def _decision(pack: LoadedPack, where: tuple[Domain, Scenario], action_class: str, luck: Floats) -> str:
    domain, scenario = where
    options = scenario.options[action_class]
    made = render(
        pack.spec,
        identity=scenario.id,
        scenario_id=scenario.id,
        domain=domain.domain,
        split=domain.split,
        situation=scenario.phrasings[int(luck[0] * len(scenario.phrasings))].text,
        options=[(action_class, options[int(luck[1] * len(options))])],
        alphabet=next(iter(pack.spec.alphabets)),
        format_name=FREE,
        values={name: values[int(luck[2] * len(values))] for name, values in pack.spec.slots.items()},
    )
    text = made.prompt + made.answers[0]
    return text if text.endswith(".") else text + "."


def after_decisions(
    model: LanguageModel,
    pack: LoadedPack,
    told: Sequence[Sequence[str]],
    n: int,
    tokens: NDArray[np.int32],
    lines: NDArray[np.int64],
    spelled: Sequence[PlaceScores] = (),
) -> Said | str:
    """What a checkpoint says after the first n decisions of each context; why not, where that can't be asked.

    Args:
        model: who is asked.
        pack: whose places are read.
        told: contexts.
        n: decisions of each that stand before every place.
        tokens: what the base's places are condensed to, `[N, W]`.
        lines: which places are asked.
        spelled: their candidates, as they were read without a context.
    """
    befores = dict.fromkeys(" ".join(context[:n]) for context in told)
    probs, odds, shares, names = [], [], [], []
    for before in befores:
        everywhere = plain_places(pack, model, before)
        places = [everywhere[k] for k in lines]
        if model.window is not None and max(model.token_count(p.place.prompt) for p in places) > model.window:
            return TOO_LONG
        log_probs, scored = read_places(model, places, tokens[lines], spelled)
        probs.append(np.exp(log_probs))
        kept = [found for found in scored if not found.reason]
        names = kept[0].names if kept else []
        kept = [found for found in kept if found.names == names]
        for found in kept:
            score, _ = withhold_low_mass(class_scores(found.log_probs), candidate_mass(found.log_probs))
            odds.append(score)
            shares.append(np.exp(found.log_probs - np.logaddexp.reduce(found.log_probs)))
    return Said(np.mean(probs, axis=0), _means(names, odds), _means(names, shares))


def _means(names: Sequence[str], values: Sequence[Floats]) -> dict[str, float]:
    if not values:
        return {}
    table = np.array(values)
    return {
        name: float(np.nanmean(table[:, k])) if np.isfinite(table[:, k]).any() else np.nan
        for k, name in enumerate(names)
    }

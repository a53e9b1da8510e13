"""Would a profile's own words rise in a context that was not asked, too?

A context is a cloze family in one frame. Context-general: against own-policy and against arbitrary the prediction
interval for a new context lies above 0, and in no context asked do the words surely fall (Holm over contexts).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from proclivity.analysis.contrasts import ItemTable, SeedCluster, paired
from proclivity.analysis.design import CLOZE_PREFIX, MINIMUM_SEEDS, REQUIRED_CONTROLS, ProfileDesign
from proclivity.analysis.evidence import Evidence, enough_seeds, measured, verdict
from proclivity.analysis.intervals import crossed, p_less
from proclivity.analysis.multiplicity import holm
from proclivity.analysis.prediction import LEAST, Prediction, Stratum, predict, stratum_errors
from proclivity.analysis.selection import WRAPPER
from proclivity.analysis.specificity import ALPHA, TOO_FEW_SEEDS
from proclivity.analysis.spread_verdict import NOT_MEASURED, NOT_TESTABLE
from proclivity.analysis.wording import counts, like, listing, plural, signed

GENERAL = "context-general"
CONTRARY = "contrary in some contexts"
NOT_GENERAL = "not shown to be general"
NO_RISE = "no rise to generalize"
FEW_CONTEXTS = "too few contexts"
Against = dict[str, Any]


def generality(evidence: Evidence, table: ItemTable, profile: ProfileDesign) -> dict[str, Any] | None:
    """Verdict on one profile's own content in new contexts; None where it wasn't measured."""
    own = evidence.against_required(profile.id, profile.content_class)
    if not own:
        return None
    found = {str(effect.row["control"]): _against(evidence, table, profile, effect.row["control"]) for effect in own}
    if len(own) < len(REQUIRED_CONTROLS):
        word = NOT_TESTABLE
    elif len(measured(own)) < len(own):
        word = NOT_MEASURED
    elif not enough_seeds(own):
        word = TOO_FEW_SEEDS
    else:
        word = _word(found, evidence.clear_above(profile.id, profile.content_class))
    shown = [*own]
    for wrapper in evidence.wrappers():
        shown += evidence.in_wrapper(profile.id, profile.content_class, wrapper)
    for family in evidence.families:
        if family.startswith(CLOZE_PREFIX):
            shown += evidence.against_required(profile.id, profile.content_class, family)
    text = f"{_sentence(evidence, profile, word, found)} ({counts(own[0])})."
    return verdict(evidence.model, profile.id, "generality", word, shown, {"against": found}, text)


def strata(cells: dict[Any, SeedCluster], content_class: str) -> list[Stratum]:
    """The contexts of one comparison: cloze families by frame, or as they are where there is one frame.

    Seeds that some measured context lacks are left out everywhere; contexts without any pair are left out.
    """
    mine = {g: c for g, c in cells.items() if g.metric == "score" and g.content_class == content_class}
    mine = {g: c for g, c in mine.items() if g.family.startswith(CLOZE_PREFIX) and c.matrix.size}
    framed = {g: c for g, c in mine.items() if g.stratum.startswith(WRAPPER)}
    kept = framed or {g: c for g, c in mine.items() if not g.stratum}
    seeds = sorted(set.intersection(*(set(c.seeds) for c in kept.values()))) if kept else []
    return [
        Stratum(
            name=f"{g.family}, {g.stratum.removeprefix(WRAPPER)}" if g.stratum else g.family,
            matrix=cell.matrix[[cell.seeds.index(s) for s in seeds]],
            clusters=tuple(f"{g.family} {name}" for name in cell.clusters),
        )
        for g, cell in sorted(kept.items())
    ]


def _against(evidence: Evidence, table: ItemTable, profile: ProfileDesign, control: str) -> Against:
    """Prediction and contexts against one control."""
    contexts = strata(paired(table, profile.id, control), profile.content_class)
    n_seeds = len(contexts[0].matrix) if contexts else 0
    if n_seeds == 0:
        empty = Prediction(np.nan, np.nan, np.nan, np.nan, np.nan, 0, "no seed in which all contexts were measured")
        return {"n_seeds": 0, "prediction": empty._asdict(), "contexts": {}}
    effects = [crossed([context.matrix]) for context in contexts]
    values = np.array([effect.estimate for effect in effects])
    found = predict(values, stratum_errors(contexts), evidence.design.level, max(n_seeds - 1, 1))
    falling = holm([p_less(effect) for effect in effects])
    return {
        "n_seeds": n_seeds,
        "prediction": found._asdict(),
        "contexts": {
            context.name: {"estimate": effect.estimate, "p_falls": float(p), "n_clusters": effect.n_clusters}
            for context, effect, p in zip(contexts, effects, falling, strict=True)
        },
    }


def _falling(against: Against) -> list[str]:
    return [name for name, numbers in against["contexts"].items() if numbers["p_falls"] < ALPHA]


def _word(found: dict[str, Against], rises: bool) -> str:
    predictions = [against["prediction"] for against in found.values()]
    if any(prediction["n_strata"] < LEAST for prediction in predictions):
        return FEW_CONTEXTS
    # Contexts are compared on the seeds that all of them have; those may be fewer than the average over them has.
    if any(against["n_seeds"] < MINIMUM_SEEDS for against in found.values()):
        return TOO_FEW_SEEDS
    if any(_falling(against) for against in found.values()):
        return CONTRARY
    if all(prediction["low"] > 0 for prediction in predictions):
        return GENERAL
    return NOT_GENERAL if rises else NO_RISE


def _sentence(evidence: Evidence, profile: ProfileDesign, word: str, found: dict[str, Against]) -> str:
    name, content = f"the {like(profile.id)} arm of {evidence.model}", profile.content_class
    heads = {
        GENERAL: f"In a context not asked, another family or frame, {content} words can be expected to rise in {name}",
        CONTRARY: f"In some contexts {content} words fall in {name}, so no general rise can be claimed",
        NOT_GENERAL: f"The rise of {content} words in {name} is an average: a new context may show none",
        NO_RISE: f"There is no clear rise of {content} words in {name} that could be general",
        FEW_CONTEXTS: f"Fewer than three contexts were measured for {content} words in {name}, so it can't be said "
        "what another would show",
        TOO_FEW_SEEDS: f"There are too few seeds to say what a new context would show of {content} words in {name}",
        NOT_TESTABLE: f"What a new context would show of {content} words in {name} can't be tested without both "
        f"controls, {listing(REQUIRED_CONTROLS)}",
        NOT_MEASURED: f"What a new context would show of {content} words in {name} was not measured",
    }
    parts = [_range(control, against, evidence.design.level) for control, against in found.items()]
    # A context's name has a comma of its own.
    parts += [f"falling against {c}: {' / '.join(names)}" for c, a in found.items() if (names := _falling(a))]
    return f"{heads[word]}: {'; '.join(parts)}"


def _range(control: str, against: Against, level: float) -> str:
    prediction = against["prediction"]
    if not np.isfinite(prediction["low"]):
        return f"no prediction against {control} ({prediction['reason']})"
    low, high = signed(prediction["low"]), signed(prediction["high"])
    contexts = plural(prediction["n_strata"], "context")
    if against["n_seeds"] < MINIMUM_SEEDS:
        contexts += f" measured together in {plural(against['n_seeds'], 'seed')}"
    return f"{100 * level:.0f} % prediction interval {low} to {high} nats against {control}, from {contexts}"

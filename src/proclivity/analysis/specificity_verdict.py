"""Are two profiles specific? Puts the effects of MEASUREMENT §5 together and says the verdict in words."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from proclivity.analysis.confusion import confusion
from proclivity.analysis.crossover import CAVEAT, LEAST, crossover
from proclivity.analysis.design import ALL, OWN_POLICY, ProfileDesign
from proclivity.analysis.effects import Effect
from proclivity.analysis.evidence import Evidence, verdict
from proclivity.analysis.specificity import (
    ALPHA,
    FULL,
    GENERIC,
    INCONCLUSIVE,
    NONE,
    PARTIAL,
    SWAPPED,
    TOO_FEW_SEEDS,
    UNDETERMINED,
    ProfilePair,
    Specificity,
    index_with_interval,
    specificity,
)
from proclivity.analysis.wording import counts, figures, like, shift

ROLES = ("on_first", "on_second", "off_first", "off_second", "difference_first", "difference_second")


def specificities(evidence: Evidence) -> list[dict[str, Any]]:
    """One verdict per pair of profiles that were both run and have different content classes."""
    profiles = [p for p in evidence.design.profiles if evidence.score(p.id, OWN_POLICY, p.content_class, ALL)]
    shared = _shared_numbers(evidence, profiles)
    found = []
    for first, second in combinations(profiles, 2):
        if first.content_class == second.content_class:
            continue
        effects = _pair_effects(evidence, first, second)
        if all(effect is not None for effect in effects):
            found.append(_verdict(evidence, first, second, [e for e in effects if e is not None], shared))
    return found


def _pair_effects(evidence: Evidence, d: ProfileDesign, p: ProfileDesign) -> list[Effect | None]:
    """The six effects in the order of `ROLES`; a difference of profiles is taken on their own pairs of items."""
    return [
        evidence.score(d.id, OWN_POLICY, d.content_class, ALL),
        evidence.score(p.id, OWN_POLICY, p.content_class, ALL),
        evidence.score(d.id, OWN_POLICY, p.content_class, ALL),
        evidence.score(p.id, OWN_POLICY, d.content_class, ALL),
        evidence.score(d.id, p.id, d.content_class, ALL),
        evidence.score(p.id, d.id, p.content_class, ALL),
    ]


def _verdict(
    evidence: Evidence, d: ProfileDesign, p: ProfileDesign, effects: list[Effect], shared: dict[str, Any]
) -> dict[str, Any]:
    result = specificity(ProfilePair(*(effect.crossed for effect in effects)), evidence.design.delta)
    numbers = {
        **{role: figures(effect) for role, effect in zip(ROLES, effects, strict=True)},
        "off_target": dict(zip((d.id, p.id), result.off_target, strict=True)),
        **shared,
    }
    sentence = _sentence(evidence, d, p, result, effects)
    if shared["crossover"] and result.verdict != TOO_FEW_SEEDS:
        sentence += _crossover_words(shared["crossover"]["p"], evidence.model)
    name = f"{d.id} / {p.id}"
    return verdict(evidence.model, name, "specificity", result.verdict, effects, numbers, sentence)


def _sentence(
    evidence: Evidence, d: ProfileDesign, p: ProfileDesign, result: Specificity, effects: list[Effect]
) -> str:
    first, second, model = like(d.id), like(p.id), evidence.model
    loss, threat = d.content_class, p.content_class
    both = f"the {first} and the {second} arm of {model}"
    words = {
        FULL: f"In {both} each profile raises its own content ({loss}, {threat}), more than the other profile does, "
        "and the other's content does not rise.",
        PARTIAL: f"In {both} each profile raises its own content ({loss}, {threat}) more than the other does, and "
        "some of the other's content rises with it.",
        UNDETERMINED: f"In {both} each profile raises its own content ({loss}, {threat}) more than the other does; "
        "whether the other's content rises a little with it is open.",
        SWAPPED: f"In {both} contents are swapped: the {first} profile raises {threat}, the {second} profile {loss}.",
        GENERIC: f"In {both} contents rise together: one shared skew, not two specific profiles.",
        NONE: f"In {both} neither profile's own content shifts by as much as {evidence.design.delta:g} nats.",
        INCONCLUSIVE: f"Whether {both} are specific stays open: the intervals allow more than one answer.",
        TOO_FEW_SEEDS: f"There are too few seeds for a verdict on {both}; 6 are needed.",
    }
    gaps = [effect for effect in effects if not np.isfinite(effect.crossed.estimate)]
    if result.verdict == INCONCLUSIVE and gaps:
        words[INCONCLUSIVE] = f"Whether {both} are specific stays open: not every effect that it takes was measured."
    cells = [
        f"{like(profile.id)} on {content} {shift(effect)}"
        for (profile, content), effect in zip(
            [(d, loss), (p, threat), (d, threat), (p, loss)], effects[:4], strict=True
        )
    ]
    return f"{words[result.verdict]} Against own-policy: {'; '.join(cells)} ({counts(effects[0])})."


def _crossover_words(p: float, model: str) -> str:
    """What the matrix of all profiles says about one latent, with its caveat."""
    if not np.isfinite(p):
        return " Whether profiles cross over could not be tested."
    found = "cross over" if p < ALPHA else "are not shown to cross over"
    return f" Over all profiles and contents of {model}, profiles {found} (p = {p:.3f}, Holm): {CAVEAT}."


def _shared_numbers(evidence: Evidence, profiles: list[ProfileDesign]) -> dict[str, Any]:
    """Matrix of effects, index and confusion matrix over all profiles of the model."""
    rng = np.random.default_rng(evidence.design.prior_seed_rng)
    cells = {
        p.id: {c: e.row["estimate"] for c in evidence.classes if (e := evidence.score(p.id, OWN_POLICY, c, ALL))}
        for p in profiles
    }
    own = [p.content_class for p in profiles]
    grid = [[evidence.score(p.id, OWN_POLICY, c, ALL) for c in own] for p in profiles]
    by_seed = _by_seed(grid)
    index = index_with_interval(by_seed, rng, evidence.design.bootstrap_draws, evidence.design.level)
    families = evidence.open_families()
    vectors = [[evidence.score(p.id, OWN_POLICY, c, f) for f in families for c in evidence.classes] for p in profiles]
    recognised = confusion(_by_seed(vectors), rng)
    differences = {
        f"{d.id} / {p.id}": [e.crossed for c in evidence.classes if (e := evidence.score(d.id, p.id, c, ALL))]
        for d, p in combinations(profiles, 2)
    }
    enough = len(profiles) >= LEAST and len(evidence.classes) >= LEAST
    return {
        "matrix": cells,
        "index": index._asdict(),
        "confusion": {"profiles": [p.id for p in profiles], **recognised._asdict()},
        "crossover": crossover(differences)._asdict() if enough else None,
    }


def _by_seed(grid: list[list[Effect | None]]) -> np.ndarray:
    """Seed estimates of a profile x column grid, `[S, P, K]`, on the seeds that all present effects share."""
    present = [effect for row in grid for effect in row if effect is not None and effect.seeds]
    seeds = sorted(set.intersection(*(set(e.seeds) for e in present))) if present else []
    columns = len(grid[0]) if grid else 0
    values = np.full((len(seeds), len(grid), columns), np.nan)
    for i, row in enumerate(grid):
        for j, effect in enumerate(row):
            if effect is not None and effect.seeds:
                values[:, i, j] = [effect.crossed.seed_estimates[effect.seeds.index(s)] for s in seeds]
    return values

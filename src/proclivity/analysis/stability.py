"""Is the rise of a profile's own words there in every training seed, frame, distance and late checkpoint?

Four facets, each as far as it was measured:

- seeds: the 95 % prediction interval of a new seed, mean ± t · s · √(1 + 1/S) on S − 1 degrees of freedom, lies above 0
  against own-policy and against arbitrary (Hahn & Meeker 1991, Statistical Intervals);
- frames: clear of 0 against both in each wrapper;
- distance: clear of 0 at each number of neutral tokens before the probe beyond the shortest;
- checkpoints: clear of 0 at each step measured in the last half of training.

The last two come from curves, which know the matched control alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.special import stdtrit

from proclivity.analysis.curves import CurvePoint
from proclivity.analysis.design import REQUIRED_CONTROLS, ProfileDesign
from proclivity.analysis.effects import Effect
from proclivity.analysis.evidence import Evidence, enough_seeds, is_above, verdict
from proclivity.analysis.intervals import crossed, interval
from proclivity.analysis.phase_curves import values_of, words_by_distance, words_by_step
from proclivity.analysis.specificity import TOO_FEW_SEEDS
from proclivity.analysis.spread_verdict import NOT_MEASURED, NOT_TESTABLE
from proclivity.analysis.wording import amount, bounds, counts, like, listing, plural, signed

STABLE, SO_FAR, NOT_EVERYWHERE = "stable", "stable as far as measured", "not stable in everything"
NO_RISE = "no rise to be stable"


class Facet(NamedTuple):
    """One thing that the rise may depend on."""

    name: str
    holds: bool | None
    """None where it wasn't measured."""
    said: str
    """What was found, or what is missing."""
    numbers: Any = None


def new_seed(values: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """Where one further seed would lie: mean ± t · s · √(1 + 1/S); NaN for fewer than two seeds."""
    n = len(values)
    if n < 2:
        return np.nan, np.nan
    mean = float(np.mean(values))
    half = float(stdtrit(n - 1, (1 + level) / 2) * np.std(values, ddof=1) * np.sqrt(1 + 1 / n))
    return mean - half, mean + half


def stability(evidence: Evidence, points: list[CurvePoint], profile: ProfileDesign) -> dict[str, Any] | None:
    """Verdict on the rise of one profile's own words; None where they weren't measured.

    'stable' where all four facets were measured and hold, 'stable as far as measured' where those that were do; else
    'not stable in everything', and the sentence names them.

    Args:
        evidence: the model's effects.
        points: the model's curves; empty where it was measured at one point.
        profile: whose words.
    """
    own = evidence.against_required(profile.id, profile.content_class)
    if not own:
        return None
    facets = [
        _seeds(own, evidence.design.level),
        _frames(evidence, profile),
        _distance(points, profile, evidence.design.level),
        _checkpoints(points, profile),
    ]
    word = _word(evidence, profile, own, facets)
    framed = [e for w in evidence.wrappers() for e in evidence.in_wrapper(profile.id, profile.content_class, w)]
    numbers = {f.name: {"holds": f.holds, "found": f.numbers, "said": f.said} for f in facets}
    text = _sentence(evidence, profile, word, facets, own)
    return verdict(evidence.model, profile.id, "stability", word, [*own, *framed], numbers, text)


def _word(evidence: Evidence, profile: ProfileDesign, own: list[Effect], facets: list[Facet]) -> str:
    if len(own) < len(REQUIRED_CONTROLS):
        return NOT_TESTABLE
    if not any(effect.row["n_seeds"] for effect in own):
        return NOT_MEASURED
    if not enough_seeds(own):
        return TOO_FEW_SEEDS
    if not evidence.clear_above(profile.id, profile.content_class):
        return NO_RISE
    if any(facet.holds is False for facet in facets):
        return NOT_EVERYWHERE
    return STABLE if all(facet.holds for facet in facets) else SO_FAR


def _seeds(own: list[Effect], level: float) -> Facet:
    found: dict[str, dict[str, Any]] = {}
    for effect in own:
        values = effect.crossed.seed_estimates
        low, high = new_seed(values, level)
        above = sum(value > 0 for value in values)
        found[str(effect.row["control"])] = {"low": low, "high": high, "above": above, "n_seeds": len(values)}
    known = all(np.isfinite(numbers["low"]) for numbers in found.values())
    said = listing(
        [
            f"{n['above']} of {plural(n['n_seeds'], 'seed')} above 0 against {control} (a new one: "
            f"{bounds(n['low'], n['high'], level).replace('interval', 'prediction interval', 1)} nats)"
            for control, n in found.items()
        ]
    )
    holds = all(n["low"] > 0 and n["above"] == n["n_seeds"] for n in found.values())
    return Facet("seeds", holds if known else None, said, found)


def _frames(evidence: Evidence, profile: ProfileDesign) -> Facet:
    framed = {w: evidence.in_wrapper(profile.id, profile.content_class, w) for w in evidence.wrappers()}
    framed = {w: effects for w, effects in framed.items() if effects and all(_known(e) for e in effects)}
    if len(framed) < 2:
        return Facet("frames", None, "one frame was measured alone")
    clear = {w: len(effects) == len(REQUIRED_CONTROLS) and all(map(is_above, effects)) for w, effects in framed.items()}
    lowest = {w: min(float(effect.row["estimate"]) for effect in effects) for w, effects in framed.items()}
    least = min(lowest, key=lambda w: lowest[w])
    said = f"{_clear_words(clear, 'frame')}, least in '{least}' ({signed(lowest[least])} nats)"
    return Facet("frames", all(clear.values()), said, clear)


def _known(effect: Effect) -> bool:
    return bool(np.isfinite(effect.row["low"]))


def _distance(points: list[CurvePoint], profile: ProfileDesign, level: float) -> Facet:
    found = [p for p in words_by_distance(points, profile.id, profile.id)[1:] if np.isfinite(p.low)]
    if not found:
        return Facet("distance", None, "words were asked at one distance alone")
    clear = {f"{p.point.distance} tokens": p.low > 0 for p in found}
    slope, said_slope = _slope(found, level)
    said = f"{_clear_words(clear, 'distance')}{said_slope}"
    return Facet("distance", all(clear.values()), said, {"clear": clear, "per_doubling": slope})


def _slope(found: list[CurvePoint], level: float) -> tuple[Any, str]:
    """Change of words per doubling of the distance: a line a seed, t over seeds."""
    seeds = sorted(set.intersection(*(set(point.seeds) for point in found)))
    if len(found) < 2 or not seeds:
        return None, ""
    doublings = np.log2([point.point.distance for point in found])
    values = np.stack([values_of(point, seeds) for point in found], axis=1)  # (S, D)
    slopes = np.polyfit(doublings, values.T, 1)[0]  # (S,)
    effect = crossed([slopes[:, None]])
    low, high = interval(effect, level)
    numbers = {"estimate": effect.estimate, "low": low, "high": high, "n_seeds": effect.n_seeds}
    return numbers, f", {amount(effect.estimate, low, high, level, 'nats')} with each doubling of the distance"


def _checkpoints(points: list[CurvePoint], profile: ProfileDesign) -> Facet:
    steps = words_by_step(points, profile.id, profile.id)
    late = [p for p in steps if np.isfinite(p.low) and p.point.step >= steps[-1].point.step / 2 > 0]
    if len(late) < 2:
        return Facet("checkpoints", None, "the last half of training was not measured at several steps")
    clear = {f"step {p.point.step}": p.low > 0 for p in late}
    return Facet("checkpoints", all(clear.values()), _clear_words(clear, "late checkpoint"), clear)


def _clear_words(clear: dict[str, bool], what: str) -> str:
    """'clear of 0 in each of 3 frames', or where it is not."""
    unclear = [name for name, is_clear in clear.items() if not is_clear]
    if not unclear:
        return f"clear of 0 at each of {plural(len(clear), what)}"
    return f"not clear of 0 at {listing(unclear)} (of {plural(len(clear), what)})"


def _sentence(evidence: Evidence, profile: ProfileDesign, word: str, facets: list[Facet], own: list[Effect]) -> str:
    rise = f"the rise of {profile.content_class} words in the {like(profile.id)} arm of {evidence.model}"
    held, failed, unknown = ([f.name for f in facets if f.holds is wanted] for wanted in (True, False, None))
    over = f" over {listing(held)}" if held else " over nothing that was measured"
    heads = {
        STABLE: f"Stable over {listing(held)} is {rise}",
        SO_FAR: f"Stable over {listing(held)}, as far as measured, is {rise}",
        NOT_EVERYWHERE: f"Stable{over}, not over {listing(failed)}, is {rise}",
        NO_RISE: f"There is nothing to be stable: {rise} is not clear of 0 against {listing(REQUIRED_CONTROLS)}",
        TOO_FEW_SEEDS: f"There are too few seeds to say how stable {rise} is",
        NOT_TESTABLE: f"How stable {rise} is can't be tested without both controls, {listing(REQUIRED_CONTROLS)}",
        NOT_MEASURED: f"How stable {rise} is was not measured",
    }
    found = "; ".join(f"{f.name}: {f.said}" for f in facets if f.holds is not None)
    missing = f" Not measured: {listing(unknown)}." if unknown else ""
    said = f" {found[0].upper()}{found[1:]}." if found else ""
    return f"{heads[word]} ({counts(own[0])}).{said}{missing}"

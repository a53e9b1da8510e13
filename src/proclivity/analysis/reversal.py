"""Does a profile's rise in words go back when training goes on with other rows, how fast, and how far?

The start of a later phase is the end of the phase before it. Both ends are words above a control trained alike; the
change between them is paired by seed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from proclivity.analysis.curves import CurvePoint
from proclivity.analysis.decay import NO_DECAY, DecayOverSeeds, decay_over_seeds
from proclivity.analysis.design import MINIMUM_SEEDS, Design, ProfileDesign
from proclivity.analysis.equivalence import tost
from proclivity.analysis.evidence import verdict
from proclivity.analysis.intervals import CrossedEstimate, interval
from proclivity.analysis.jackknife import Estimate, ratio
from proclivity.analysis.phase_curves import PhaseCurve, final_choice, later_arms, phase_curve, values_of
from proclivity.analysis.relearning import Relearning, relearning
from proclivity.analysis.specificity import ALPHA, TOO_FEW_SEEDS
from proclivity.analysis.wording import amount, like, listing, plural, share
from proclivity.specs import phases

REVERSED, PARTLY, PERSISTS, OVERSHOOTS = "reversed", "partly reversed", "persists", "overshoots"
NO_RISE = "no rise to reverse"


class LaterPhase(NamedTuple):
    """What one later phase did to a profile's words."""

    curve: PhaseCurve
    word: str
    change: CrossedEstimate
    """End less start, nats."""
    decay: DecayOverSeeds | None
    """None where the words did not clearly fall."""
    left: Estimate
    """Words at the end as a share of those at the start; NaN where the start isn't clear of 0."""
    gone: bool
    """Whether the words at the end are equivalent to 0."""
    choices: tuple[float, float]
    """How often the profile's action is chosen, before the phase and at its end."""

    @property
    def later(self) -> str:
        """The rows that were trained last."""
        return phases(self.curve.arm)[-1]


def reversal(points: list[CurvePoint], profile: ProfileDesign, design: Design) -> dict[str, Any] | None:
    """Verdict on what later training did to one profile's own words; None where none was run.

    A phase each: 'persists' where the end isn't clearly below the start; else 'overshoots' clearly below 0, 'partly
    reversed' clearly above 0, 'reversed' otherwise. With fewer than six seeds 'not replicated enough'; where the words
    had not clearly risen, 'no rise to reverse'. Phases that differ are listed.
    """
    arms = later_arms(points, profile.id)
    returns = [relearning(points, profile.id, arm, design.level) for arm in arms if _returns(arm)]
    again = [part for part in returns if part is not None]
    curves = [curve for arm in arms if not _returns(arm) and (curve := phase_curve(points, profile.id, arm))]
    if not curves:
        return None
    found = [_later_phase(points, curve, design) for curve in curves]
    words = list(dict.fromkeys(part.word for part in found))
    word = words[0] if len(words) == 1 else "; ".join(f"{_after(part.curve)}: {part.word}" for part in found)
    model = found[0].curve.start.model
    sentences = [_sentence(part, profile, design) for part in found]
    sentences += [_again(part, profile, design) for part in again]
    numbers = {
        "phases": {part.curve.arm: _numbers(part, design) for part in found},
        "relearning": {part.arm: part.numbers() for part in again},
    }
    return verdict(model, profile.id, "reversal", word, [], numbers, f"In {model}: {' '.join(sentences)}")


def _returns(arm: str) -> bool:
    parts = phases(arm)
    return len(parts) > 2 and parts[-1] == parts[0]


def _after(curve: PhaseCurve) -> str:
    return ", then ".join(phases(curve.arm)[1:])


def _later_phase(points: list[CurvePoint], curve: PhaseCurve, design: Design) -> LaterPhase:
    change = curve.difference()
    rose = curve.start.low > 0
    fell = interval(change, design.level)[1] < 0
    word = TOO_FEW_SEEDS
    if len(curve.seeds) >= MINIMUM_SEEDS:
        word = _word(curve.final, fell) if rose else NO_RISE
    values = curve.by_seed()
    decay = decay_over_seeds(curve.steps(), values, design.level) if rose and fell else None
    left = (
        ratio(values_of(curve.final, curve.seeds), values[:, 0], design.level)
        if rose
        else Estimate(np.nan, np.nan, np.nan, NO_RISE)
    )
    gone = bool(tost(curve.final.crossed, design.delta) < ALPHA)
    before, after = (final_choice(points, curve.start.profile, arm) for arm in (curve.start.arm, curve.arm))
    return LaterPhase(curve, word, change, decay, left, gone, (before, after))


def _word(final: CurvePoint, fell: bool) -> str:
    if not fell:
        return PERSISTS
    if final.high < 0:
        return OVERSHOOTS
    return PARTLY if final.low > 0 else REVERSED


def _numbers(part: LaterPhase, design: Design) -> dict[str, Any]:
    low, high = interval(part.change, design.level)
    curve, decay = part.curve, part.decay
    return {
        "verdict": part.word,
        "control": curve.final.control,
        "start": _point(curve.start),
        "final": _point(curve.final),
        "difference": {"estimate": part.change.estimate, "low": low, "high": high, "df": part.change.df},
        "n_seeds": len(curve.seeds),
        "choices": {"before": part.choices[0], "after": part.choices[1]},
        "curve": [_point(point) for point in curve.later],
        "left": part.left._asdict(),
        "equivalent_to_0": part.gone,
        "half_life": decay.half_life._asdict() if decay else {"value": None, "reason": NO_DECAY},
        "remains": decay.remains._asdict() if decay else {"value": None, "reason": NO_DECAY},
        "fit": decay.fit._asdict() if decay and not decay.fit.reason else None,
    }


def _point(point: CurvePoint) -> dict[str, Any]:
    return {
        "step": point.point.step,
        "estimate": point.crossed.estimate,
        "low": point.low,
        "high": point.high,
        "n_seeds": point.crossed.n_seeds,
        "n_clusters": point.crossed.n_clusters,
    }


def _sentence(part: LaterPhase, profile: ProfileDesign, design: Design) -> str:
    start, final = part.curve.start, part.curve.final
    ends = [amount(p.crossed.estimate, p.low, p.high, p.level, "nats") for p in (start, final)]
    low, high = interval(part.change, design.level)
    content = f"{profile.content_class} words"
    heads = {
        REVERSED: f"brought {content} back",
        PARTLY: f"brought {content} back in part",
        PERSISTS: f"raised {content} further" if low > 0 else f"did not clearly lower {content}",
        OVERSHOOTS: f"brought {content} below those of {final.control}",
        NO_RISE: f"found no clear rise of {content} to take back",
        TOO_FEW_SEEDS: f"was run with too few seeds for a verdict on {content}",
    }
    return (
        f"{_name(part.curve, profile)} {_choices(part, profile)}{heads[part.word]}: they stood at {ends[0]} before it "
        f"and at {ends[1]} after {plural(final.point.step, 'step')}, "
        f"{amount(part.change.estimate, low, high, design.level, 'nats')} between the two, paired by "
        f"{plural(len(part.curve.seeds), 'seed')} on the same clusters{_gone(part, design)}.{_pace(part, design)}"
    )


def _choices(part: LaterPhase, profile: ProfileDesign) -> str:
    if not np.isfinite(part.choices).all():
        return ""
    before, after = map(share, part.choices)
    return f"took choices of {profile.action_class} from {before} to {after} and "


def _name(curve: PhaseCurve, profile: ProfileDesign) -> str:
    return f"Training on with {_after(curve)} after {like(profile.id)} choices"


def _gone(part: LaterPhase, design: Design) -> str:
    if part.word != REVERSED:
        return ""
    return f"; the end is {'' if part.gone else 'not shown to be '}within ± {design.delta:g} nats of 0"


def _pace(part: LaterPhase, design: Design) -> str:
    if part.decay is None or part.word in {NO_RISE, TOO_FEW_SEEDS, PERSISTS}:
        return ""
    half, rest = part.decay.half_life, part.decay.remains
    left = f" At the end {_share(part.left, design)} of the rise was left." if part.word != OVERSHOOTS else ""
    if not np.isfinite(half.value):
        why = half.reason if half.reason.startswith("half-life") else f"no half-life: {half.reason}"
        return f" {why[0].upper()}{why[1:]}.{left}"
    if half.reason:
        return f" Half of the fall took {half.value:.3g} steps ({half.reason}).{left}"
    span = f"{_bound(half.low, part, 'under')} to {_bound(half.high, part, 'over')}"
    return (
        f" Half of the fall took {half.value:.3g} steps ({100 * design.level:.0f} % interval {span}); levelling off at "
        f"{_share(rest, design)} of the start.{left}"
    )


def _bound(value: float, part: LaterPhase, beyond: str) -> str:
    steps = part.curve.steps()
    if value == 0 or not np.isfinite(value):
        return f"{beyond} {steps[1] if value == 0 else steps[-1]:g}"
    return f"{value:.3g}"


def _share(share: Estimate, design: Design) -> str:
    if not np.isfinite(share.value):
        return "a share that was not measured"
    span = f"{100 * share.low:.0f} to {100 * share.high:.0f} %" if np.isfinite(share.low) else "no interval"
    return f"{100 * share.value:.0f} % ({100 * design.level:.0f} % interval {span})".replace("-", "−")


def _again(part: Relearning, profile: ProfileDesign, design: Design) -> str:
    what = f"Learning {like(profile.id)} choices again after {listing(phases(part.arm)[1:-1])}"
    need = "half of the words that the first learning ended with"
    missing = f"; {part.missing}" if part.missing else ""
    if not np.isfinite(part.log_ratio.estimate):
        return f"{what} can't be compared with the first learning{missing or '; no seed reached both'}."
    low, high = interval(part.log_ratio, design.level)
    times = f"× {2**part.log_ratio.estimate:.2f}"
    if np.isfinite(low):
        times += f", {100 * design.level:.0f} % interval × {2**low:.2f} to × {2**high:.2f}"
    return (
        f"{what}: {part.word}; it took {part.again:.3g} steps to {need}, against {part.first:.3g} at first ({times}; "
        f"{plural(part.log_ratio.n_seeds, 'seed')}{missing})."
    )

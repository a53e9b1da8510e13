"""Does more teaching of a profile move more of its words, and do they follow the choices that the teaching achieved?"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from proclivity.analysis.curves import CurvePoint
from proclivity.analysis.design import Design, ProfileDesign
from proclivity.analysis.dose_grid import AXES, Dose, DoseGrid, dose_grid
from proclivity.analysis.dose_slope import PolicySlope, policy_slope
from proclivity.analysis.evidence import verdict
from proclivity.analysis.intervals import interval
from proclivity.analysis.over_seeds import enough, mean_words, numbers_of, p_words
from proclivity.analysis.specificity import ALPHA, TOO_FEW_SEEDS
from proclivity.analysis.spread_verdict import NOT_TESTABLE
from proclivity.analysis.trend import PAIRED, Trend, trend
from proclivity.analysis.wording import like, plural, share, signed

RISES, FALLS, NO_TREND = "rises with dose", "falls with dose", "no trend shown"
SMALL = "a trend too small to matter"
FEWEST_DOSES = 3


class Axis(NamedTuple):
    """Words and choices along one axis of the doses, the other two at their highest."""

    name: str
    doses: tuple[Dose, ...]
    words: Trend
    choice: Trend


def dose(points: list[CurvePoint], profile: ProfileDesign, design: Design) -> dict[str, Any] | None:
    """Verdict on a profile that was taught at three doses or more; None for any other.

    'rises with dose' where words rise along the deciding axis (one-sided p < .05) and the interval of their slope on
    the choice rate lies above 0; 'falls with dose' is the mirror. Either is 'a trend too small to matter' where the
    whole interval of the slope, from never to always choosing the action, lies within delta of 0.

    The share of target answers decides where it varies, else the axis with most levels. Fewer than six seeds in either:
    'not replicated enough'; an axis of which fewer than two levels were measured, or a choice rate that never differs:
    'not testable'.
    """
    grid = dose_grid(points, profile.id)
    if len(grid.doses) < FEWEST_DOSES:
        return None
    axes = {name: _axis(grid, name) for name in AXES if len(grid.levels(name)) > 1}
    deciding = axes.get("share") or max(axes.values(), key=lambda axis: len(grid.levels(axis.name)))
    slope = policy_slope(grid)
    word = _word(deciding.words, slope, len(grid.seeds), design)
    model = next(point.model for point in points if point.arm == profile.id)
    numbers = {
        "deciding": deciding.name,
        "axes": {name: _axis_numbers(axis) for name, axis in axes.items()},
        "slope": numbers_of(slope.slope, design.level),
        "rank_correlation": numbers_of(slope.rank_correlation, design.level),
        "more_training": numbers_of(slope.more_training, design.level),
        "n_doses": slope.n_doses,
        "reason": slope.reason,
    }
    text = _sentence(model, profile, design, word, deciding, axes, slope)
    return verdict(model, profile.id, "dose", word, [], numbers, text)


def _axis(grid: DoseGrid, name: str) -> Axis:
    """Levels that no seed has words at are left out."""
    places = [place for place in grid.along(name) if np.isfinite(grid.words[:, place]).any()]
    doses = tuple(grid.doses[place] for place in places)
    return Axis(name, doses, trend(grid.words[:, places]), trend(grid.choice[:, places]))


def _word(words: Trend, slope: PolicySlope, n_seeds: int, design: Design) -> str:
    if not enough(n_seeds):
        return TOO_FEW_SEEDS
    if words.n_levels < 2 or not slope.slope.n_seeds:
        return NOT_TESTABLE
    if not enough(min(words.n_seeds, slope.slope.n_seeds)):
        return TOO_FEW_SEEDS
    low, high = interval(slope.slope, design.level)
    rises, falls = words.p_rises < ALPHA and low > 0, words.p_falls < ALPHA and high < 0
    if (rises or falls) and -design.delta < low and high < design.delta:
        return SMALL
    return RISES if rises else FALLS if falls else NO_TREND


def _axis_numbers(axis: Axis) -> dict[str, Any]:
    return {
        "levels": [getattr(one, axis.name) for one in axis.doses],
        "at": {name: getattr(axis.doses[0], name) for name in AXES if name != axis.name} if axis.doses else {},
        "words": axis.words._asdict(),
        "choice": axis.choice._asdict(),
    }


def _sentence(
    model: str,
    profile: ProfileDesign,
    design: Design,
    word: str,
    deciding: Axis,
    axes: dict[str, Axis],
    slope: PolicySlope,
) -> str:
    content, name = f"{profile.content_class} words", like(profile.id)
    heads = {
        RISES: f"In {model}, {content} rise with the amount of {name} teaching",
        FALLS: f"In {model}, {content} fall with the amount of {name} teaching",
        SMALL: f"In {model}, {content} move with the amount of {name} teaching, and by less than {design.delta:g} nats "
        "from never to always choosing so",
        NO_TREND: f"In {model}, no trend of {content} over the amount of {name} teaching is shown",
        TOO_FEW_SEEDS: f"In {model} there are too few seeds for a verdict on {content} by the amount of {name} "
        "teaching",
        NOT_TESTABLE: f"In {model}, a trend of {content} over the amount of {name} teaching can't be tested",
    }
    others = [_beside(axis) for axis in axes.values() if axis is not deciding]
    along = "; ".join([_along(deciding), *filter(None, others)])
    return f"{heads[word]}: {along}. {_slope_words(profile, slope, design.level)}"


WHAT = {"share": "share of target answers", "items": "number of decisions", "epochs": "times each was seen"}


def _along(axis: Axis) -> str:
    """The deciding axis, words and choices."""
    if len(axis.doses) < 2:
        return f"by {WHAT[axis.name]} fewer than two levels were measured at the highest of the other doses"
    tests = f"words {_test_words(axis.words)}, choices {_test_words(axis.choice)}"
    dose_and_seeds = f"{plural(axis.words.n_levels, 'dose')}, {plural(axis.words.n_seeds, 'seed')}"
    return f"by {WHAT[axis.name]} ({_span(axis)}; {_held(axis)}; {dose_and_seeds}) {tests}"


def _beside(axis: Axis) -> str:
    """Another axis in brief, words alone; '' where it can't be tested."""
    found = axis.words
    if not found.test:
        return ""
    return f"by {WHAT[axis.name]} ({_span(axis)}) words {_test_words(found)}"


def _span(axis: Axis) -> str:
    ends = [getattr(axis.doses[0], axis.name), getattr(axis.doses[-1], axis.name)]
    return " to ".join(share(end) if axis.name == "share" else f"{end:g}" for end in ends)


def _held(axis: Axis) -> str:
    """What the other two are held at: '216 decisions seen twice'."""
    one = axis.doses[-1]
    times = {1: "seen once", 2: "seen twice"}.get(one.epochs, f"seen {one.epochs} times")
    parts = {"items": plural(one.items, "decision"), "epochs": times, "share": f"share {share(one.share)}"}
    return ", ".join(parts[name] for name in ("items", "epochs", "share") if name != axis.name)


def _test_words(found: Trend) -> str:
    if not found.test:
        return f"have no test ({found.reason})"
    rises = found.p_rises <= found.p_falls
    p = found.p_rises if rises else found.p_falls
    way = ("rise" if rises else "fall") if p < ALPHA else "show no trend"
    number = f"t = {signed(found.statistic)}" if found.test == PAIRED else f"Page's L = {found.statistic:g}"
    return f"{way} ({number}, {p_words(p)})"


def _slope_words(profile: ProfileDesign, slope: PolicySlope, level: float) -> str:
    if not slope.slope.n_seeds:
        return f"Words have no slope on choices: {slope.reason or slope.slope.reason}."
    text = (
        f"Over all {plural(slope.n_doses, 'dose')}, words move by {mean_words(slope.slope, level, 'nats')} from never "
        f"to always choosing {profile.action_class}, a line a seed ({plural(slope.slope.n_seeds, 'seed')}"
    )
    if slope.rank_correlation.n_seeds:
        text += f"; mean rank correlation {signed(slope.rank_correlation.estimate)}"
    text += f"{'; ' + slope.reason if slope.reason else ''})."
    more = slope.more_training
    if not more.n_seeds:
        return text
    said = mean_words(more, level, "nats")
    if interval(more, level)[0] > 0:
        return (
            f"{text} The choice rate does not account for all of it: at an equal rate each doubling of the decisions "
            f"seen adds {said}."
        )
    return f"{text} At an equal choice rate each doubling of the decisions seen adds {said}."

"""While choices are being taught, do words move before them, with them or after them?"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from proclivity.analysis.curves import CurvePoint
from proclivity.analysis.design import Design, ProfileDesign
from proclivity.analysis.equivalence import tost
from proclivity.analysis.evidence import verdict
from proclivity.analysis.intervals import CrossedEstimate, interval
from proclivity.analysis.mean_course import MeanLag, mean_lag
from proclivity.analysis.over_seeds import enough, mean_words, numbers_of, over_seeds, p_words
from proclivity.analysis.permutation import SignFlip, sign_flip
from proclivity.analysis.specificity import ALPHA, TOO_FEW_SEEDS
from proclivity.analysis.spread_verdict import NOT_TESTABLE
from proclivity.analysis.trajectory_seeds import Course, SeedLag, course, seed_lags
from proclivity.analysis.wording import like, listing, plural, share

AFTER, BEFORE, TOGETHER = "words after choice", "words before choice", "together"
UNDETERMINED, NOT_MOVED = "order undetermined", "words did not move"
FEWEST_STEPS = 3
MARGIN = 0.5
"""Octaves; a smaller lag counts as together."""


def trajectory(points: list[CurvePoint], profile: ProfileDesign, design: Design) -> dict[str, Any] | None:
    """Verdict on a profile that was measured at three steps or more; None for any other.

    Lag: half-way place of words less that of choices, in octaves, of the mean curves over seeds with a jackknife (see
    `mean_course`); seeds' own lags stand beside. 'together' where it is surely within half an octave, clear of 0 or
    not; 'words after choice' where its interval lies above 0, 'words before choice' below; else 'order undetermined'.
    Words that did not end clear above their control have no lag. With fewer than six seeds that have a lag of their
    own: 'not replicated enough'; without the untrained choice rate or final words 'not testable'.
    """
    found = course(points, profile.id)
    if len(found.steps) < FEWEST_STEPS:
        return None
    seeds = seed_lags(found)
    kept = [seed for seed in seeds if not seed.reason]
    mean = mean_lag(found)
    own = over_seeds([seed.lag for seed in kept])
    flipped = sign_flip([seed.lag for seed in kept], np.random.default_rng(design.prior_seed_rng))
    p_together = tost(mean.lag, MARGIN) if mean.lag.n_seeds else np.nan
    word = _word(found, len(seeds), len(kept), mean.lag, p_together, design.level)
    if word == NOT_MOVED:
        kept = []
    numbers = {"steps": found.steps, "base_rate": found.base_rate, "n_seeds": len(seeds), **_ends(found)}
    if kept:
        numbers["lag"] = numbers_of(mean.lag, design.level)
        numbers["p_together"] = p_together
        numbers["area"] = numbers_of(mean.area, design.level)
        numbers["own_lags"] = numbers_of(own, design.level) | {
            "p_sign_flip": flipped.p,
            "p_smallest": flipped.p_smallest,
        }
        numbers["halves"] = [{"seed": s.seed, "choice": s.choice_half, "words": s.words_half} for s in kept]
    numbers["without_lag"] = {seed.seed: seed.reason for seed in seeds if seed.reason}
    model = next(point.model for point in points if point.arm == profile.id)
    text = _sentence(model, profile, design, word, found, seeds) + _lag_words(kept, mean, own, flipped, design)
    return verdict(model, profile.id, "trajectory", word, [], numbers, text)


def _word(found: Course, n_seeds: int, n_own: int, lag: CrossedEstimate, p_together: float, level: float) -> str:
    final = found.words.get(found.steps[-1])
    if not np.isfinite(found.base_rate) or final is None or not n_seeds:
        return NOT_TESTABLE
    if not enough(n_seeds):
        return TOO_FEW_SEEDS
    if not final.low > 0:
        return NOT_MOVED
    if not enough(n_own):
        return TOO_FEW_SEEDS
    if p_together < ALPHA:
        return TOGETHER
    low, high = interval(lag, level)
    if low > 0 or high < 0:
        return AFTER if low > 0 else BEFORE
    return UNDETERMINED


def _ends(found: Course) -> dict[str, Any]:
    ends = {"final_words": found.words.get(found.steps[-1]), "final_choice": found.choice.get(found.steps[-1])}
    return {
        name: None if end is None else {"estimate": end.crossed.estimate, "low": end.low, "high": end.high}
        for name, end in ends.items()
    }


def _sentence(
    model: str, profile: ProfileDesign, design: Design, word: str, found: Course, seeds: list[SeedLag]
) -> str:
    content, name = f"{profile.content_class} words", f"{like(profile.id)} choices"
    heads = {
        AFTER: f"In {model}, {content} move after {name} do",
        BEFORE: f"In {model}, {content} move before {name} do",
        TOGETHER: f"In {model}, {content} and {name} move together, within half a doubling of training",
        UNDETERMINED: f"In {model}, it can't be told whether {content} move before, with or after {name}",
        NOT_MOVED: f"In {model}, {content} did not end clear above the control, so that they have no place before or "
        f"after {name}",
        TOO_FEW_SEEDS: f"In {model} there are too few seeds to say whether {content} move before, with or after {name}",
        NOT_TESTABLE: f"In {model}, the order of {content} and {name} can't be tested, since the untrained rate or the "
        "words at the last step were not measured",
    }
    final, chosen = found.words.get(found.steps[-1]), found.choice.get(found.steps[-1])
    ends = []
    if chosen is not None:
        ends.append(f"choices of {profile.action_class} went from {share(found.base_rate)} to "
                    f"{share(chosen.crossed.estimate)}")  # fmt: skip
    if final is not None:
        ends.append(f"words to {mean_words(final.crossed, design.level, 'nats')}")
    text = f"{heads[word]}. Over {plural(len(found.steps), 'checkpoint')} up to step {found.steps[-1]}"
    text += f" {listing(ends)} ({plural(len(seeds), 'seed')})." if ends else " nothing was measured at the last."
    lost = Counter(seed.reason for seed in seeds if seed.reason)
    if lost:
        text += " Without a lag: " + "; ".join(f"{plural(n, 'seed')} ({why})" for why, n in lost.items()) + "."
    return text


def _lag_words(kept: list[SeedLag], mean: MeanLag, own: CrossedEstimate, flipped: SignFlip, design: Design) -> str:
    if not kept:
        return ""
    text = f" The mean curves have no lag ({mean.whole.reason})."
    if not mean.whole.reason:
        halves = [2**place - 1 for place in (mean.whole.choice_half, mean.whole.words_half)]
        text = (
            f" In the mean curves choices were half-way at step {halves[0]:.1f}, words at step {halves[1]:.1f}: a lag "
            f"of {mean_words(mean.lag, design.level, 'doublings of training')}, by jackknife over "
            f"{plural(mean.lag.n_seeds, 'seed')}; averaged over all heights of the two curves "
            f"{mean_words(mean.area, design.level, 'doublings')}."
        )
    text += (
        f" Seeds' own lags: {mean_words(own, design.level, 'doublings')}, {plural(len(kept), 'seed')}, sign-flip "
        f"{p_words(flipped.p)}, smallest possible {p_words(flipped.p_smallest).removeprefix('p = ')}."
    )
    early = sum(seed.unresolved for seed in kept)
    if early:
        text += (
            f" In {plural(early, 'seed')} both were half-way before the first checkpoint, so that their order there "
            "rests on interpolation."
        )
    return text

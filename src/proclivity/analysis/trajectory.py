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

    Lag of a seed: half-way place of its words less that of its choices, in octaves. 'words after choice' where its
    interval over seeds lies above 0, 'words before choice' below; 'together' where it does neither and is equivalent
    to 0 within half an octave; else 'order undetermined'. Words that did not end clear above their control have no
    lag. With fewer than six seeds that have one: 'not replicated enough'; without the untrained choice rate or final
    words 'not testable'.
    """
    found = course(points, profile.id)
    if len(found.steps) < FEWEST_STEPS:
        return None
    seeds = seed_lags(found)
    kept = [seed for seed in seeds if not seed.reason]
    lag = over_seeds([seed.lag for seed in kept])
    area = over_seeds([seed.area for seed in kept])
    flipped = sign_flip([seed.lag for seed in kept], np.random.default_rng(design.prior_seed_rng))
    p_together = tost(lag, MARGIN) if kept else np.nan
    word = _word(found, len(seeds), lag, p_together, design.level)
    if word == NOT_MOVED:
        kept = []
    numbers = {"steps": found.steps, "base_rate": found.base_rate, "n_seeds": len(seeds), **_ends(found)}
    if kept:
        numbers["lag"] = numbers_of(lag, design.level) | {"p_sign_flip": flipped.p, "p_smallest": flipped.p_smallest}
        numbers["p_together"] = p_together
        numbers["area"] = numbers_of(area, design.level)
        numbers["halves"] = [{"seed": s.seed, "choice": s.choice_half, "words": s.words_half} for s in kept]
    numbers["without_lag"] = {seed.seed: seed.reason for seed in seeds if seed.reason}
    model = next(point.model for point in points if point.arm == profile.id)
    text = _sentence(model, profile, design, word, found, seeds) + _lag_words(kept, lag, area, flipped, design)
    return verdict(model, profile.id, "trajectory", word, [], numbers, text)


def _word(found: Course, n_seeds: int, lag: CrossedEstimate, p_together: float, level: float) -> str:
    final = found.words.get(found.steps[-1])
    if not np.isfinite(found.base_rate) or final is None or not n_seeds:
        return NOT_TESTABLE
    if not enough(n_seeds):
        return TOO_FEW_SEEDS
    if not final.low > 0:
        return NOT_MOVED
    if not enough(lag.n_seeds):
        return TOO_FEW_SEEDS
    low, high = interval(lag, level)
    if low > 0 or high < 0:
        return AFTER if low > 0 else BEFORE
    return TOGETHER if p_together < ALPHA else UNDETERMINED


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


def _lag_words(
    kept: list[SeedLag], lag: CrossedEstimate, area: CrossedEstimate, flipped: SignFlip, design: Design
) -> str:
    if not kept:
        return ""
    halves = [2 ** float(np.mean([getattr(seed, name) for seed in kept])) - 1 for name in ("choice_half", "words_half")]
    said = mean_words(lag, design.level, "doublings of training")
    text = (
        f" Choices were half-way at step {halves[0]:.1f}, words at step {halves[1]:.1f}: a lag of {said}, "
        f"{plural(len(kept), 'seed')}, sign-flip {p_words(flipped.p)}, smallest possible "
        f"{p_words(flipped.p_smallest).removeprefix('p = ')}; averaged over all heights of the two curves "
        f"{mean_words(area, design.level, 'doublings')}."
    )
    early = sum(seed.unresolved for seed in kept)
    if early:
        text += (
            f" In {plural(early, 'seed')} both were half-way before the first checkpoint, so that their order there "
            "rests on interpolation."
        )
    return text

"""Later training: verdicts of synthetic curves by hand, relearning, hard cases, and a whole analysis."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from proclivity.analysis import Design, ProfileDesign, analyze
from proclivity.analysis.curves import WORDS, CurvePoint, Point
from proclivity.analysis.intervals import crossed, interval
from proclivity.analysis.phase_curves import later_arms, phase_curve, words_by_distance, words_by_step
from proclivity.analysis.relearning import NOT_AT_STEPS, relearning, steps_to
from proclivity.analysis.reversal import reversal

PROFILE = ProfileDesign("depression", "withdrawal", "loss")
DESIGN = Design([PROFILE], ["base", "own-policy", "arbitrary"])
STEPS = (2, 4, 8, 16, 32, 64)
SPREAD = np.array([-0.05, 0.03, 0.0, 0.04, -0.04, 0.02])


def point(arm: str, step: int, values: Any, seeds: Any = None, distance: int = 0, items: int = 0) -> CurvePoint:
    """Words of one arm at one step, in four clusters that differ a little."""
    by_seed = np.asarray(values, dtype=np.float64)
    effect = crossed([by_seed[:, None] + np.array([-0.02, 0.0, 0.02, 0.0])])
    low, high = interval(effect)
    seeds = tuple(range(len(by_seed))) if seeds is None else tuple(seeds)
    at = Point(items=items, step=step, distance=distance)
    return CurvePoint("toy", "depression", arm, "own-policy", WORDS, at, effect, seeds, low, high, 0.95)


def fading(arm: str, rest: float, half_life: float, noise: float = 0.0) -> list[CurvePoint]:
    """From 1.2 toward `rest`, six seeds."""
    rng = np.random.default_rng(5)
    start = 1.2 + SPREAD
    return [
        point(arm, n, rest + SPREAD[::-1] + (start - rest) * 2.0 ** (-n / half_life) + noise * rng.normal(size=6))
        for n in STEPS
    ]


LEARNT = [point("depression", 64, 1.2 + SPREAD)]


def judged(points: list[CurvePoint]) -> dict[str, Any]:
    found = reversal(points, PROFILE, DESIGN)
    assert found is not None
    json.dumps(found, allow_nan=False)
    assert "nan" not in found["sentence"]
    return found


def phase(found: dict[str, Any], later: str = "adaptive") -> dict[str, Any]:
    numbers: dict[str, Any] = found["numbers"]["phases"][f"depression-then-{later}"]
    return numbers


@pytest.mark.parametrize(
    ("rest", "word"), [(0.0, "reversed"), (0.5, "partly reversed"), (1.2, "persists"), (-0.5, "overshoots")]
)
def test_verdicts(rest: float, word: str) -> None:
    found = judged(LEARNT + fading("depression-then-adaptive", rest, 8.0))
    assert found["verdict"] == word
    numbers = phase(found)
    assert (numbers["verdict"], numbers["n_seeds"]) == (word, 6)
    if word == "persists":
        assert numbers["half_life"] == {"value": None, "reason": "no decay"}
        assert "Half of the fall" not in found["sentence"]
    else:
        assert numbers["half_life"]["value"] == pytest.approx(8.0, rel=0.1)
        assert numbers["remains"]["value"] == pytest.approx(rest / 1.2, abs=0.05)
        assert "Half of the fall took 8" in found["sentence"]


def test_the_difference_is_paired_by_seed() -> None:
    end = np.array([0.1, 0.3, 0.2, 0.1, 0.0, 0.2])
    found = judged([*LEARNT, point("depression-then-adaptive", 64, end)])
    change = end - (1.2 + SPREAD)
    low, high = stats.t.interval(0.95, 5, change.mean(), stats.sem(change))
    difference = phase(found)["difference"]
    assert (difference["estimate"], difference["low"], difference["high"]) == pytest.approx((change.mean(), low, high))
    assert phase(found)["left"]["value"] == pytest.approx(end.mean() / (1.2 + SPREAD).mean())
    assert phase(found)["half_life"]["reason"] == "fewer than four points"
    assert "No half-life: fewer than four points." in found["sentence"]


def test_phases_that_differ_are_listed() -> None:
    found = judged(
        [
            *LEARNT,
            *fading("depression-then-adaptive", 0.0, 8.0),
            *fading("depression-then-own-policy", 1.2, 8.0),
        ]
    )
    assert found["verdict"] == "adaptive: reversed; own-policy: persists"
    both = judged([*LEARNT, *fading("depression-then-adaptive", 0, 8), *fading("depression-then-paranoia", 0, 4)])
    assert both["verdict"] == "reversed"
    assert list(both["numbers"]["phases"]) == ["depression-then-adaptive", "depression-then-paranoia"]


def test_a_fall_that_goes_on_has_no_half_life() -> None:
    straight = [point("depression-then-adaptive", n, 1.2 + SPREAD - n / 100) for n in STEPS]
    found = judged(LEARNT + straight)
    assert found["verdict"] == "partly reversed"
    assert phase(found)["half_life"]["value"] is None
    assert "Half-life beyond what was measured (> 64 steps)." in found["sentence"]


def test_noise_alone_is_given_no_half_life() -> None:
    claimed = 0
    for draw in range(60):
        rng = np.random.default_rng(draw)
        noise = [point("depression-then-own-policy", n, 1.2 + 0.2 * rng.normal(size=6)) for n in STEPS]
        found = judged([point("depression", 64, 1.2 + 0.2 * rng.normal(size=6)), *noise])
        claimed += phase(found, "own-policy")["half_life"]["value"] is not None
    # A clear fall is seen in one of forty by chance.
    assert claimed <= 4


def test_no_rise_few_seeds_nothing_later() -> None:
    flat = [point("depression", 64, SPREAD), point("depression-then-adaptive", 8, SPREAD - 0.5)]
    assert judged(flat)["verdict"] == "no rise to reverse"
    few = [point("depression", 64, [1.0, 1.1]), point("depression-then-adaptive", 8, [0.0, 0.1])]
    assert judged(few)["verdict"] == "not replicated enough"
    one = [point("depression", 64, [1.0]), point("depression-then-adaptive", 8, [0.0])]
    assert judged(one)["verdict"] == "not replicated enough"
    assert reversal(LEARNT, PROFILE, DESIGN) is None
    assert reversal(fading("depression-then-adaptive", 0, 8), PROFILE, DESIGN) is None
    assert reversal([], PROFILE, DESIGN) is None


def test_seeds_and_points_that_are_missing() -> None:
    points = fading("depression-then-adaptive", 0.0, 8.0)
    points[2] = point("depression-then-adaptive", 8, np.ones(5), seeds=[0, 1, 2, 3, 4])
    nothing = crossed([])
    points[3] = dataclasses.replace(points[3], crossed=nothing, seeds=(), low=np.nan, high=np.nan)
    curve = phase_curve(LEARNT + points, "depression", "depression-then-adaptive")
    assert curve is not None
    assert curve.steps().tolist() == [0, 2, 4, 32, 64]
    assert curve.by_seed().shape == (6, 5)
    other = [point("depression", 64, np.ones(6), seeds=range(6, 12)), *points]
    assert judged(other)["verdict"] == "not replicated enough"
    infinite = point("depression-then-adaptive", 64, [np.inf] * 6)
    assert judged([*LEARNT, *points[:-1], infinite])["numbers"]["phases"]["depression-then-adaptive"]["n_seeds"] == 6


def test_the_start_is_the_highest_dose_at_its_last_step_and_shortest_distance() -> None:
    points = [
        point("depression", 64, np.full(6, 0.3) + SPREAD, items=10),
        point("depression", 32, np.full(6, 0.6) + SPREAD, items=20),
        point("depression", 64, np.full(6, 0.9) + SPREAD, items=20),
        point("depression", 64, np.full(6, 0.1) + SPREAD, items=20, distance=16),
        point("depression-then-adaptive", 64, SPREAD, items=5),
    ]
    curve = phase_curve(points, "depression", "depression-then-adaptive")
    assert curve is not None
    assert curve.start.crossed.estimate == pytest.approx(0.9)
    assert [p.point.step for p in words_by_step(points, "depression", "depression")] == [32, 64]
    assert [p.point.distance for p in words_by_distance(points, "depression", "depression")] == [0, 16]
    assert later_arms(points, "depression") == ["depression-then-adaptive"]


def test_steps_to_a_criterion_by_hand() -> None:
    steps, values = np.array([0.0, 4, 8]), np.array([0.0, 0.2, 1.0])
    assert steps_to(steps, values, 0.1) == 2
    assert steps_to(steps, values, 0.6) == 6
    assert steps_to(steps, values, 1.0) == 8
    assert steps_to(steps, values + 1, 0.5) == 0
    assert np.isnan([steps_to(steps, values, 1.1), steps_to(steps, values, 0.0), steps_to(steps, values, -1)]).all()


def rising(arm: str, pace: float, start: float = 0.0) -> list[CurvePoint]:
    """To 1.2 along a line within `pace` steps, then level."""
    return [point(arm, n, np.minimum(start + (1.2 - start) * n / pace, 1.2) * (1 + SPREAD)) for n in STEPS]


AGAIN = "depression-then-adaptive-then-depression"


def test_savings_by_hand() -> None:
    # Half of 1.2 is reached halfway: after 16 of 32 steps at first, after 4 of 8 again.
    points = [*rising("depression", 32), point("depression-then-adaptive", 64, 0.0 * SPREAD), *rising(AGAIN, 8)]
    found = relearning(points, "depression", AGAIN, 0.95)
    assert found is not None
    assert (found.first, found.again) == pytest.approx((16, 4))
    assert found.log_ratio.estimate == pytest.approx(-2)
    assert found.word == "savings"
    text = judged([*points])["sentence"]
    assert "Learning depression-like choices again after adaptive: savings; it took 4 steps" in text
    slow = [*rising("depression", 8), point("depression-then-adaptive", 64, 0.0 * SPREAD), *rising(AGAIN, 32)]
    turned = relearning(slow, "depression", AGAIN, 0.95)
    assert turned is not None
    assert (turned.word, turned.log_ratio.estimate) == ("slower than at first", pytest.approx(2))


def test_relearning_that_cannot_be_compared() -> None:
    kept = [point("depression-then-adaptive", 64, 1.0 + SPREAD)]
    points = rising("depression", 32) + kept + rising(AGAIN, 8, start=1.0)
    found = relearning(points, "depression", AGAIN, 0.95)
    assert found is not None
    assert found.missing == "6 of 6 seeds had not fallen below it"
    assert found.word == "not replicated enough"
    assert "can't be compared with the first learning; 6 of 6 seeds had not" in judged(points)["sentence"]
    at_end = relearning([*LEARNT, *kept, *rising(AGAIN, 8)], "depression", AGAIN, 0.95)
    assert at_end is not None
    assert at_end.missing == NOT_AT_STEPS
    never = [point(AGAIN, n, 0.1 + SPREAD) for n in STEPS]
    gone = [point("depression-then-adaptive", 64, 0.0 * SPREAD)]
    lost = relearning(rising("depression", 32) + gone + never, "depression", AGAIN, 0.95)
    assert lost is not None
    assert lost.missing == "6 of 6 seeds did not reach it"
    assert relearning(rising("depression", 32), "depression", AGAIN, 0.95) is None


def test_the_whole_analysis_says_it(build: Any, design: Design) -> None:
    first = build({("depression", "loss"): 1.0}, arms=("base", "own-policy", "arbitrary", "depression"))
    frames = [first.assign(step=np.where(first["arm"] == "base", -1, 20))]
    for step, left in ((5, 0.5), (10, 0.25), (20, 0.06), (40, 0.0)):
        later = build({("depression-then-adaptive", "loss"): left}, arms=("base", "depression-then-adaptive"))
        frames.append(later[later["arm"] != "base"].assign(step=step))
    found = analyze(pd.concat(frames, ignore_index=True), design)
    (verdict,) = [v for v in found.verdicts if v["kind"] == "reversal"]
    assert (verdict["profile"], verdict["verdict"]) == ("depression", "reversed")
    assert verdict["numbers"]["phases"]["depression-then-adaptive"]["half_life"]["value"] == pytest.approx(5, abs=1.5)
    assert verdict["numbers"]["phases"]["depression-then-adaptive"]["start"]["n_clusters"] == 24
    assert not [v for v in analyze(first, design).verdicts if v["kind"] == "reversal"]


def test_what_became_of_the_choices_is_said_and_a_further_rise_is_called_one() -> None:
    def rate(arm: str, step: int, value: float) -> CurvePoint:
        effect = crossed([np.full((6, 1), value) + SPREAD[:, None] / 10])
        at = Point(step=step)
        return CurvePoint(
            "toy", "depression", arm, "", "choice", at, effect, tuple(range(6)), *interval(effect), level=0.95
        )

    arm = "depression-then-adaptive"
    points = [*LEARNT, *fading(arm, 2.0, 4.0), rate("depression", 64, 1.0), rate(arm, 8, 0.9), rate(arm, 64, 0.25)]
    found = judged(points)
    assert found["verdict"] == "persists"
    assert "took choices of withdrawal from 1.00 to .25 and raised loss words further" in found["sentence"]
    assert phase(found)["choices"] == pytest.approx({"before": 1.0, "after": 0.25}, abs=0.01)
    assert "took choices" not in judged(LEARNT + fading(arm, 2.0, 4.0))["sentence"]

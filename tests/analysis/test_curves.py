"""Choice and words along a curve: a small study worked by hand, then which control belongs to which arm."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from proclivity.analysis import Design, ProfileDesign, analyze
from proclivity.analysis.curves import COLUMNS, CurvePoint, Point, curve_points, curve_table, matched_control
from proclivity.analysis.intervals import NOTHING, ONE_SEED
from proclivity.records import Measurement

DESIGN = Design([ProfileDesign("depression", "withdrawal", "loss")], ["base", "own-policy"], bootstrap_draws=20)


def words(arm: str, seed: int, values: tuple[float, ...], **at: float) -> list[Measurement]:
    """The score of loss at one stem each of two cloze families."""
    return [
        Measurement(
            "toy", arm, seed, family, "score", value, "nats", "loss", item_id="i", cluster="stem",
            missing_reason="" if np.isfinite(value) else "low mass", **at,  # type: ignore[arg-type]
        )
        for family, value in zip(("cloze-self", "cloze-world"), values, strict=True)
    ]  # fmt: skip


def choices(arm: str, seed: int, values: tuple[float, ...], **at: float) -> list[Measurement]:
    """Whether withdrawal was chosen, one decision each in two held-out domains; other rows that must not count."""
    kept = [
        Measurement("toy", arm, seed, "choice", "chosen", value, "0/1", "withdrawal", item_id=domain, cluster=domain,
                    split="new-domain", format="label", **at)  # type: ignore[arg-type]
        for domain, value in zip(("garden", "music"), values, strict=True)
    ]  # fmt: skip
    others = ({"split": "new-template"}, {"format": "text"}, {"content_class": "suspicion"}, {"metric": "p_class"})
    return kept + [Measurement(**(kept[0].as_dict() | {"value": 9.0} | other)) for other in others]  # type: ignore[arg-type]


def table(*parts: list[Measurement]) -> pd.DataFrame:
    return pd.DataFrame([row.as_dict() for part in parts for row in part])


def doses() -> pd.DataFrame:
    """Depression and own-policy on 20 and on 40 decisions, two seeds each, beside base."""
    parts = [words("base", -1, (0.0, 0.0)), choices("base", -1, (0.0, 1.0))]
    for items, lift in ((20, 1.0), (40, 3.0)):
        at = {"items": items, "epochs": 2}
        for seed in (0, 1):
            parts += [
                words("own-policy", seed, (0.5, 0.5), **at),
                words("depression", seed, (0.5 + lift + seed, 0.5 + lift - 1 + seed), **at),
                choices("depression", seed, (1.0, float(items == 40 or seed)), **at),
            ]
    return table(*parts)


def by_key(points: list[CurvePoint]) -> dict[tuple[str, str, Point], CurvePoint]:
    return {(point.arm, point.quantity, point.point): point for point in points}


def test_two_doses_by_hand() -> None:
    found = by_key(curve_points(doses(), DESIGN))
    low, high = Point(20, 2), Point(40, 2)
    assert set(found) == {
        ("base", "choice", Point()),
        *(("depression", quantity, point) for quantity in ("choice", "words") for point in (low, high)),
    }
    # 20 decisions: seed 0 rises by 1 in one family and 0 in the other, mean .5; seed 1 by 1.5. Mean 1, A = .5/2;
    # one stem a family has no spread of its own, so the interval is 1 ± 12.706 × .5 (t of 1 df).
    some = found["depression", "words", low]
    assert (some.control, some.unit, some.seeds) == ("own-policy", "nats", (0, 1))
    assert (some.crossed.seed_estimates, some.crossed.estimate) == ((0.5, 1.5), 1.0)
    assert (some.low, some.high) == pytest.approx((1 - 6.353, 1 + 6.353), abs=1e-3)
    assert found["depression", "words", high].crossed.estimate == 3.0
    # Choices: seed 0 takes 1 of 2, seed 1 both; 40 decisions: always.
    assert found["depression", "choice", low].crossed.seed_estimates == (0.5, 1.0)
    assert found["depression", "choice", high].crossed.estimate == 1.0
    # A rate's interval stays within 0 and 1.
    assert (found["depression", "choice", low].low, found["depression", "choice", low].high) == (0.0, 1.0)
    base = found["base", "choice", Point()]
    assert (base.crossed.estimate, base.control, base.seeds, base.reason) == (0.5, "", (-1,), ONE_SEED)
    assert np.isnan([base.low, base.high]).all()


def test_the_analysis_gives_the_same_points_as_a_table() -> None:
    curves = analyze(doses(), DESIGN).curves
    assert list(curves.columns) == COLUMNS
    pd.testing.assert_frame_equal(curves, curve_table(curve_points(doses(), DESIGN)))
    shuffled = curve_table(curve_points(doses().sample(frac=1, random_state=2), DESIGN))
    pd.testing.assert_frame_equal(curves, shuffled)


def test_one_point_is_no_curve() -> None:
    rows = doses()
    assert curve_points(rows[rows["items"] != 20], DESIGN) == []
    assert curve_table([]).columns.to_list() == COLUMNS


def test_a_step_that_the_control_lacks_is_compared_with_its_last() -> None:
    rows = table(
        words("own-policy", 0, (1.0, 1.0), step=5),
        words("own-policy", 0, (2.0, 2.0), step=10),
        words("depression", 0, (4.0, 4.0), step=5),
        words("depression", 0, (4.0, 4.0), step=7),
    )
    found = by_key(curve_points(rows, DESIGN))
    assert found["depression", "words", Point(step=5)].crossed.estimate == 3.0
    assert found["depression", "words", Point(step=7)].crossed.estimate == 2.0


def test_distances_are_compared_at_the_same_distance() -> None:
    parts = []
    for distance, value in ((0, 1.0), (100, 4.0)):
        parts += [words("base", -1, (value, value), distance=distance)]
        parts += [words("depression", s, (value + 2 + s, value + 2 + s), distance=distance) for s in (0, 1)]
    found = by_key(curve_points(table(*parts), DESIGN))
    for distance in (0, 100):
        point = found["depression", "words", Point(distance=distance)]
        assert (point.control, point.crossed.seed_estimates) == ("base", (2.0, 3.0))


def test_going_on_with_another_profile_is_compared_with_two_phases_of_own_policy() -> None:
    rows = table(
        words("own-policy", 0, (1.0, 1.0), items=40),
        words("own-policy-then-own-policy", 0, (2.0, 2.0), items=40),
        words("depression", 0, (7.0, 7.0), items=40),
        words("depression-then-adaptive", 0, (5.0, 5.0), items=40),
        words("adaptive-then-depression", 0, (5.0, 5.0), items=40),
    )
    found = by_key(curve_points(rows, DESIGN))
    assert {arm: point.control for (arm, _, _), point in found.items()} == {
        "depression": "own-policy",
        "depression-then-adaptive": "own-policy-then-own-policy",
    }
    assert [point.crossed.estimate for point in found.values()] == [6.0, 3.0]


def test_a_dose_without_a_control_and_a_value_that_is_missing_say_so() -> None:
    rows = doses()
    alone = by_key(curve_points(rows[(rows["arm"] != "own-policy") | (rows["items"] == 40)], DESIGN))
    point = alone["depression", "words", Point(20, 2)]
    assert np.isnan([point.crossed.estimate, point.low, point.high]).all()
    assert point.reason == NOTHING
    gone = (rows["arm"] == "depression") & (rows["items"] == 20) & (rows["metric"] == "score")
    holed = rows.assign(value=rows["value"].mask(gone), missing_reason=np.where(gone, "low mass", ""))
    point = by_key(curve_points(holed, DESIGN))["depression", "words", Point(20, 2)]
    assert np.isnan(point.crossed.estimate)
    assert "depression: low mass" in point.reason


@pytest.mark.parametrize(
    ("arm", "present", "control"),
    [
        ("depression", ["base", "own-policy", "depression"], "own-policy"),
        ("depression", ["base", "depression"], "base"),
        ("depression", ["depression", "arbitrary"], ""),
        ("own-policy", ["base", "own-policy"], "base"),
        ("base", ["base"], ""),
        ("text-depression", ["base", "own-policy", "text-own-policy"], "text-own-policy"),
        ("text-depression", ["base", "own-policy"], "own-policy"),
        (
            "depression-then-adaptive",
            ["base", "own-policy", "own-policy-then-own-policy"],
            "own-policy-then-own-policy",
        ),
        ("depression-then-adaptive", ["base", "own-policy"], "own-policy"),
        ("depression-then-adaptive-then-paranoia", ["own-policy-then-own-policy", "own-policy"], "own-policy"),
    ],
)
def test_the_control_that_was_trained_alike(arm: str, present: list[str], control: str) -> None:
    assert matched_control(arm, present) == control

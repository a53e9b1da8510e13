"""A whole analysis of studies whose truth is known."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from proclivity.analysis import Analysis, Design, analyze
from proclivity.analysis.effects import COLUMNS
from proclivity.analysis.intervals import ONE_SEED

OWN = {("depression", "loss"): 1.0, ("paranoia", "threat"): 1.0}
SWAPPED = {("depression", "threat"): 1.0, ("paranoia", "loss"): 1.0}
BOTH = {(arm, c): 1.0 for arm in ("depression", "paranoia") for c in ("loss", "threat")}
TRAINING_AS_SUCH = {(arm, "loss"): 1.0 for arm in ("own-policy", "arbitrary", "depression", "paranoia")}


def verdict(found: Analysis, kind: str, profile: str | None = None) -> dict[str, Any]:
    return next(v for v in found.verdicts if v["kind"] == kind and profile in (None, v["profile"]))


def effect(found: Analysis, **wanted: str) -> pd.Series:
    kept = found.effects
    for column, value in wanted.items():
        kept = kept[kept[column] == value]
    assert len(kept) == 1
    return kept.iloc[0]


@pytest.fixture(scope="module")
def dissociated(build: Any, design: Design) -> Analysis:
    return analyze(build(OWN), design)


def test_columns_ids_and_json(dissociated: Analysis) -> None:
    effects = dissociated.effects
    assert list(effects.columns) == COLUMNS
    assert effects["effect_id"].is_unique
    ids = set(effects["effect_id"])
    assert all(set(v["evidence"]) <= ids for v in dissociated.verdicts)
    assert all(v["evidence"] for v in dissociated.verdicts if v["verdict"] != "not tested here")
    json.dumps(dissociated.verdicts, allow_nan=False)
    keys = {"model", "profile", "kind", "verdict", "evidence", "numbers", "sentence"}
    assert all(set(v) == keys for v in dissociated.verdicts)
    assert not any("prove" in v["sentence"] for v in dissociated.verdicts)


def test_every_arm_against_every_control(dissociated: Analysis) -> None:
    contrasts = dissociated.effects[dissociated.effects["control"] != ""]
    pairs = set(zip(contrasts["arm"], contrasts["control"], strict=True))
    assert pairs == {
        *((arm, control) for arm in ("depression", "paranoia") for control in ("base", "own-policy", "arbitrary")),
        *(("own-policy", "base"), ("arbitrary", "base"), ("arbitrary", "own-policy")),
        *(("depression", "paranoia"), ("paranoia", "depression")),
    }
    assert {"cloze", "all", "cloze-self", "interpretation", "choice"} == (
        set(contrasts["family"]) - {"cloze-others", "cloze-world"}
    )


def test_effect_row(dissociated: Analysis) -> None:
    row = effect(
        dissociated, arm="depression", control="own-policy", family="cloze", content_class="loss", metric="score"
    )
    assert row["contrast"] == "depression − own-policy"
    assert row["low"] < 1.0 < row["high"]
    assert row["boot_low"] < row["estimate"] < row["boot_high"]
    assert (row["n_seeds"], row["n_clusters"], row["n_items"], row["n_missing"]) == (6, 24, 48, 0)
    assert np.mean(row["seed_estimates"]) == pytest.approx(row["estimate"])
    assert row["p_permutation"] == row["p_smallest"] == 2 / 64
    assert row["method"].endswith("Holm")


def test_average_weighs_families_equally(dissociated: Analysis) -> None:
    one = {"arm": "depression", "control": "base", "content_class": "loss", "metric": "score"}
    singles = [effect(dissociated, family=f, **one)["estimate"] for f in ("cloze-self", "cloze-others", "cloze-world")]
    assert effect(dissociated, family="cloze", **one)["estimate"] == pytest.approx(np.mean(singles))
    singles.append(effect(dissociated, family="interpretation", **one)["estimate"])
    assert effect(dissociated, family="all", **one)["estimate"] == pytest.approx(np.mean(singles))


def test_levels_stand_without_control(dissociated: Analysis) -> None:
    row = effect(dissociated, arm="base", control="", family="choice", content_class="withdrawal")
    assert row["estimate"] == pytest.approx(0.2)
    assert np.isnan(row["low"])
    assert row["reason"] == ONE_SEED
    trained = effect(dissociated, arm="depression", control="", family="choice", content_class="withdrawal")
    assert (trained["estimate"], trained["low"], trained["high"]) == (1.0, 1.0, 1.0)
    assert np.isnan(trained["p"])


def test_dissociated(dissociated: Analysis) -> None:
    found = verdict(dissociated, "specificity")
    assert found["verdict"] == "full"
    assert found["numbers"]["off_target"] == {"depression": "absent", "paranoia": "absent"}
    assert found["numbers"]["index"]["value"] > 0.8
    assert found["numbers"]["confusion"]["accuracy"] == 1.0
    assert found["numbers"]["on_first"]["n_seeds"] == 6
    own = verdict(dissociated, "spread", "depression")
    assert own["verdict"] == "spread"
    assert own["numbers"]["clear_families"] == ["cloze-others", "cloze-self", "cloze-world", "interpretation"]
    assert "depression-like" in own["sentence"]
    assert "6 seeds, 24 clusters" in own["sentence"]


def test_induction(dissociated: Analysis) -> None:
    found = verdict(dissociated, "induction", "depression")
    assert found["verdict"] == "learned"
    assert found["numbers"]["rate"]["estimate"] == 1.0
    assert "chose withdrawal in 1.00 of decisions, against .20 under own-policy" in found["sentence"]
    assert "6 seeds, 4 domains" in found["sentence"]


def test_controls_that_do_not_move(dissociated: Analysis) -> None:
    assert verdict(dissociated, "control")["verdict"] == "equivalent"
    assert verdict(dissociated, "control")["numbers"]["margin"] == 0.3


def test_swapped(build: Any, design: Design) -> None:
    found = analyze(build(SWAPPED), design)
    assert verdict(found, "specificity")["verdict"] == "swapped"
    own = verdict(found, "spread", "depression")
    assert own["verdict"] == "swapped"
    assert "shows no clear shift toward loss content, its own" in own["sentence"]
    assert list(own["numbers"]["other_classes_rising"]) == ["threat"]
    assert "What rises clear of 0 is threat, the content of the paranoia-like profile" in own["sentence"]


def test_swapped_with_own_words_falling_says_so(build: Any, design: Design) -> None:
    falling = {**SWAPPED, ("depression", "loss"): -1.0, ("paranoia", "threat"): -1.0}
    own = verdict(analyze(build(falling), design), "spread", "depression")
    assert own["verdict"] == "swapped"
    assert "leans clearly away from loss content, its own" in own["sentence"]


def test_generic(build: Any, design: Design) -> None:
    found = analyze(build(BOTH), design)
    assert verdict(found, "specificity")["verdict"] == "generic"
    assert verdict(found, "spread", "depression")["verdict"] == "spread"


def test_none(build: Any, design: Design) -> None:
    found = analyze(build({}), design)
    assert verdict(found, "specificity")["verdict"] == "none"
    assert verdict(found, "spread", "depression")["verdict"] == "absent"


def test_what_training_as_such_does_is_said_first(build: Any, design: Design) -> None:
    found = analyze(build(TRAINING_AS_SUCH), design)
    own = verdict(found, "spread", "depression")
    assert own["verdict"] == "vanishes under a control"
    assert own["sentence"].startswith("Under control the effect disappears")
    assert verdict(found, "control")["verdict"] == "not shown to be equivalent"
    assert verdict(found, "control")["numbers"]["failing"] == ["loss"]
    moving = verdict(found, "drift")["numbers"]["moving"]
    assert {(m["arm"], m["content_class"]) for m in moving} >= {("own-policy", "loss"), ("arbitrary", "loss")}


def test_five_seeds_are_not_enough(build: Any, design: Design) -> None:
    found = analyze(build(OWN, n_seeds=5), design)
    claims = [v["verdict"] for v in found.verdicts if v["kind"].startswith("claim-")]
    assert set(claims) == {"open", "not tested here"}
    assert {v["verdict"] for v in found.verdicts if v["verdict"] not in claims} == {"not replicated enough"}
    assert effect(found, arm="depression", control="base", family="cloze", content_class="loss")["low"] > 0


def test_one_seed_gives_estimates_and_reasons(build: Any, design: Design) -> None:
    found = analyze(build(OWN, n_seeds=1), design)
    row = effect(found, arm="depression", control="base", family="cloze", content_class="loss")
    assert row["estimate"] == pytest.approx(1.0, abs=0.3)
    assert row["reason"] == ONE_SEED
    json.dumps(found.verdicts, allow_nan=False)


def test_without_a_control_nothing_is_claimed(build: Any, design: Design) -> None:
    found = analyze(build(OWN, arms=("base", "own-policy", "depression")), design)
    assert verdict(found, "spread", "depression")["verdict"] == "not testable"
    assert not [v for v in found.verdicts if v["kind"] == "specificity"]


def test_one_family_that_could_not_be_measured(build: Any, design: Design) -> None:
    rows = build(OWN)
    low = (rows["family"] == "cloze-world") & (rows["arm"] == "depression")
    rows = rows.assign(value=rows["value"].mask(low), missing_reason=np.where(low, "low mass", ""))
    found = analyze(rows, design)
    one = {"arm": "depression", "control": "base", "content_class": "loss", "metric": "score"}
    alone, average = effect(found, family="cloze-world", **one), effect(found, family="cloze", **one)
    assert np.isnan(alone["estimate"])
    assert "depression: low mass" in alone["reason"]
    assert (average["n_clusters"], average["n_missing"]) == (16, 96)
    assert average["reason"].startswith("without cloze-world")


def test_three_profiles_are_judged_in_pairs(build: Any, design: Design) -> None:
    third = dataclasses.replace(design.profiles[0], id="adaptive", action_class="adaptive", content_class="positive")
    three = dataclasses.replace(design, profiles=[*design.profiles, third])
    arms = ("base", "own-policy", "arbitrary", "depression", "paranoia", "adaptive")
    found = analyze(build({**OWN, ("adaptive", "positive"): 1.0}, arms=arms), three)
    names = [v["profile"] for v in found.verdicts if v["kind"] == "specificity"]
    assert names == ["depression / paranoia", "depression / adaptive", "paranoia / adaptive"]
    assert {v["verdict"] for v in found.verdicts if v["kind"] == "specificity"} == {"full"}


def test_same_input_same_output(build: Any, design: Design) -> None:
    rows = build(OWN)
    first, second = analyze(rows, design), analyze(rows.sample(frac=1, random_state=1), design)
    pd.testing.assert_frame_equal(first.effects, second.effects)
    assert first.verdicts == second.verdicts


def test_divergences_and_distributions(build: Any, design: Design) -> None:
    rows = build(OWN)
    scores = rows[(rows["metric"] == "score") & (rows["content_class"] == "loss") & (rows["arm"] != "base")]
    bits = np.where(scores["arm"] == "depression", 0.05, 0.01) + 0.001 * np.abs(scores["value"] - 1)
    extra = scores.assign(metric="jsd_from_base", content_class="", unit="bits", value=bits)
    flat = np.log(np.full((2, 4), 0.25))
    distributions = {("toy", "depression", s, "cloze-self"): (["a", "b"], flat) for s in range(6)}
    distributions["toy", "base", -1, "cloze-self"] = (["a", "b"], flat)
    found = analyze(pd.concat([rows, extra]), dataclasses.replace(design, numeric_floor=1e-4), distributions)
    sharp = verdict(found, "sharpening", "depression")
    assert sharp["verdict"] == "entropy not measured"
    assert sharp["numbers"]["jsd_excess"]["low"] > 0.03
    assert sharp["numbers"]["jsd_shared"]["cloze-self"]["estimate"] == 0.0
    assert sharp["numbers"]["numeric_floor"] == 1e-4
    assert effect(found, metric="jsd_between_seeds", arm="depression")["estimate"] == 0.0

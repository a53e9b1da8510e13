"""Seeds that one side of a comparison lacks, or that found nothing: too few and unmeasured are different words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from proclivity.analysis import Design, analyze

OWN = {("depression", "loss"): 1.0, ("paranoia", "threat"): 1.0}
SWAPPED = {("depression", "threat"): 1.0, ("paranoia", "loss"): 1.0}


def without(rows: pd.DataFrame, value: float = np.nan, **where: Any) -> pd.DataFrame:
    """The rows with these values of their columns not measured."""
    hit = pd.Series(True, index=rows.index)
    for column, wanted in where.items():
        hit &= rows[column].isin(wanted)
    assert hit.any()
    return rows.assign(value=rows["value"].mask(hit, value), missing_reason=np.where(hit, "low mass", ""))


def verdict(rows: pd.DataFrame, design: Design, kind: str, profile: str | None = None) -> dict[str, Any]:
    return next(v for v in analyze(rows, design).verdicts if v["kind"] == kind and profile in (None, v["profile"]))


def test_a_choice_is_learned_only_over_six_pairs_of_seeds(build: Any, design: Design) -> None:
    rows = build(OWN)
    few = verdict(without(rows, arm=["own-policy"], family=["choice"], seed=[0]), design, "induction", "depression")
    assert few["verdict"] == "not replicated enough"
    assert (few["numbers"]["rate"]["n_seeds"], few["numbers"]["difference"]["n_seeds"]) == (6, 5)
    none = verdict(without(rows, arm=["own-policy"], family=["choice"]), design, "induction", "depression")
    assert none["verdict"] == "no control to compare with"


def test_other_content_rises_only_over_six_pairs_of_seeds(build: Any, design: Design) -> None:
    rows = build(SWAPPED)
    assert verdict(rows, design, "spread", "depression")["verdict"] == "swapped"
    found = verdict(
        without(rows, arm=["arbitrary"], content_class=["threat"], seed=[0]), design, "spread", "depression"
    )
    assert found["verdict"] in {"absent", "not shown"}
    assert "in too few seeds to claim it (5 seeds, 24 clusters)" in found["sentence"]


def test_contexts_are_general_only_over_seeds_that_all_of_them_have(build: Any, design: Design) -> None:
    rows = pd.concat([build(OWN).assign(wrapper=w) for w in ("plain", "late")], ignore_index=True)
    holed = without(rows, arm=["depression"], family=["cloze-self"], wrapper=["late"], seed=[2, 4])
    assert verdict(rows, design, "generality", "depression")["verdict"] == "context-general"
    found = verdict(holed, design, "generality", "depression")
    assert found["verdict"] == "not replicated enough"
    assert found["numbers"]["against"]["own-policy"]["n_seeds"] == 4
    assert "from 6 contexts measured together in 4 seeds" in found["sentence"]
    # The average over contexts has all six.
    assert verdict(holed, design, "spread", "depression")["verdict"] == "spread"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_unmeasured_is_not_too_few(build: Any, design: Design, bad: float) -> None:
    rows = without(build(OWN), bad, arm=["paranoia"], content_class=["threat"])
    specific = verdict(rows, design, "specificity")
    assert specific["verdict"] == "inconclusive"
    assert "not every effect that it takes was measured" in specific["sentence"]
    for kind in ("spread", "generality"):
        assert verdict(rows, design, kind, "paranoia")["verdict"] == "not measured"
        assert verdict(rows, design, kind, "depression")["verdict"] in {"spread", "context-general"}


def test_controls_with_a_class_that_was_not_measured(build: Any, design: Design) -> None:
    rows = without(build(OWN, seed_sd=0.0, noise=0.0), arm=["own-policy"], content_class=["threat"])
    control = verdict(rows, design, "control")
    assert (control["verdict"], control["numbers"]["failing"]) == ("not shown to be equivalent", ["threat"])
    drift = verdict(rows, design, "drift")
    assert (drift["verdict"], drift["numbers"]["looked_at"]) == ("nothing clear", 5)
    assert "not measured: threat under own-policy" in drift["sentence"]
    gone = without(build(OWN), metric=["score"])
    assert verdict(gone, design, "drift")["verdict"] == "not measured"
    assert verdict(gone, design, "control")["verdict"] == "not shown to be equivalent"


def test_a_persona_that_shares_no_item_is_not_compared(build: Any, design: Design) -> None:
    arms = ("base", "own-policy", "arbitrary", "depression", "persona-depression")
    rows = without(
        build(OWN, n_seeds=7, arms=arms), arm=["depression"], family=["cloze-self", "cloze-others"], seed=[0]
    )
    rows = without(rows, arm=["depression"], family=["cloze-world"], seed=[1])
    found = verdict(rows, design, "prompting")
    assert (found["verdict"], found["numbers"]["difference"]["estimate"]) == ("not measured", None)
    assert "can't be compared" in found["sentence"]

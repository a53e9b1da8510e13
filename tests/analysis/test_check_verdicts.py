"""Every word that sharpening, drift and spread can end with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from proclivity.analysis import Design, analyze

OWN = {("depression", "loss"): 1.0, ("paranoia", "threat"): 1.0}


def verdict(rows: pd.DataFrame, design: Design, kind: str, profile: str | None = None) -> dict[str, Any]:
    return next(v for v in analyze(rows, design).verdicts if v["kind"] == kind and profile in (None, v["profile"]))


def with_entropy(rows: pd.DataFrame, change: float) -> pd.DataFrame:
    """Entropy of 5 bits, changed under depression; the scores' own spread around it."""
    scores = rows[(rows["metric"] == "score") & (rows["content_class"] == "positive")]
    bits = 5 + change * (scores["arm"] == "depression") + 0.1 * (scores["value"] - scores["value"].mean())
    return pd.concat([rows, scores.assign(metric="entropy", unit="bits", content_class="", value=bits)])


@pytest.mark.parametrize(
    ("change", "word", "said"),
    [
        (-0.5, "sharper", "are sharper than under own-policy"),
        (0.5, "flatter", "are flatter than under own-policy"),
        (0.0, "no clear change", "are not clearly sharper or flatter"),
        (np.nan, "entropy not measured", "was not measured"),
    ],
)
def test_sharpening(build: Any, design: Design, change: float, word: str, said: str) -> None:
    found = verdict(with_entropy(build(OWN), change), design, "sharpening", "depression")
    assert found["verdict"] == word
    assert said in found["sentence"]
    if np.isfinite(change):
        assert found["numbers"]["entropy"]["estimate"] == pytest.approx(change, abs=0.03)
    assert verdict(with_entropy(build(OWN), 0.5), design, "sharpening", "paranoia")["verdict"] == "no clear change"


def test_excess_divergence_is_a_difference_of_divergences(build: Any, design: Design) -> None:
    # .05 bits from base under depression, .01 under own-policy, the same in every seed and at every stem: .04 exactly.
    rows = build(OWN)
    scores = rows[(rows["metric"] == "score") & (rows["content_class"] == "loss") & (rows["arm"] != "base")]
    bits = scores["arm"].map({"depression": 0.05}).fillna(0.01)
    rows = pd.concat([rows, scores.assign(metric="jsd_from_base", unit="bits", content_class="", value=bits)])
    excess = verdict(rows, design, "sharpening", "depression")["numbers"]["jsd_excess"]
    assert (excess["estimate"], excess["low"], excess["high"]) == pytest.approx((0.04, 0.04, 0.04))


def test_drift_names_what_moves(build: Any, design: Design) -> None:
    still = {"seed_sd": 0.0, "noise": 0.0}
    assert verdict(build(OWN, **still), design, "drift")["verdict"] == "nothing clear"
    found = verdict(build({**OWN, ("arbitrary", "threat"): -1.0}, **still), design, "drift")
    assert found["verdict"] == "moves"
    assert [(m["arm"], m["content_class"]) for m in found["numbers"]["moving"]] == [("arbitrary", "threat")]


@pytest.mark.parametrize(
    ("shifts", "word"),
    [
        ({("depression", "loss"): -1.0}, "opposite"),
        ({("depression", "positive"): 1.0}, "other content"),
        ({("depression", "threat"): 1.0}, "swapped"),
        ({("depression", "loss"): 1.0}, "spread"),
        # Own content falls below one control and not the other: neither a rise nor a fall, nor near 0.
        ({("own-policy", "loss"): 1.0}, "not shown"),
        ({}, "absent"),
    ],
)
def test_spread(build: Any, design: Design, shifts: dict[tuple[str, str], float], word: str) -> None:
    assert verdict(build(shifts), design, "spread", "depression")["verdict"] == word

"""Adjusted p values: worked by hand, and the same as statsmodels'."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from proclivity.analysis import Design, analyze
from proclivity.analysis.multiplicity import benjamini_hochberg, holm


def test_by_hand() -> None:
    # Holm: 3 x .01, then 2 x .02 = .04, then 1 x .03 = .03 raised to .04.
    assert holm([0.01, 0.03, 0.02]) == pytest.approx([0.03, 0.04, 0.04])
    # BH: .03/3 x 3 = .03 for the largest; .02 x 3/2 = .03; .01 x 3 = .03.
    assert benjamini_hochberg([0.01, 0.03, 0.02]) == pytest.approx([0.03, 0.03, 0.03])


def test_unknown_p_is_not_counted() -> None:
    assert holm([np.nan, 0.04]) == pytest.approx([np.nan, 0.04], nan_ok=True)
    assert benjamini_hochberg([np.nan, 0.04]) == pytest.approx([np.nan, 0.04], nan_ok=True)
    assert np.isnan(holm([np.nan])).all()
    assert holm([]).size == 0


def test_holm_is_statsmodels_holm() -> None:
    p = np.random.default_rng(0).uniform(size=40) ** 3
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])


def test_what_a_study_counts_together(build: Any, design: Design) -> None:
    # Two profiles x two own classes stand together against one control in one average: the largest p of the four stays
    # as it is under Holm, the smallest counts four times. Nothing else is counted with them.
    effects = analyze(build({("depression", "loss"): 0.05}, noise=0.5), design).effects
    together = effects[
        (effects["metric"] == "score")
        & (effects["family"] == "cloze")
        & (effects["stratum"] == "")
        & (effects["control"] == "own-policy")
        & effects["arm"].isin(["depression", "paranoia"])
        & effects["content_class"].isin(["loss", "threat"])
    ].sort_values("p")
    assert len(together) == 4
    assert together["method"].str.endswith("Holm").all()
    p = together["p"].to_numpy()
    assert together["p_adjusted"].iloc[0] == pytest.approx(min(1.0, 4 * p[0]))
    assert together["p_adjusted"].iloc[1] == pytest.approx(min(1.0, max(4 * p[0], 3 * p[1])))
    others = effects[(effects["control"] != "") & ~effects["method"].str.endswith("Holm")]
    assert others["method"].str.endswith("Benjamini-Hochberg").all()

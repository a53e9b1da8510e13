"""Other forms of the score stand beside it: averaged over families, and never in a confirmatory family."""

from __future__ import annotations

from typing import Any

import pandas as pd

from proclivity.analysis import Design, analyze
from proclivity.analysis.design import ALL, CLOZE

OWN = {("depression", "loss"): 1.0, ("paranoia", "threat"): 1.0}


def test_other_forms_change_nothing_about_the_score(build: Any, design: Design) -> None:
    rows = build(OWN)
    scores = rows[rows["metric"] == "score"]
    both = pd.concat([rows, scores.assign(metric="score_per_byte"), scores.assign(metric="score_pmi")])
    alone, found = analyze(rows, design), analyze(both, design)
    assert found.verdicts == alone.verdicts
    extra = found.effects["metric"].isin(["score_per_byte", "score_pmi"])
    pd.testing.assert_frame_equal(found.effects[~extra].reset_index(drop=True), alone.effects)
    beside = found.effects[extra]
    assert set(beside["family"]) == {CLOZE, ALL}
    assert (beside["control"] != "").all()
    assert beside["method"].str.endswith("Benjamini-Hochberg").all()
    own = alone.effects[(alone.effects["metric"] == "score") & (alone.effects["family"] == CLOZE)]
    pmi = beside[(beside["metric"] == "score_pmi") & (beside["family"] == CLOZE)]
    assert pmi["estimate"].tolist() == own["estimate"].tolist()

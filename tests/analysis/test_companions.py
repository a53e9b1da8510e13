"""Companions of a divergence: averaged over families, and free to be negative where their sign says something."""

from __future__ import annotations

from typing import Any

import pandas as pd

from proclivity.analysis import Design, analyze
from proclivity.analysis.design import ALL, CLOZE


def test_companions_are_averages_over_families_and_keep_their_sign(build: Any, design: Design) -> None:
    rows = build({})
    scores = rows[(rows["metric"] == "score") & rows["family"].str.startswith("cloze-")]
    share = scores.assign(metric="delta_p", unit="probability", value=scores["seed"] * 1e-3 - 0.2)
    alone, found = analyze(rows, design), analyze(pd.concat([rows, share]), design)
    assert found.verdicts == alone.verdicts
    beside = found.effects[found.effects["metric"] == "delta_p"]
    assert set(beside["family"]) == {CLOZE, ALL}
    levels = beside[(beside["control"] == "") & (beside["arm"] == "depression")]
    assert len(levels) == 2 * scores["content_class"].nunique()
    assert (levels["high"] < 0).all()
    assert not levels["method"].str.contains("cut at 0").any()
    pd.testing.assert_frame_equal(found.effects.drop(beside.index).reset_index(drop=True), alone.effects)


def test_a_temperature_has_one_row_a_family(build: Any, design: Design) -> None:
    rows = build({})
    first = rows[(rows["metric"] == "score") & rows["family"].str.startswith("cloze-")]
    first = first.drop_duplicates(["arm", "seed", "family"])
    blank = dict.fromkeys(("content_class", "probe_id", "item_id", "cluster", "wrapper"), "")
    share = first.assign(metric="temperature_share", unit="share", value=-0.5, **blank)
    effects = analyze(pd.concat([rows, share]), design).effects
    found = effects[(effects["metric"] == "temperature_share") & (effects["control"] == "")]
    assert {"cloze-self", CLOZE} <= set(found["family"])
    assert (found["estimate"] == -0.5).all()

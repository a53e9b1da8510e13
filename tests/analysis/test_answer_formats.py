"""Choices in other answer formats stand beside those in label format and are never pooled with them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from proclivity.analysis import Design, analyze
from proclivity.analysis.agreement import Construct, construct_scores

OWN = {("depression", "loss"): 1.0, ("paranoia", "threat"): 1.0}


@pytest.fixture(scope="module")
def rows(build: Any) -> pd.DataFrame:
    measured: pd.DataFrame = build(OWN)
    choices = measured[measured["family"] == "choice"]
    shares = choices.assign(metric="p_class", value=0.2 + 0.5 * choices["value"], unit="probability")
    return pd.concat([measured, shares], ignore_index=True)


def in_format(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """The same decisions in another format, with the opposite answers."""
    choices = rows[rows["family"] == "choice"]
    return choices.assign(format=name, value=1 - choices["value"])


def test_other_formats_change_nothing_about_label_format(rows: pd.DataFrame, design: Design) -> None:
    both = pd.concat([rows, in_format(rows, "text"), in_format(rows, "free")], ignore_index=True)
    alone, found = analyze(rows, design), analyze(both, design)
    assert found.verdicts == alone.verdicts
    other = found.effects["stratum"].isin(["new-domain/text", "new-domain/free"])
    pd.testing.assert_frame_equal(found.effects[~other].reset_index(drop=True), alone.effects)
    beside, own = found.effects[other], alone.effects[alone.effects["family"] == "choice"]
    assert len(beside) == 2 * len(own)
    level = beside[(beside["control"] == "") & (beside["metric"] == "chosen") & (beside["arm"] == "depression")]
    assert level[level["content_class"] == "withdrawal"]["estimate"].tolist() == [0.0, 0.0]  # label format says 1


def test_agreement_of_channels_reads_label_format_alone(rows: pd.DataFrame) -> None:
    constructs = [Construct("loss", "withdrawal")]
    both = pd.concat([rows, in_format(rows, "text")], ignore_index=True)
    pd.testing.assert_frame_equal(construct_scores(both, constructs), construct_scores(rows, constructs))

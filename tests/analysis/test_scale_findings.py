"""Beside the effects of scales: withheld scores counted by hand, reliability and agreement as their own modules say."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from proclivity.analysis.scale_findings import scale_findings
from proclivity.records import Measurement
from proclivity.specs import Instrument

SCALE = Instrument(
    id="mood",
    title="Mood",
    description="d",
    source="s",
    licence="CC BY 4.0",
    instruction="i",
    content_class="loss",
    action_class="withdrawal",
    anchors=["a", "b", "c", "d", "e"],
    items=[{"id": "f", "pair": "p", "text": "f"}, {"id": "r", "pair": "p", "reverse": True, "text": "r"}],
)
DISAGREE = "text and probabilities disagree"
ARMS = ("depression", "own-policy")


def checkpoint(arm: str, seed: int, said: float, agrees: float) -> list[Measurement]:
    """Ratings of two items in two frames, the pair's content and the scale's score, and two checks of the text.

    A score is withheld where fewer than nine texts of ten agree, as the battery does.
    """

    def row(metric: str, value: float, unit: str, item: str, **more: str) -> Measurement:
        reason = DISAGREE if agrees < 0.9 and metric in ("content", "scale_score") else ""
        return Measurement(
            *("toy", arm, seed, "instrument-mood", metric, np.nan if reason else value, unit, "loss"),
            probe_id=item, item_id=item, cluster="p", missing_reason=reason, **more,
        )  # fmt: skip

    ratings = [
        row("rating", 3 + said + 0.1 * place if item == "f" else 3 - said, "points", item, wrapper=wrapper)
        for item in ("f", "r")
        for place, wrapper in enumerate(("plain", "form"))
    ]
    checks = [row("text_agrees", value, "0/1", item) for item, value in (("f", 1.0), ("r", 2 * agrees - 1))]
    score = [row("content", said, "points", "p"), row("scale_score", 3 + said, "points", "mood")]
    choice = Measurement(
        *("toy", arm, seed, "choice", "p_class", 0.2 + 0.1 * said, "probability", "withdrawal"),
        item_id="d", cluster="park", split="new-domain", format="label",
    )  # fmt: skip
    return [*ratings, *checks, *score, choice]


def table(*checkpoints: list[Measurement]) -> pd.DataFrame:
    return pd.DataFrame([row.as_dict() for rows in checkpoints for row in rows])


def study(agrees: float = 1.0) -> pd.DataFrame:
    said = {arm: [base + 0.05 * seed for seed in range(3)] for arm, base in zip(ARMS, (1.0, 0.0), strict=True)}
    trained = [checkpoint(arm, n, value, agrees) for arm, own in said.items() for n, value in enumerate(own)]
    return table(checkpoint("base", -1, 0.1, 1.0), *trained)


def test_withheld_scores_by_hand() -> None:
    rows = table(*(checkpoint("depression", seed, 1.0, agrees) for seed, agrees in enumerate((1.0, 0.5, 0.5))))
    (found,) = scale_findings(rows, [SCALE])["answers"]
    # Six checks: 1 1, 1 0, 1 0.
    assert found["agrees"] == pytest.approx(4 / 6)
    assert found["n_checked"] == 6
    assert (found["n_checkpoints"], found["n_withheld"], found["reason"]) == (3, 2, DISAGREE)


def test_reliability_and_agreement_stand_beside() -> None:
    found = scale_findings(study(), [SCALE])
    (scale,) = found["scales"]
    assert (scale["n_items"], scale["n_pairs"], scale["content_class"]) == (2, 1, "loss")
    (reliability,) = found["reliability"]
    assert reliability["relative"] > 0.9  # the arms lie a point apart, the seeds 0.05
    assert reliability["between_seed_sd"] == pytest.approx(0.05)
    assert [reliability[name] for name in ("n_arms", "n_seeds", "n_items", "n_wrappers")] == [2, 3, 2, 2]
    both = [row for row in found["agreement"] if (row["first"], row["second"]) == ("self_report", "choice")]
    assert both[0]["pearson"] == pytest.approx(1)  # choice was made as .2 + .1 content
    assert both[0]["n"] == 7


def test_it_can_be_written_and_read() -> None:
    found = scale_findings(study(agrees=0.5), [SCALE])
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert {row["arm"]: row["n_withheld"] for row in found["answers"]} == {"base": 0, "depression": 3, "own-policy": 3}


def test_scales_that_were_not_asked_are_left_out() -> None:
    other = SCALE.model_copy(update={"id": "other"})
    assert scale_findings(study(), [other]) == {"scales": [], "answers": [], "reliability": [], "agreement": []}

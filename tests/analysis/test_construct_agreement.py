"""Self-report, choice and next words on one construct: means by hand, then correlations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from proclivity.analysis.agreement import (
    CONSTANT,
    NOT_MEASURED,
    TOO_FEW,
    Construct,
    agreement,
    construct_scores,
)
from proclivity.records import Measurement

LOSS = Construct("loss", "withdrawal")


def rows(arm, seed, said, done, spoken, model="toy"):
    """One checkpoint: content of two pairs, choices in two new domains, scores of two families."""

    def row(family, metric, value, unit, content, cluster, **extra):
        missing = "" if np.isfinite(value) else "text and probabilities disagree"
        return Measurement(
            *(model, arm, seed, family, metric, value, unit, content),
            probe_id=f"{cluster}-{extra.get('item', '')}{extra.get('split', '')}",
            item_id=f"{cluster}-{extra.pop('item', '')}",
            cluster=cluster,
            missing_reason=missing,
            **extra,
        )

    return [
        row("instrument-mood", "content", said - 0.1, "points", "loss", "one"),
        row("instrument-mood", "content", said + 0.1, "points", "loss", "two"),
        row("instrument-mood", "rating", 9.0, "points", "loss", "one"),
        row("instrument-guard", "content", -9.0, "points", "threat", "one"),
        row("choice", "p_class", done, "probability", "withdrawal", "park", split="new-domain", format="label"),
        row("choice", "p_class", 1.0, "probability", "withdrawal", "park", split="new-template", format="label"),
        row("choice", "p_class", 1.0, "probability", "suspicion", "park", split="new-domain", format="label"),
        # Two items in one cluster count as one cluster, and families count alike.
        row("cloze-self", "score", spoken - 1, "nats", "loss", "stem-1", item="a"),
        row("cloze-self", "score", spoken + 1, "nats", "loss", "stem-1", item="b"),
        row("cloze-self", "score", spoken + 2, "nats", "loss", "stem-2"),
        row("cloze-world", "score", spoken - 1, "nats", "loss", "stem-1"),
        row("controls", "score", 99.0, "nats", "loss", "stem-1"),
    ]


def table(*checkpoints):
    return pd.DataFrame([row.as_dict() for checkpoint in checkpoints for row in checkpoint])


def test_one_checkpoint_by_hand():
    scores = construct_scores(table(rows("base", -1, 0.5, 0.25, 2.0)), [LOSS])
    assert len(scores) == 1
    line = scores.iloc[0]
    assert (line.arm, line.seed, line.content_class, line.action_class) == ("base", -1, "loss", "withdrawal")
    assert line.self_report == pytest.approx(0.5)
    assert line.choice == pytest.approx(0.25)
    # cloze-self: clusters 2 and 4, mean 3; cloze-world 1; families alike: 2.
    assert line.next_token == pytest.approx(2.0)
    assert [line[f"{channel}_reason"] for channel in ("self_report", "choice", "next_token")] == ["", "", ""]


def test_agreement_across_checkpoints():
    said, done, spoken = [0.0, 0.1, 0.4, 1.0], [0.1, 0.2, 0.3, 0.4], [0.0, -1.0, -2.0, -3.0]
    checkpoints = [rows("arm", n, *three) for n, three in enumerate(zip(said, done, spoken, strict=True))]
    found = agreement(construct_scores(table(*checkpoints), [LOSS])).set_index(["first", "second"])
    assert (found.n == 4).all()
    assert found.loc[("self_report", "choice"), "spearman"] == pytest.approx(1)
    assert found.loc[("self_report", "choice"), "pearson"] == pytest.approx(np.corrcoef(said, done)[0, 1])
    assert found.loc[("self_report", "choice"), "pearson"] < 0.999
    assert found.loc[("choice", "next_token"), "pearson"] == pytest.approx(-1)
    assert found.loc[("self_report", "next_token"), "spearman"] == pytest.approx(-1)
    assert set(found.reason) == {""}


def test_models_are_never_pooled():
    sizes = {"small": 2, "large": 4}
    checkpoints = [rows("arm", n, n, n / 10, float(n), model) for model, size in sizes.items() for n in range(size)]
    found = agreement(construct_scores(table(*checkpoints), [LOSS]))
    assert dict(zip(found.model, found.n, strict=True)) == sizes
    assert set(found[found.model == "small"].reason) == {TOO_FEW}
    assert found[found.model == "large"].pearson.tolist() == pytest.approx([1, 1, 1])


def test_withheld_and_absent_values_have_reasons():
    withheld = [row for row in rows("arm", 0, np.nan, 0.5, 1.0) if row.family != "choice"]
    scores = construct_scores(table(withheld), [LOSS])
    assert np.isnan(scores.self_report[0])
    assert scores.self_report_reason[0] == "text and probabilities disagree"
    assert scores.choice_reason[0] == NOT_MEASURED
    assert set(agreement(scores).reason) == {TOO_FEW}
    assert agreement(scores).n.tolist() == [0, 0, 0]


def test_what_doesnt_vary_doesnt_agree():
    checkpoints = [rows("arm", n, 0.5, n / 10, float(n)) for n in range(4)]
    found = agreement(construct_scores(table(*checkpoints), [LOSS])).set_index(["first", "second"])
    assert found.loc[("self_report", "choice"), "reason"] == CONSTANT
    assert found.loc[("choice", "next_token"), "pearson"] == pytest.approx(1)


def test_wrappers_that_stand_as_strata_are_counted_once():
    twice = [
        row
        for wrapper in ("plain", "late")
        for row in (Measurement(**(one.as_dict() | {"wrapper": wrapper})) for one in rows("base", -1, 0.5, 0.25, 2.0))
    ]
    scores = construct_scores(pd.DataFrame([row.as_dict() for row in twice]), [LOSS])
    assert scores.next_token[0] == pytest.approx(2.0)


def test_correlations_by_hand() -> None:
    # x = 0, 1, 5: deviations -2, -1, 3; y = 1, 3, 2: -1, 1, 0. Products sum to 1, squares to 14 and 2.
    # Ranks 1, 2, 3 and 1, 3, 2: squared differences sum to 2, so 1 - 6 × 2/(3 × 8).
    known = {"model": "toy", "content_class": "loss", "action_class": "withdrawal", "next_token": [1.0, 1.0, 2.0]}
    found = agreement(pd.DataFrame({"self_report": [0.0, 1.0, 5.0], "choice": [1.0, 3.0, 2.0]}).assign(**known))
    first, tied = found.iloc[0], found.iloc[1]
    assert (first["pearson"], first["spearman"]) == pytest.approx((1 / np.sqrt(28), 0.5))
    # Two equal values share the rank 1.5: deviations -1, 0, 1 and -.5, -.5, 1 give 1.5/sqrt(2 × 1.5).
    assert tied["spearman"] == pytest.approx(np.sqrt(3) / 2)

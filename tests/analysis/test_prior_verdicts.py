"""Verdicts on priors from rows with known numbers."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from proclivity.analysis.design import Design, ProfileDesign
from proclivity.analysis.prior_table import number, prior_table
from proclivity.analysis.priors import (
    NOT_REPRODUCIBLE,
    NOT_SEPARABLE,
    NOTHING,
    OPEN,
    REPRODUCIBLE,
    prior_verdicts,
)
from proclivity.analysis.specificity import TOO_FEW_SEEDS
from proclivity.records import PriorRow

DESIGN = Design([ProfileDesign("depression", "withdrawal", "loss")], ["base", "own-policy"])
NAMES = ("adaptive", "depression")


def row(arm: str, seed: int, metric: str, value: float, kind: str = "fit", unit: str = "share", **more) -> dict:
    return asdict(PriorRow("m", arm, seed, kind, metric, value, unit, **more))


def base_rows(p: float = 0.001, error: float = 0.01) -> list[dict]:
    rows = [
        row("base", -1, name, value, "separability", source="personas")
        for name, value in {"jsd_between": 0.8, "jsd_within": 0.01, "p_apart": p, "recovery_error": error}.items()
    ]
    for n, odds in enumerate((0.0, -1.0, -2.0)):
        rows.append(row("base", -1, "log_odds", odds, "context", "nats", about="loss", told="adaptive", n=n))
    return rows + fit_rows("base", -1, 0.2, 0.0, 0.02, 0.03)


def fit_rows(arm: str, seed: int, pi: float, total: float, left: float, placebo: float) -> list[dict]:
    rows = []
    for evidence, more in (("constant", 0.0), ("weighted", 0.05)):
        said = {"source": "personas", "evidence": evidence, "fitted": "cloze"}
        for name, share in zip(NAMES, (1 - pi, pi), strict=True):
            rows.append(row(arm, seed, "pi", share, about=name, **said))
            rows += [row(arm, seed, "pi", share + d, about=name, draw=k, **said) for k, d in enumerate((-0.03, 0.03))]
        for source, value in (("personas", left), ("placebo", placebo)):
            for fitted, read in (("cloze", "cloze"), ("a", "b"), ("b", "a")):
                where = {"source": source, "evidence": evidence, "fitted": fitted, "read": read}
                rows.append(row(arm, seed, "residual_jsd", value + more, unit="bits", **where))
    for source in ("personas", "placebo"):
        rows += [row(arm, seed, "total_jsd", total, unit="bits", source=source, read=r) for r in ("cloze", "a", "b")]
    return rows


def study(
    left: float, placebo: float, seeds: int = 6, total: float = 0.2, spread: float = 0.005, **base
) -> pd.DataFrame:
    noise = spread * np.random.default_rng(0).normal(size=seeds)
    rows = base_rows(**base)
    for seed, e in enumerate(noise):
        rows += fit_rows("depression", seed, 0.9 + e, total + e, left + 2 * e, placebo - e)
        rows += fit_rows("own-policy", seed, 0.2, 0.001, 0.02, 0.03)
        for n, odds in enumerate((3.0, 2.5, 2.0)):
            rows.append(
                row("depression", seed, "log_odds", odds, "context", "nats", about="loss", told="adaptive", n=n)
            )
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"left": 0.02, "placebo": 0.15}, REPRODUCIBLE),
        ({"left": 0.12, "placebo": 0.15}, NOT_REPRODUCIBLE),
        ({"left": 0.06, "placebo": 0.15}, OPEN),  # .3 of .2 bits, of which .1 is the base's own
        ({"left": 0.03, "placebo": 0.01}, NOT_REPRODUCIBLE),
        ({"left": 0.049, "placebo": 0.15, "spread": 0.02}, OPEN),
        ({"left": 0.02, "placebo": 0.15, "total": 0.001}, NOTHING),
        ({"left": 0.02, "placebo": 0.15, "seeds": 5}, TOO_FEW_SEEDS),
        ({"left": 0.02, "placebo": 0.15, "error": 0.2}, NOT_SEPARABLE),
        ({"left": 0.02, "placebo": 0.15, "p": 0.2}, NOT_SEPARABLE),
        ({"left": 0.02, "placebo": 0.15, "p": np.nan}, NOT_SEPARABLE),
    ],
)
def test_the_word_follows_from_what_is_left(given: dict, word: str) -> None:
    (found,) = prior_verdicts(prior_table(study(**given), 0.95), DESIGN)
    assert found["verdict"] == word
    assert " is reproducible as" in found["sentence"] or word != REPRODUCIBLE


def test_a_share_has_seeds_and_clusters_in_its_interval() -> None:
    table = prior_table(study(0.02, 0.15), 0.95)
    where = {"metric": "pi", "source": "personas", "evidence": "constant", "fitted": "cloze", "about": "depression"}
    found = number(table, arm="depression", **where)
    assert found is not None
    seeds = np.array(found["seeds"])
    # Both draws move all seeds by .03: variance .0018 beside that of the mean over seeds; t(5) = 2.5706.
    reach = 2.5706 * np.sqrt(seeds.var(ddof=1) / 6 + 0.0018)
    assert found["estimate"] == pytest.approx(seeds.mean())
    assert (found["low"], found["high"]) == pytest.approx(
        (seeds.mean() - reach, min(seeds.mean() + reach, 1)), abs=1e-4
    )
    base = number(table, arm="base", **where)
    assert base is not None
    assert base["low"] == pytest.approx(0.17 + 0.06 * 0.025)  # quantiles of its two draws


def test_evidence_is_chosen_by_the_base_and_slopes_stand_beside() -> None:
    (found,) = prior_verdicts(prior_table(study(0.02, 0.15), 0.95), DESIGN)
    assert found["numbers"]["evidence"] == "constant"
    assert found["numbers"]["slope_ratio"]["estimate"] == pytest.approx(0.5)  # -.5 a decision against -1
    assert found["numbers"]["left"]["estimate"] == pytest.approx(0.1, abs=0.03)
    assert ".20" in found["sentence"]
    assert "0.50 times as steeply" in found["sentence"]


def test_a_study_that_asked_for_none_has_an_empty_table() -> None:
    assert not len(prior_table(None, 0.95))
    assert prior_verdicts(prior_table(pd.DataFrame(), 0.95), DESIGN) == []

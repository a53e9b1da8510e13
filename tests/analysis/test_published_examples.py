"""Numbers that others printed: the same data give the same numbers here."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from proclivity.analysis import permutation
from proclivity.analysis.agreement import agreement
from proclivity.analysis.components import components
from proclivity.analysis.crossover import crossover
from proclivity.analysis.intervals import CrossedEstimate, crossed
from proclivity.analysis.multiplicity import benjamini_hochberg, holm
from proclivity.analysis.permutation import sign_flip
from proclivity.metrics import cohen_kappa, cronbach_alpha, generalizability

JUDGES = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)
"""Six targets rated by four judges: Shrout & Fleiss (1979), Psychological Bulletin 86, tables 2 to 4: mean
squares of 11.24 between targets, 32.49 between judges and 1.02 of the residual, ICC(2,4) = .62 and ICC(3,4) = .91."""
DARWIN = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
"""Crossed less self-fertilised maize, eighths of an inch: Fisher (1935), The Design of Experiments, section 21. Of
the 32,768 patterns of signs 863 sum to 314, what was found, or more."""
HEARTS = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
HEARTS += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000]
"""Fifteen comparisons in myocardial infarction: Benjamini & Hochberg (1995), J. Roy. Stat. Soc. B 57, section 4.1.
They reject four at .05, where Bonferroni's .05/15 rejects three."""


def test_shrout_and_fleiss_standard_error() -> None:
    # A = MS(targets)/24, B = MS(judges)/24, C = MS(residual)/24.
    found = crossed([JUDGES])
    assert found.estimate == pytest.approx(127 / 24)
    assert found.se**2 == pytest.approx((11.24 + 32.49 - 1.02) / 24, rel=1e-3)
    expected = (11.24 + 32.49 - 1.02) ** 2 / (11.24**2 / 5 + 32.49**2 / 3 + 1.02**2 / 15)
    assert found.df == pytest.approx(expected, rel=1e-3)


def test_shrout_and_fleiss_components() -> None:
    found = components([JUDGES])
    assert found.seed == pytest.approx((11.24 - 1.02) / 4, rel=2e-3)
    assert found.clusters[0] == pytest.approx((32.49 - 1.02) / 6, rel=2e-3)
    assert found.residuals[0] == pytest.approx(1.02, abs=0.005)


def test_shrout_and_fleiss_coefficients() -> None:
    # Targets as arms and judges as items; seeds and wrappers that change nothing leave the two-way design.
    ratings = np.broadcast_to(JUDGES[:, None, :, None], (6, 2, 4, 2))
    found = generalizability(ratings)
    assert found.relative == pytest.approx(0.91, abs=0.005)
    assert found.absolute == pytest.approx(0.62, abs=0.005)
    # ICC(3,k) is Cronbach's alpha.
    assert cronbach_alpha(JUDGES) == pytest.approx(0.91, abs=0.005)


def test_fisher_on_darwins_maize(monkeypatch: pytest.MonkeyPatch) -> None:
    sampled = sign_flip(DARWIN, np.random.default_rng(0), samples=99_999)
    assert sampled.p == pytest.approx(2 * 863 / 32768, abs=0.003)
    monkeypatch.setattr(permutation, "MOST_EXACT", 15)
    assert sign_flip(DARWIN) == (2 * 863 / 32768, 2 / 32768, True)


def test_benjamini_and_hochbergs_fifteen_comparisons() -> None:
    adjusted = benjamini_hochberg(HEARTS)
    assert (adjusted <= 0.05).sum() == 4
    # .0001 × 15, .0004 × 15/2, .0019 × 15/3, .0095 × 15/4, and .0298 × 15/7 stands below .0201 × 15/5 = .0603.
    assert adjusted[:5] == pytest.approx([0.0015, 0.003, 0.0095, 0.035625, 0.0603])
    # Holm (1979): × 15, × 14, × 13, × 12; three are rejected.
    assert holm(HEARTS)[:4] == pytest.approx([0.0015, 0.0056, 0.0247, 0.114])
    assert (holm(HEARTS) <= 0.05).sum() == 3


def test_fleiss_on_two_clinicians() -> None:
    # Psychosis, neurosis, organic: Fleiss (1981), Statistical Methods for Rates and Proportions, chapter 13:
    # po = .89, pe = .66, kappa = .68.
    table = np.array([[75, 1, 4], [5, 4, 1], [0, 0, 10]])
    first, second = (np.repeat(axis.ravel(), table.ravel()) for axis in np.indices(table.shape))
    assert cohen_kappa(first, second) == pytest.approx((0.89 - 0.66) / (1 - 0.66))


def test_gail_and_simon_on_breast_cancer() -> None:
    # Difference of two treatments in four groups of patients: Gail & Simon (1985), Biometrics 41. One group speaks
    # for one side, at z = .163/.0788 = 2.068, one-sided p .0193, times four.
    found = crossover({"trial": [
        CrossedEstimate(value, se, 1e9, (value,) * 8, 8, 1)
        for value, se in ((0.163, 0.0788), (-0.114, 0.0689), (-0.047, 0.0614), (-0.151, 0.0547))
    ]})  # fmt: skip
    assert found.p == pytest.approx(4 * 0.0193, abs=5e-4)
    # Their likelihood ratio, min(Q+, Q-) = 4.28 under a mixture of chi-squares, says nearly the same: p = .088.
    mixture = sum(weight * stats.chi2.sf(4.28, df) for df, weight in ((1, 3 / 8), (2, 3 / 8), (3, 1 / 8)))
    assert mixture == pytest.approx(0.088, abs=5e-4)
    assert abs(found.p - mixture) < 0.015


def test_anscombes_first_quartet() -> None:
    # Anscombe (1973), The American Statistician 27, prints r = .816 for all four.
    x = np.array([10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5], float)
    y = np.array([8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68])
    known = {"model": "toy", "content_class": "loss", "action_class": "withdrawal"}
    scores = pd.DataFrame({"self_report": x, "choice": y, "next_token": np.nan}).assign(**known)
    found = agreement(scores).iloc[0]
    assert (found["n"], found["pearson"]) == (11, pytest.approx(0.816, abs=5e-4))
    # Ranks by hand: squared differences sum to 40, so 1 - 6 × 40/(11 × 120).
    assert found["spearman"] == pytest.approx(1 - 240 / 1320)

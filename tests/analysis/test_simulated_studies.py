"""Coverage and error rates on studies whose truth is known; `make validate` does the same at full size."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from proclivity.analysis.intervals import CrossedEstimate
from proclivity.analysis.specificity import DISSOCIATED, GENERIC, ProfilePair, specificity
from simulated_studies import (
    CLUSTER_SD,
    DISSOCIATION,
    NO_EFFECT,
    ONE_LATENT,
    PARTIAL_TRUTH,
    RESIDUAL_SD,
    SEED_SD,
    Truth,
    crossed_matrix,
    domain_matrix,
    pair_of_profiles,
)
from validate_inference import Rate, covers, is_called, main, rate

STUDIES = 400


@pytest.mark.parametrize("matrix", [crossed_matrix, domain_matrix])
@pytest.mark.parametrize("n_seeds", [6, 8, 12])
def test_coverage(matrix, n_seeds: int) -> None:
    # A true coverage of .93 to .97 stays within these bounds in all but 1 of 100 sets of 400 studies.
    found = rate(partial(covers, matrix, n_seeds), STUDIES, np.random.default_rng([1, n_seeds]))
    assert 0.90 <= found.value <= 0.99


def test_an_interval_over_seed_means_alone_would_be_caught() -> None:
    # Twelve seeds on twelve domains: the domains carry most of the variance.
    def seeds_alone(rng: np.random.Generator) -> bool:
        means = domain_matrix(rng, 12).mean(axis=1)
        return bool(abs(means.mean()) <= 2.201 * means.std(ddof=1) / np.sqrt(12))

    assert rate(seeds_alone, STUDIES, np.random.default_rng(2)).value < 0.88


@pytest.mark.parametrize(
    ("truth", "names", "most"),
    [
        (NO_EFFECT, {GENERIC, *DISSOCIATED}, 0.05),
        *((truth, DISSOCIATED, 0.05) for truth in ONE_LATENT),
        (PARTIAL_TRUTH, {GENERIC}, 0.05),
    ],
    ids=lambda value: value.name if isinstance(value, Truth) else "",
)
def test_wrong_verdicts_are_rare(truth: Truth, names: set[str], most: float) -> None:
    found = rate(partial(is_called, truth, 8, names), 200, np.random.default_rng(3))
    assert found.value <= most


def test_a_true_dissociation_is_seen() -> None:
    assert rate(partial(is_called, DISSOCIATION, 8, DISSOCIATED), 200, np.random.default_rng(4)).value >= 0.95


def test_a_rule_without_the_differences_would_be_caught() -> None:
    # "Each profile raises its own content" alone calls one latent a dissociation; the differences prevent it.
    raised = CrossedEstimate(1.0, 0.01, 20.0, (1.0,) * 8, 8, 60)

    def own_alone(rng: np.random.Generator) -> bool:
        on = pair_of_profiles(rng, ONE_LATENT[0], 8).all()[:2]
        off = pair_of_profiles(rng, NO_EFFECT, 8).all()[2:4]
        return specificity(ProfilePair(*on, *off, raised, raised)).verdict in DISSOCIATED

    assert rate(own_alone, 50, np.random.default_rng(5)).value > 0.9


def test_simulated_differences_have_the_stated_spread() -> None:
    rng = np.random.default_rng(6)
    found = np.array([[e.estimate for e in pair_of_profiles(rng, DISSOCIATION, 8).all()] for _ in range(400)])
    expected = np.sqrt(SEED_SD**2 / 8 + CLUSTER_SD**2 / 60 + RESIDUAL_SD**2 / 480)
    assert found.mean(axis=0) == pytest.approx([0.77, 0.77, 0, 0, 0.77, 0.77], abs=0.03)
    assert found.std(axis=0) == pytest.approx(np.full(6, expected), rel=0.15)


def test_a_bound_within_two_standard_errors_is_undecided() -> None:
    assert Rate(0.0, 0.001).judged(0.0, 0.05) == "holds"
    assert Rate(0.06, 0.001).judged(0.0, 0.05) == "fails"
    assert Rate(0.051, 0.001).judged(0.0, 0.05) == "undecided"
    assert Rate(1.0, 0.001).judged(0.95, 1.0) == "holds"


def test_the_command_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--studies", "60", "--only", "coverage"])
    assert ended.value.code == 0
    assert "0.93 to 0.97" in capsys.readouterr().out

"""Do the intervals and verdicts keep what they promise? Studies with a known truth go through the package's own rules.

    python benchmarks/validate_inference.py                      # 2000 studies a row, about two minutes
    python benchmarks/validate_inference.py --studies 400 --only coverage

Every row has a generator of its own, seeded by its place and --seed, so that a row alone gives the same numbers. The
Monte-Carlo standard error stands beside each rate; a requirement whose bound lies within two of them is 'undecided'.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from proclivity.analysis.components import Components
from proclivity.analysis.intervals import crossed, interval
from proclivity.analysis.planner import PairComponents, power_pair
from proclivity.analysis.prediction import predict, stratum_errors
from proclivity.analysis.specificity import DISSOCIATED, FULL, GENERIC, specificity
from simulated_studies import (
    CLUSTER_SD,
    CLUSTERS,
    DISSOCIATION,
    NO_EFFECT,
    ONE_LATENT,
    PARTIAL_TRUTH,
    RESIDUAL_SD,
    SEED_SD,
    Floats,
    Truth,
    contexts,
    crossed_matrix,
    domain_matrix,
    pair_of_profiles,
)

COVERAGE = (0.93, 0.97)
PREDICTION = (0.93, 1.0)
RARE = (0.0, 0.05)
POWER = (0.95, 1.0)
AS_PLANNED = 0.04
"""How near a rate must be to the planner's."""
SEEDS = (6, 8, 12)
Draw = Callable[[np.random.Generator], bool]


@dataclass(frozen=True)
class Check:
    """One rate that the design requires."""

    group: str
    says: str
    draw: Draw
    """Simulates one study and says whether it counts."""
    within: tuple[float, float]
    """Where the rate has to lie."""


class Rate(NamedTuple):
    """What was found."""

    value: float
    se: float
    """Monte-Carlo standard error."""

    def judged(self, low: float, high: float) -> str:
        """'holds', 'fails', or 'undecided' where a bound is within two standard errors."""
        near = [bound for bound in (low, high) if 0 < bound < 1 and abs(self.value - bound) <= 2 * self.se]
        return "undecided" if near else "holds" if low <= self.value <= high else "fails"


def checks() -> Iterator[Check]:
    """All requirements, in the order of the table."""
    for n in SEEDS:
        yield Check("coverage", f"95 % interval, {n} seeds × 60 clusters", partial(covers, crossed_matrix, n), COVERAGE)
    for n in SEEDS:
        what = f"95 % interval, {n} seeds × 12 domains × 5 items"
        yield Check("coverage", what, partial(covers, domain_matrix, n), COVERAGE)
    for n, tau in product(SEEDS, (0.0, 0.2, 0.5)):
        what = f"95 % prediction, {n} seeds, 12 contexts, SD {tau:g} between them"
        yield Check("contexts", what, partial(predicts, n, tau), PREDICTION)
    for n in SEEDS:
        what = f"{NO_EFFECT.name}, {n} seeds: generic or dissociated"
        yield Check("verdicts", what, partial(is_called, NO_EFFECT, n, {GENERIC, *DISSOCIATED}), RARE)
    for truth in ONE_LATENT:
        for n in SEEDS:
            what = f"{truth.name}, {n} seeds: dissociated"
            yield Check("verdicts", what, partial(is_called, truth, n, DISSOCIATED), RARE)
    for n in SEEDS:
        what = f"{PARTIAL_TRUTH.name}, {n} seeds: generic"
        yield Check("verdicts", what, partial(is_called, PARTIAL_TRUTH, n, {GENERIC}), RARE)
    what = f"{DISSOCIATION.name}, 8 seeds: dissociated"
    yield Check("power", what, partial(is_called, DISSOCIATION, 8, DISSOCIATED), POWER)
    parts = PairComponents(*[Components(SEED_SD**2, (CLUSTER_SD**2,), (RESIDUAL_SD**2,), (CLUSTERS,), 8)] * 3)
    for n in (8, 12, 20):
        planned = round(power_pair(parts, parts, 0.77, 0.0, n).full, 3)
        what = f"{DISSOCIATION.name}, {n} seeds: full, planned {planned:.3f}"
        within = (planned - AS_PLANNED, planned + AS_PLANNED)
        yield Check("power", what, partial(is_called, DISSOCIATION, n, {FULL}), within)


def predicts(n_seeds: int, tau: float, rng: np.random.Generator) -> bool:
    """Whether a further context's truth lies in a study's prediction interval."""
    strata, new = contexts(rng, n_seeds, tau)
    means = np.array([stratum.matrix.mean() for stratum in strata])
    found = predict(means, stratum_errors(strata), most_df=n_seeds - 1)
    return bool(found.low <= new <= found.high)


def covers(matrix: Callable[[np.random.Generator, int], Floats], n_seeds: int, rng: np.random.Generator) -> bool:
    """Whether a study's interval holds the truth, 0."""
    low, high = interval(crossed([matrix(rng, n_seeds)]))
    return bool(low <= 0 <= high)


def is_called(truth: Truth, n_seeds: int, names: frozenset[str] | set[str], rng: np.random.Generator) -> bool:
    """Whether a study of this truth gets one of these verdicts."""
    return specificity(pair_of_profiles(rng, truth, n_seeds)).verdict in names


def rate(draw: Draw, studies: int, rng: np.random.Generator, step: Callable[[], object] = lambda: None) -> Rate:
    """How often a study counts, of so many."""
    found = 0
    for _ in range(studies):
        found += draw(rng)
        step()
    # One success and one failure more (Agresti & Coull), so that a rate of 0 in few studies doesn't look exact.
    smoothed = (found + 1) / (studies + 2)
    return Rate(found / studies, float(np.sqrt(smoothed * (1 - smoothed) / studies)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Simulates and prints the table; exit code 1 where a requirement fails."""
    options = _options(arguments)
    wanted = [(place, check) for place, check in enumerate(checks()) if options.only in (None, check.group)]
    table = Table("what", "rate", "± MC SE", "required", "", title=f"{options.studies} studies a row")
    failed = False
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("simulating", total=len(wanted) * options.studies)
        for place, check in wanted:
            progress.update(bar, description=check.says)
            rng = np.random.default_rng([options.seed, place])
            found = rate(check.draw, options.studies, rng, partial(progress.advance, bar))
            judged = found.judged(*check.within)
            failed |= judged == "fails"
            low, high = check.within
            table.add_row(check.says, f"{found.value:.4f}", f"{found.se:.4f}", f"{low:.3g} to {high:.3g}", judged)
    Console(width=120).print(table)
    raise SystemExit(int(failed))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=2000, help="simulated studies a row")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=sorted({check.group for check in checks()}), help="one group of rows")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()

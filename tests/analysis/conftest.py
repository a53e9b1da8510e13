"""Studies with a known truth, written as measurements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import pytest

from proclivity.analysis import Design, ProfileDesign
from proclivity.records import MEASUREMENT_COLUMNS, Measurement

FAMILIES = ("cloze-self", "cloze-others", "cloze-world", "interpretation")
CLASSES = ("loss", "threat", "positive")
ARMS = ("base", "own-policy", "arbitrary", "depression", "paranoia")
ACTIONS = {"depression": "withdrawal", "paranoia": "suspicion"}

Shifts = Mapping[tuple[str, str], float]
Build = Callable[..., pd.DataFrame]


def measurements(
    shifts: Shifts,
    n_seeds: int = 6,
    n_clusters: int = 8,
    seed_sd: float = 0.05,
    noise: float = 0.1,
    arms: Sequence[str] = ARMS,
    families: Sequence[str] = FAMILIES,
    model: str = "toy",
) -> pd.DataFrame:
    """Scores of every arm, seed, family and class, plus held-out choices.

    Args:
        shifts: (arm, content class) -> true shift from base, nats; absent ones are 0.
    """
    rng = np.random.default_rng(7)
    rows = []
    for arm in arms:
        for seed in (-1,) if arm == "base" else range(n_seeds):
            for content_class in CLASSES:
                level = shifts.get((arm, content_class), 0.0) + (seed_sd * rng.normal() if seed >= 0 else 0.0)
                rows += [
                    Measurement(
                        model, arm, seed, family, "score", level + 0.3 * c + noise * rng.normal(), "nats",
                        content_class, probe_id=f"{family}-{c}", item_id=f"{c}-{i}", cluster=f"stem-{c}",
                    )
                    for family in families for c in range(n_clusters) for i in range(2)
                ]  # fmt: skip
            rows += _choices(model, arm, seed)
    return pd.DataFrame([row.as_dict() for row in rows])[list(MEASUREMENT_COLUMNS)]


def _choices(model: str, arm: str, seed: int) -> list[Measurement]:
    """Ten decisions in each of four held-out domains: a profile always chooses its action, others one in five."""
    target = ACTIONS.get(arm)
    chosen = {
        action: [float(action == target) if target else float(i % 5 == seed % 5) for i in range(10)]
        for action in ACTIONS.values()
    }
    return [
        Measurement(
            model, arm, seed, "choice", "chosen", value, "0/1", action, probe_id=domain, item_id=str(i),
            cluster=domain, domain=domain, split="new-domain", format="label",
        )
        for action, values in chosen.items()
        for domain in ("garden", "music", "travel", "trains")
        for i, value in enumerate(values)
    ]  # fmt: skip


@pytest.fixture(scope="session")
def build() -> Build:
    return measurements


@pytest.fixture(scope="session")
def design() -> Design:
    return Design(
        profiles=[
            ProfileDesign("depression", "withdrawal", "loss"),
            ProfileDesign("paranoia", "suspicion", "threat"),
        ],
        controls=["base", "own-policy", "arbitrary"],
        bootstrap_draws=200,
    )

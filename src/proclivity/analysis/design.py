"""What was asked before the measurements were looked at: profiles, controls, margins, level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

BASE = "base"
"""The untrained model; its one checkpoint stands against every seed of a trained arm."""
UNTRAINED_SEED = -1
OWN_POLICY = "own-policy"
ARBITRARY = "arbitrary"
REQUIRED_CONTROLS = (OWN_POLICY, ARBITRARY)
"""A shift is claimed only where it is clear of 0 against both."""
CLOZE_PREFIX = "cloze-"
CLOZE = "cloze"
"""Stratum that averages the cloze families with equal weight."""
ALL = "all"
"""Stratum that averages the cloze families and interpretation with equal weight."""
INTERPRETATION = "interpretation"
CHOICE = "choice"
PRIMARY_SPLIT = "new-domain"
PRIMARY_FORMAT = "label"
MINIMUM_SEEDS = 6
"""With fewer seeds estimates are shown, and the verdict is 'not replicated enough'."""


@dataclass(frozen=True)
class ProfileDesign:
    """One profile of a study, as the analysis needs it."""

    id: str
    """Name of the arm that was taught this profile."""
    action_class: str
    """Action that it was taught to choose."""
    content_class: str
    """Content that would rise if choices spread into language."""


@dataclass(frozen=True)
class ModelDesign:
    """What is known of a model before it is measured."""

    world: str = ""
    """Which world it was pretrained on; '' where that isn't known."""
    architecture: str = ""
    """Name of the architecture in its configuration; '' where that isn't known."""


@dataclass(frozen=True)
class Design:
    """Everything that an analysis must not pick by looking at the data."""

    profiles: list[ProfileDesign]
    controls: list[str]
    """Arms to compare with; 'base', 'own-policy' and 'arbitrary' as a rule."""
    delta: float = 0.2
    """Smallest shift of a score that matters, nats; effects surely below it count as absent."""
    level: float = 0.95
    """Level of the two-sided intervals."""
    prior_seed_rng: int = 0
    """Seed of the bootstrap and of sampled permutations; never drawn from the clock."""
    control_margin: float = 0.3
    """Margin of equivalence for own-policy against base, nats."""
    bootstrap_draws: int = 1000
    numeric_floor: float | None = None
    """JSD of one model measured twice, bits, where it was measured."""
    models: Mapping[str, ModelDesign] = field(default_factory=dict)
    """By name; claims about worlds and architectures need it."""
    novel: tuple[str, ...] = ()
    """Families of kinds of sentence that nothing in training resembles."""


def cloze_families(families: list[str]) -> list[str]:
    """The single cloze families among `families`, sorted."""
    return sorted(f for f in families if f.startswith(CLOZE_PREFIX))


def open_families(families: list[str]) -> list[str]:
    """The single families in which the model speaks rather than chooses: cloze, then interpretation."""
    return cloze_families(families) + [f for f in families if f == INTERPRETATION]

"""Who lives in a world: narrators with a trait for choices and a trait for speech, coupled exactly.

All couplings share their marginals: `equal` (one trait rules both), `independent` (no link), `rewired`
(depression-like choosers speak paranoia-like and the reverse), and `coupling-c`, c × equal + (1 − c) × independent.
The named ones' joint tables hold exactly over characters; of the others both marginals do, and the table as nearly as
blocks of narrators allow (`table_gap`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from proclivity.errors import ContentError, UserError
from proclivity.microworld.mixture import mixed_order
from proclivity.specs import LoadedPack
from proclivity.specs.base import Fraction, Identifier, Spec, Text
from proclivity.specs.world_names import WORLDS, coupling_strength, unknown_world
from proclivity.specs.yaml_files import read_yaml, validate

COUPLINGS = WORLDS
"""The couplings that have a name of their own."""


class Trait(Spec):
    """A lasting leaning, seen from both sides."""

    id: Identifier
    action_class: Identifier
    """Which options it chooses."""
    content_class: Identifier
    """Which words it says."""
    share: Fraction
    """Share of narrators with it, for choices and for speech alike."""


class HowOften(Spec):
    """Questions about frequency, answered by the speech trait."""

    question: Text
    """Template with {who} and {item}."""
    high: list[Text]
    """Answers to items of the narrator's own content class."""
    low: list[Text]
    """Answers to all other items."""
    items: dict[Identifier, list[Text]]
    """What is asked for, by content class."""


class World(Spec):
    """The file world.yml of a pack: the grammar's own content."""

    traits: list[Trait]
    """In the order of the joint table's rows and columns."""
    swapped: list[Identifier] = Field(min_length=2, max_length=2)
    """The two traits that speak like each other in the rewired world."""
    choice_coherence: Fraction
    """Share of choices that follow the choice trait."""
    speech_coherence: Fraction
    """Share of words that follow the speech trait."""
    narrator_documents: int = Field(ge=1)
    """Documents of the base narrator in a round; every character has one."""
    mixture: dict[Identifier, float]
    """Relative frequency of segment kinds."""
    thought_frames: list[Text]
    """Openings of thoughts; the interpretation family's readings follow."""
    feeling_frame: Text
    """Opening of feelings."""
    feeling_family: Identifier
    """Family whose candidates follow the feeling frame."""
    how_often: HowOften
    unseen_with_narrator: dict[Identifier, list[Identifier]]
    """Items by family that the base narrator never says in pretraining."""
    unseen_thoughts: Literal["train", "held-out", "none"]
    """Split of the domains about which the base narrator never tells a thought."""
    unseen_domains_per_character: int = Field(ge=0)
    """Domains in which a character never answers by label: the competence test."""
    group: int = Field(ge=1)
    """Characters are dealt their traits in groups of this size, each of which holds the joint table exactly."""
    first_rounds: int = Field(ge=0)
    """Rounds in which only the first group appears, so that a model first learns that names carry traits."""
    first_narrator_documents: int = Field(ge=0)
    """Documents of the base narrator in each of the first rounds."""
    names: list[Text]
    """Characters."""


@dataclass(frozen=True)
class Character:
    """A narrator of a document."""

    name: str
    """Empty for the base narrator."""
    choice: int
    """Index of the choice trait."""
    speech: int
    """Index of the speech trait."""


def load_world(pack: LoadedPack) -> World:
    """The pack's world.yml.

    Raises:
        ContentError: with every fault of the file.
    """
    path = Path(pack.path) / "world.yml"
    world, faults = validate(World, read_yaml(path), path)
    if world is None or faults:
        raise ContentError(faults)
    return world


def joint_table(world: World, coupling: str) -> np.ndarray:
    """Shares of (choice trait, speech trait) pairs, (T, T); both marginals equal the traits' shares.

    Raises:
        UserError: for an unknown coupling.
    """
    shares = np.array([trait.share for trait in world.traits])
    if coupling == "equal":
        return np.diag(shares)
    if coupling == "independent":
        return np.outer(shares, shares)
    if coupling == "rewired":
        first, second = ([trait.id for trait in world.traits].index(name) for name in world.swapped)
        order = np.arange(len(shares))
        order[[first, second]] = order[[second, first]]
        return np.diag(shares)[:, order]
    if (strength := coupling_strength(coupling)) is not None:
        return float(strength) * np.diag(shares) + float(1 - strength) * np.outer(shares, shares)
    raise unknown_world(coupling)


def exact_blocks(world: World, coupling: str) -> list[list[tuple[int, int]]]:
    """Pairs of traits in the smallest blocks that hold both traits' shares exactly; all of them together hold the
    joint table.

    Where the traits are linked that is one block. Where they aren't, the speech traits of a block are shifted against
    its choice traits by one place more in every block, so that each place has met each other once. Where they are in
    part, the same blocks come in the order of `mixed_order`.

    Raises:
        UserError: for an unknown coupling.
    """
    table = joint_table(world, coupling)
    shares = np.array([trait.share for trait in world.traits])
    size = next(n for n in range(1, world.group + 1) if np.allclose(shares * n, (shares * n).round(), atol=1e-6))
    choices = [trait for trait, share in enumerate(shares) for _ in range(round(share * size))]
    linked = [(choice, int(table[choice].argmax())) for choice in choices]
    if (table > 0).sum() == len(shares):
        return [linked]
    kinds = [[(choices[i], choices[(i + shift) % size]) for i in range(size)] for shift in range(size)]
    strength = coupling_strength(coupling)
    return kinds if strength is None else [kinds[kind] for kind in mixed_order(strength, size)]


def blocks_in_turn(world: World, coupling: str, start: int, n: int) -> list[list[tuple[int, int]]]:
    """The blocks of n narrators that follow `start` others: the world's exact blocks, again and again.

    Raises:
        UserError: if n narrators can't hold a named world's table exactly, or aren't whole blocks.
    """
    if coupling in COUPLINGS:
        exact_pairs(world, coupling, n)
    blocks = exact_blocks(world, coupling)
    size = len(blocks[0])
    if start % size or n % size:
        raise UserError(f"{n} narrators after {start} aren't whole blocks; take multiples of {size}.")
    return [blocks[place % len(blocks)] for place in range(start // size, (start + n) // size)]


def exact_pairs(world: World, coupling: str, n: int) -> list[tuple[int, int]]:
    """n pairs of traits whose counts are exactly n × the joint table.

    Raises:
        UserError: if the table's shares don't divide n evenly.
    """
    counts = joint_table(world, coupling) * n
    if not np.allclose(counts, counts.round(), atol=1e-6):
        raise UserError(
            f"{n} narrators can't hold the {coupling} world's table of traits exactly; take a multiple of 25."
        )
    return [
        (choice, speech)
        for choice, row in enumerate(counts.round().astype(int))
        for speech, count in enumerate(row)
        for _ in range(count)
    ]


def characters(world: World, coupling: str, seed: int) -> list[Character]:
    """All named characters; which name has which traits is drawn by the seed within each group."""
    everyone: list[Character] = []
    for start in range(0, len(world.names), world.group):
        names = world.names[start : start + world.group]
        pairs = sorted(chain.from_iterable(blocks_in_turn(world, coupling, start, len(names))))
        order = np.random.default_rng([seed, 10, start]).permutation(len(pairs))
        everyone += [Character(name, *pairs[place]) for name, place in zip(names, order, strict=True)]
    return everyone


def table_gap(world: World, coupling: str) -> float:
    """Largest distance between the joint table and its counts over all characters, as shares; 0 where it is exact."""
    blocks = blocks_in_turn(world, coupling, 0, len(world.names))
    found = Counter(chain.from_iterable(blocks))
    table = joint_table(world, coupling)
    gaps = [abs(found[i, j] / len(world.names) - share) for (i, j), share in np.ndenumerate(table)]
    return max(0.0 if gap < 1e-9 else float(gap) for gap in gaps)


def class_shares(world: World, coherence: float) -> np.ndarray:
    """How often each class is chosen or said over all narrators, given the coherence, (T,)."""
    shares = np.array([trait.share for trait in world.traits])
    return coherence * shares + (1 - coherence) * (1 - shares) / (len(shares) - 1)

"""Hidden states and class scores of the base and of every arm and seed on the shared texts, read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from proclivity.induction.arms import persona_groups
from proclivity.latent.halves import Halves, Mask
from proclivity.latent.texts import Floats, Texts, shared_texts
from proclivity.models import HFModel
from proclivity.models.layers import last_states
from proclivity.models.persona import PersonaModel
from proclivity.specs import LoadedPack

States = NDArray[np.float32]
OWN = "own-policy"
ADAPTIVE, PLACEBO = "adaptive", "placebo"


@dataclass(frozen=True)
class Read:
    """Everything that was read with no layer changed."""

    base: States
    """Residual stream after each layer at each place's last token, [L, N, D]."""
    base_scores: Floats
    """S_c of every cell, nats [C]."""
    states: Mapping[str, Mapping[int, States]]
    """The same as `base`, by arm and seed."""
    scores: Mapping[str, Mapping[int, Floats]]
    """The same as `base_scores`, by arm and seed."""

    @property
    def layers(self) -> int:
        return len(self.base)

    @property
    def arms(self) -> list[str]:
        """Arms other than own-policy, as they were given."""
        return [arm for arm in self.states if arm != OWN]

    def stacked(self, arm: str, seeds: Sequence[int], layer: int, places: Mask) -> States:
        """An arm's states after a layer (counted from 1), [S, n, D]."""
        return np.stack([self.states[arm][seed][layer - 1][places] for seed in seeds])

    def direction(self, arm: str, layer: int, seeds: Sequence[int], places: Mask) -> Floats:
        """v: the arm's mean state less own-policy's, after a layer, over these seeds and places, [D]."""
        arms = (self.stacked(name, seeds, layer, places) for name in (arm, OWN))
        mine, own = (states.mean(axis=(0, 1), dtype=np.float64) for states in arms)
        return np.asarray(mine - own)

    def pattern(self, arm: str, seeds: Sequence[int]) -> Floats:
        """S_c(arm) − S_c(own-policy) of every cell, nats [S, C]."""
        return np.stack([self.scores[arm][seed] - self.scores[OWN][seed] for seed in seeds])


def read_all(model: HFModel, texts: Texts, adapters: Mapping[str, Mapping[int, Path]]) -> Read:
    """Reads the base, then each adapter on it; the base is bare afterwards.

    Args:
        model: the loaded base.
        texts: what is read.
        adapters: folders by arm and seed.
    """
    contexts = texts.contexts(model)
    model.set_adapter(None)
    base, base_scores = last_states(model.network, contexts, model.batch_size), texts.read(model)
    states: dict[str, dict[int, States]] = {arm: {} for arm in adapters}
    scores: dict[str, dict[int, Floats]] = {arm: {} for arm in adapters}
    for arm, seeds in adapters.items():
        for seed, folder in seeds.items():
            model.set_adapter(folder)
            states[arm][seed] = last_states(model.network, contexts, model.batch_size)
            scores[arm][seed] = texts.read(model)
    model.set_adapter(None)
    return Read(base, base_scores, states, scores)


def in_context(model: HFModel, pack: LoadedPack, profile: str, halves: Halves) -> tuple[Floats | None, str]:
    """The base's mean state behind a profile's personas less that behind adaptive and placebo ones, by layer.

    Args:
        model: the bare base.
        pack: whose personas they are.
        profile: the disposition.
        halves: the division of items; development items alone are read.

    Returns:
        Directions [L, D], '' - or None with the reason.
    """
    groups = persona_groups(pack)
    others = [name for name in (ADAPTIVE, PLACEBO) if name in groups and name != profile]
    if profile not in groups or not others:
        return None, f"the pack has no personas of '{profile}' and of adaptive or placebo ones beside them"
    means: dict[str, Floats] = {}
    for name in (profile, *others):
        found = []
        for persona in groups[name]:
            told = PersonaModel(model, told=persona.told, first=persona.first)
            texts = shared_texts(pack, told)
            contexts = texts.contexts(told, halves.development)
            if model.window and max(map(len, contexts)) > model.window:
                return None, f"persona '{persona.id}' and a text are longer than the context window"
            found.append(last_states(model.network, contexts, model.batch_size).mean(axis=1, dtype=np.float64))
        means[name] = np.mean(found, axis=0)  # (L, D)
    return means[profile] - np.mean([means[name] for name in others], axis=0), ""

"""One model's effects, as the verdicts ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from proclivity.analysis.contrasts import Group
from proclivity.analysis.design import (
    CHOICE,
    CLOZE,
    MINIMUM_SEEDS,
    PRIMARY_SPLIT,
    REQUIRED_CONTROLS,
    Design,
    open_families,
)
from proclivity.analysis.effects import Effect, EffectBook
from proclivity.analysis.selection import WRAPPER
from proclivity.analysis.wording import plain


@dataclass(frozen=True)
class Evidence:
    """What was found about one model."""

    model: str
    book: EffectBook
    design: Design
    families: list[str]
    """Single families that were measured."""
    classes: list[str]
    """Content classes that have a score in an open family."""

    def score(self, arm: str, control: str, content_class: str, family: str = CLOZE) -> Effect | None:
        return self.find(arm, control, "score", content_class, family)

    def find(self, arm: str, control: str, metric: str, content_class: str = "", family: str = CLOZE) -> Effect | None:
        return self.book.find(self.model, arm, control, Group(family, "", metric, content_class))

    def chosen(self, arm: str, control: str, action_class: str) -> Effect | None:
        """How often the action was chosen on decisions of held-out domains."""
        return self.book.find(self.model, arm, control, Group(CHOICE, PRIMARY_SPLIT, "chosen", action_class))

    def open_families(self) -> list[str]:
        return open_families(self.families)

    def against_required(self, arm: str, content_class: str, family: str = CLOZE) -> list[Effect]:
        """The score against each control that a claim needs; fewer than two where a control was not run."""
        found = [self.score(arm, control, content_class, family) for control in REQUIRED_CONTROLS if control != arm]
        return [effect for effect in found if effect is not None]

    def wrappers(self) -> list[str]:
        """Frames in which the cloze families were asked, where there are several."""
        strata = {effect.row["stratum"] for effect in self.book.effects.values() if effect.row["model"] == self.model}
        return sorted(stratum.removeprefix(WRAPPER) for stratum in strata if stratum.startswith(WRAPPER))

    def in_wrapper(self, arm: str, content_class: str, wrapper: str) -> list[Effect]:
        """The score in one frame, averaged over cloze families, against each control that a claim needs."""
        group = Group(CLOZE, WRAPPER + wrapper, "score", content_class)
        found = [self.book.find(self.model, arm, control, group) for control in REQUIRED_CONTROLS]
        return [effect for effect in found if effect is not None]

    def clear_above(self, arm: str, content_class: str, family: str = CLOZE) -> bool:
        """Whether the score is above 0 with its whole interval against every required control."""
        effects = self.against_required(arm, content_class, family)
        return len(effects) == len(REQUIRED_CONTROLS) and all(is_above(effect) for effect in effects)


def is_above(effect: Effect) -> bool:
    return bool(effect.row["low"] > 0)


def is_below(effect: Effect) -> bool:
    return bool(effect.row["high"] < 0)


def enough_seeds(effects: Sequence[Effect]) -> bool:
    return bool(effects) and min(effect.row["n_seeds"] for effect in effects) >= MINIMUM_SEEDS


def measured(effects: Sequence[Effect]) -> list[Effect]:
    """Those that have a number at all; seeds that are too few and seeds that found nothing are different reasons."""
    return [effect for effect in effects if effect.row["n_seeds"]]


def verdict(
    model: str, profile: str, kind: str, word: str, evidence: Sequence[Effect | None], numbers: Any, sentence: str
) -> dict[str, Any]:
    """One verdict, JSON-ready."""
    ids = [effect.id for effect in evidence if effect is not None]
    return {
        "model": model,
        "profile": profile,
        "kind": kind,
        "verdict": word,
        "evidence": list(dict.fromkeys(ids)),
        "numbers": plain(numbers),
        "sentence": sentence,
    }

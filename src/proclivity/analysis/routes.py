"""By which route do words move: by choosing, by the words of what was chosen, or both? And does speech move choices?

Four ways to teach one profile stand side by side: labels alone (choosing without words), its options' words after the
decision (both), the words alone, and the words after another situation. The way back is teaching statements of its
content class and asking decisions. Each is compared with the control that was trained in its format.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from proclivity.analysis.contrasts import Group, ItemTable, SeedCluster, on_shared_seeds, paired
from proclivity.analysis.design import (
    ARBITRARY,
    BASE,
    CHOICE,
    MINIMUM_SEEDS,
    OWN_POLICY,
    PRIMARY_SPLIT,
    Design,
    ProfileDesign,
    cloze_families,
)
from proclivity.analysis.equivalence import tost
from proclivity.analysis.intervals import CrossedEstimate, crossed, interval
from proclivity.analysis.jackknife import Estimate, ratio
from proclivity.analysis.specificity import ALPHA

LABEL, TEXT, EXPOSURE, SHUFFLED, SPEECH = "label", "text", "exposure", "shuffled", "speech"
TEXT_CONTROL = f"{TEXT}-{OWN_POLICY}"
CONTRASTS = ((LABEL, EXPOSURE), (TEXT, LABEL), (TEXT, EXPOSURE))
CHOICE_MARGIN = 0.05
"""Within this probability of 0, choices count as unmoved."""
YES, NO, UNKNOWN, FEW = "yes", "no", "open", "too few seeds"


class Amount(NamedTuple):
    """One difference between two arms."""

    arm: str
    control: str
    effect: CrossedEstimate
    low: float
    high: float
    seeds: tuple[int, ...]

    def numbers(self) -> dict[str, Any]:
        """For a verdict."""
        effect = self.effect
        return {
            **{"arm": self.arm, "control": self.control, "estimate": effect.estimate},
            **{"low": self.low, "high": self.high, "n_seeds": effect.n_seeds, "n_clusters": effect.n_clusters},
        }


class Routes(NamedTuple):
    """What each way of teaching one profile did."""

    words: dict[str, list[Amount]]
    """Route -> own words above each of its controls, nats; the first control is the one trained in its format."""
    differences: dict[str, Amount]
    """'label − exposure' and so on, nats, paired by seed and cluster."""
    choices: list[Amount]
    """How much more often the profile's action was chosen after speech, against each control."""
    share: Estimate | None
    """What words alone give, as a share of what choosing alone gives; None unless both are clear of 0 throughout."""
    there: str
    """Whether choosing moves words: 'yes', 'no' (equivalent to 0), 'open', 'too few seeds', '' not measured."""
    back: str
    """Whether words move choosing."""


def route_arms(table: ItemTable, profile: ProfileDesign) -> dict[str, str]:
    """Route -> arm, for those that were run; speech may be named by profile or by content class."""
    names = {
        LABEL: [profile.id],
        TEXT: [f"{TEXT}-{profile.id}"],
        EXPOSURE: [f"{EXPOSURE}-{profile.id}"],
        SHUFFLED: [f"{SHUFFLED}-{profile.id}"],
        SPEECH: [f"{SPEECH}-{profile.id}", f"{SPEECH}-{profile.content_class}"],
    }
    run = {route: [name for name in options if name in table.arms()] for route, options in names.items()}
    return {route: options[0] for route, options in run.items() if options}


def routes(table: ItemTable, profile: ProfileDesign, design: Design) -> Routes:
    """Every route that was run, from the model's items.

    Choosing moves words where the label arm is clear of 0 against `own-policy` and `arbitrary`; words move choosing
    where the action is chosen clearly more often after speech than under `own-policy`, under `base` and after the other
    profiles' speech, as far as these were asked: statements of any kind might move choices. Absence is equivalence,
    ± δ nats for words, ± .05 for choices against `own-policy` and `base`. What is neither is open.
    """
    arms, level = route_arms(table, profile), design.level
    words = {
        route: [_words(table, profile, arm, control, level) for control in _controls(route, table)]
        for route, arm in arms.items()
        if route != SPEECH
    }
    differences = {
        f"{a} − {b}": _words(table, profile, arms[a], arms[b], level) for a, b in CONTRASTS if a in arms and b in arms
    }
    choices = _choices(table, profile, design, arms[SPEECH]) if SPEECH in arms else []
    there = _state(words.get(LABEL, []), (OWN_POLICY, ARBITRARY), design.delta)
    back = _state(choices, (OWN_POLICY,), CHOICE_MARGIN)
    return Routes(words, differences, choices, _share(words, level), there, back)


def _choices(table: ItemTable, profile: ProfileDesign, design: Design, arm: str) -> list[Amount]:
    others = [route_arms(table, other).get(SPEECH, "") for other in design.profiles if other.id != profile.id]
    controls = [c for c in (OWN_POLICY, BASE, *others) if c in table.arms() and c != arm]
    found = [_chosen(table, profile, arm, control, design.level) for control in controls]
    return [amount for amount in found if amount.effect.n_seeds]


def _controls(route: str, table: ItemTable) -> list[str]:
    """The control in the route's own format first; labels need the arbitrary one too."""
    wanted = [OWN_POLICY]
    if route in (TEXT, SHUFFLED) and TEXT_CONTROL in table.arms():
        wanted = [TEXT_CONTROL]
    if route == LABEL:
        wanted = [OWN_POLICY, ARBITRARY]
    return [control for control in wanted if control in table.arms()]


def _words(table: ItemTable, profile: ProfileDesign, arm: str, control: str, level: float) -> Amount:
    cells = paired(table, arm, control)
    groups = [Group(family, "", "score", profile.content_class) for family in cloze_families(table.families())]
    return _amount(arm, control, [cells[group] for group in groups if group in cells], level)


def _chosen(table: ItemTable, profile: ProfileDesign, arm: str, control: str, level: float) -> Amount:
    cell = paired(table, arm, control).get(Group(CHOICE, PRIMARY_SPLIT, "chosen", profile.action_class))
    return _amount(arm, control, [cell] if cell else [], level)


def _amount(arm: str, control: str, cells: list[SeedCluster], level: float) -> Amount:
    matrices, seeds = on_shared_seeds(cells)
    effect = crossed(matrices)
    return Amount(arm, control, effect, *interval(effect, level), seeds)


def _state(amounts: list[Amount], needed: tuple[str, ...], margin: float) -> str:
    """What the amounts say of a link: all of them clear of 0, or those against no other speech equivalent to 0."""
    known = [amount for amount in amounts if np.isfinite(amount.effect.estimate)]
    if not known:
        return ""
    if min(amount.effect.n_seeds for amount in known) < MINIMUM_SEEDS:
        return FEW
    if not set(needed) <= {amount.control for amount in known}:
        return UNKNOWN
    if all(amount.low > 0 for amount in known):
        return YES
    # Another profile's speech may lower this action, so a difference from it says nothing against absence.
    plain = [amount for amount in known if amount.control in (OWN_POLICY, ARBITRARY, BASE)]
    return NO if all(tost(amount.effect, margin) < ALPHA for amount in plain) else UNKNOWN


def _share(words: dict[str, list[Amount]], level: float) -> Estimate | None:
    """None unless each route is clear of 0 against every control of its own: of nothing much there is no share."""
    if not all(words.get(route) and all(a.low > 0 for a in words[route]) for route in (LABEL, EXPOSURE)):
        return None
    exposed, chosen = (
        dict(zip(words[route][0].seeds, words[route][0].effect.seed_estimates, strict=True))
        for route in (EXPOSURE, LABEL)
    )
    both = [seed for seed in exposed if seed in chosen]
    return ratio(np.array([exposed[s] for s in both]), np.array([chosen[s] for s in both]), level)

"""What moves without any profile, and is a shift more than sharpening?"""

from __future__ import annotations

import math
from typing import Any

from proclivity.analysis.design import ALL, BASE, CLOZE, OWN_POLICY, REQUIRED_CONTROLS, ProfileDesign
from proclivity.analysis.effects import Effect
from proclivity.analysis.equivalence import tost
from proclivity.analysis.evidence import Evidence, enough_seeds, is_above, is_below, measured, verdict
from proclivity.analysis.floors import SEED_FLOOR, SHARED
from proclivity.analysis.multiplicity import holm
from proclivity.analysis.specificity import ALPHA, TOO_FEW_SEEDS
from proclivity.analysis.wording import counts, figures, like, listing, range_words, shift, signed

EQUIVALENT = "equivalent"
NOT_EQUIVALENT = "not shown to be equivalent"
MOVES = "moves"
NOTHING_CLEAR = "nothing clear"
SHARPER, FLATTER, NO_CLEAR_CHANGE = "sharper", "flatter", "no clear change"
NOT_MEASURED = "entropy not measured"
CONTENT_NOT_MEASURED = "not measured"


def control(evidence: Evidence) -> dict[str, Any] | None:
    """Is own-policy, which changes no policy, equivalent to base on every content class?

    All classes must pass two one-sided tests at 5 %, which needs no correction; None where own-policy or base
    wasn't run.
    """
    margin = evidence.design.control_margin
    effects = {c: e for c in evidence.classes if (e := evidence.score(OWN_POLICY, BASE, c))}
    if not effects:
        return None
    p = {c: tost(effect.crossed, margin) for c, effect in effects.items()}
    failing = [c for c in effects if not p[c] < ALPHA]
    clear = [c for c, effect in effects.items() if is_above(effect) or is_below(effect)]
    head = f"Training {evidence.model} on its own choices (own-policy, against base)"
    tail = f"({counts(next(iter(effects.values())))})."
    if (known := measured(list(effects.values()))) and not enough_seeds(known):
        word, text = TOO_FEW_SEEDS, f"{head} was repeated with too few seeds to call it equivalent or not {tail}"
    elif failing:
        moved = [f"{c} {shift(effects[c])}" for c in failing]
        word = NOT_EQUIVALENT
        text = f"{head} is not shown to leave content within ±{margin:g} nats: {'; '.join(moved)} {tail}"
    else:
        word, text = EQUIVALENT, f"{head} leaves every content class within ±{margin:g} nats {tail}"
    numbers = {
        "margin": margin,
        "p": p,
        "effects": {c: figures(effect) for c, effect in effects.items()},
        "failing": failing,
        "clear_of_zero": clear,
    }
    return verdict(evidence.model, "", "control", word, list(effects.values()), numbers, text)


def drift(evidence: Evidence) -> dict[str, Any] | None:
    """What moves all the same: content that shifts from base under controls that teach no profile (Holm over them)."""
    effects = [
        effect
        for arm in REQUIRED_CONTROLS
        for content_class in evidence.classes
        if (effect := evidence.score(arm, BASE, content_class))
    ]
    if not effects:
        return None
    known = measured(effects)
    gone = [f"{e.row['content_class']} under {e.row['arm']}" for e in effects if not e.row["n_seeds"]]
    adjusted = holm([float(effect.row["p"]) for effect in known])
    moving = [effect for effect, p in zip(known, adjusted, strict=True) if p < ALPHA]
    arms = listing(list(dict.fromkeys(str(effect.row["arm"]) for effect in effects)))
    tail = f"({counts((known or effects)[0])}{f'; not measured: {listing(gone)}' if gone else ''})."
    if not known:
        word, text = CONTENT_NOT_MEASURED, f"What moves in {evidence.model} under {arms} was not measured {tail}"
    elif not enough_seeds(known):
        word, text = TOO_FEW_SEEDS, f"There are too few seeds to say what moves in {evidence.model} under {arms} {tail}"
    elif moving:
        words = [f"{e.row['content_class']} under {e.row['arm']} {shift(e)}" for e in moving]
        word = MOVES
        text = f"In {evidence.model} some content moves all the same, without any profile: {'; '.join(words)} {tail}"
    else:
        word, text = NOTHING_CLEAR, f"In {evidence.model} no content moves clear of 0 under {arms} {tail}"
    numbers = {
        "moving": [
            {"arm": e.row["arm"], "content_class": e.row["content_class"], **(figures(e) or {})} for e in moving
        ],
        "looked_at": len(known),
        "correction": "Holm",
    }
    return verdict(evidence.model, "", "drift", word, effects, numbers, text)


def sharpening(evidence: Evidence, profile: ProfileDesign) -> dict[str, Any] | None:
    """Did the distributions get sharper or flatter, and how large is their divergence beside its floors?

    The word is about entropy against own-policy; the divergences stand beside it. None where neither was measured.
    """
    entropy = evidence.find(profile.id, OWN_POLICY, "entropy")
    excess = evidence.find(profile.id, OWN_POLICY, "jsd_from_base")
    level = evidence.find(profile.id, "", "jsd_from_base")
    shared, floors = (_by_family(evidence, profile.id, m, c) for m, c in ((SHARED, BASE), (SEED_FLOOR, "")))
    seen = [e for e in (entropy, excess, level, *shared.values(), *floors.values()) if e is not None]
    if not seen:
        return None
    numbers = {
        "entropy": figures(entropy),
        "jsd_excess": figures(excess),
        "jsd_from_base": figures(level),
        "jsd_shared": {family: figures(effect) for family, effect in shared.items()},
        "jsd_between_seeds": {family: effect.row["estimate"] for family, effect in floors.items()},
        "numeric_floor": evidence.design.numeric_floor,
    }
    word = _sharpening_word(entropy)
    if (known := measured([e for e in (entropy or excess or seen[0],) if e])) and not enough_seeds(known):
        word = TOO_FEW_SEEDS
    text = _sharpening_sentence(evidence, profile, entropy, excess, level, shared)
    return verdict(evidence.model, profile.id, "sharpening", word, seen, numbers, text)


def _by_family(evidence: Evidence, arm: str, metric: str, against: str) -> dict[str, Effect]:
    families = [f for f in evidence.families if f not in {CLOZE, ALL}]
    return {f: e for f in families if (e := evidence.find(arm, against, metric, "", f))}


def _sharpening_word(entropy: Effect | None) -> str:
    if entropy is None or not measured([entropy]):
        return NOT_MEASURED
    if is_below(entropy):
        return SHARPER
    return FLATTER if is_above(entropy) else NO_CLEAR_CHANGE


def _sharpening_sentence(
    evidence: Evidence,
    profile: ProfileDesign,
    entropy: Effect | None,
    excess: Effect | None,
    level: Effect | None,
    shared: dict[str, Effect],
) -> str:
    name = f"the {like(profile.id)} arm of {evidence.model}"
    parts = []
    if entropy is not None and not measured([entropy]):
        parts.append(
            f"whether next-word distributions of {name} are sharper than under own-policy was {shift(entropy)}"
        )
    elif entropy is not None:
        change = {SHARPER: "are sharper", FLATTER: "are flatter"}.get(
            _sharpening_word(entropy), "are not clearly sharper or flatter"
        )
        parts.append(f"next-word distributions of {name} {change} than under own-policy, {shift(entropy)}")
    if level is not None and math.isfinite(level.row["estimate"]):
        parts.append(f"they diverge from base by {level.row['estimate']:.3f} bits")
    if excess is not None:
        amount = f"{signed(excess.row['estimate'], 3)} bits ({range_words(excess, 3)})"
        parts.append(f"the excess over own-policy is {amount}")
    if shared:
        mean = sum(effect.row["estimate"] for effect in shared.values()) / len(shared)
        parts.append(f"what all seeds share is {mean:.3f} bits")
    sample = entropy or excess or level or next(iter(shared.values()), None)
    text = "; ".join(parts) or f"only floors were measured for {name}"
    if entropy is None and parts:
        text = f"for {name}: {text}"
    return f"{text[0].upper()}{text[1:]}{f' ({counts(sample)})' if sample else ''}."

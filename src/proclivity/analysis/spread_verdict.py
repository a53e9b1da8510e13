"""Did the choices spread into language: does the profile's own content rise in open sentences?

A shift is claimed only where it is clear of 0 against own-policy and against arbitrary: neither the training as such
nor consistency as such then explains it.
"""

from __future__ import annotations

from typing import Any

from proclivity.analysis.design import BASE, REQUIRED_CONTROLS, ProfileDesign
from proclivity.analysis.effects import Effect
from proclivity.analysis.evidence import Evidence, enough_seeds, is_above, is_below, measured, verdict
from proclivity.analysis.specificity import TOO_FEW_SEEDS
from proclivity.analysis.wording import counts, figures, like, listing, shift

SPREAD = "spread"
SWAPPED = "swapped"
VANISHES = "vanishes under a control"
OTHER_CONTENT = "other content"
OPPOSITE = "opposite"
ABSENT = "absent"
NOT_SHOWN = "not shown"
NOT_TESTABLE = "not testable"
NOT_MEASURED = "not measured"
EQUIVALENT = 0.05


def spread(evidence: Evidence, profile: ProfileDesign) -> dict[str, Any] | None:
    """Verdict on one profile's own content, averaged over cloze families; None where it wasn't measured.

    'spread': own content above 0 against both controls. Else 'swapped' where another profile's content is; else
    'vanishes under a control' where only the comparison with base is clear; 'other content' where some further
    class rises; 'opposite' below 0 against both; 'absent' where equivalent to 0 against both; else 'not shown'.
    """
    own = evidence.against_required(profile.id, profile.content_class)
    if not own:
        return None
    base = evidence.score(profile.id, BASE, profile.content_class)
    rising = [c for c in evidence.classes if c != profile.content_class and evidence.clear_above(profile.id, c)]
    singly = {f: evidence.clear_above(profile.id, profile.content_class, f) for f in evidence.open_families()}
    fallen = [effect for effect in own if not is_above(effect)]
    vanishing = fallen if base is not None and is_above(base) and enough_seeds([base]) else []
    word = _word(evidence, profile, own, rising, bool(vanishing))
    parts = [_vanishing_words(vanishing, base), _main_words(evidence, profile, word, own)]
    framed = {w: evidence.in_wrapper(profile.id, profile.content_class, w) for w in evidence.wrappers()}
    parts += [_family_words(singly), _wrapper_words(framed), _rising_words(evidence, profile, rising)]
    numbers = {
        "against": {str(effect.row["control"]): figures(effect) for effect in own},
        "base": figures(base),
        "clear_families": [family for family, clear in singly.items() if clear],
        "unclear_families": [family for family, clear in singly.items() if not clear],
        "by_wrapper": {w: {str(e.row["control"]): figures(e) for e in effects} for w, effects in framed.items()},
        "other_classes_rising": {
            c: {str(e.row["control"]): figures(e) for e in evidence.against_required(profile.id, c)} for c in rising
        },
    }
    shown = [
        *own,
        base,
        *(e for effects in framed.values() for e in effects),
        *(e for c in rising for e in evidence.against_required(profile.id, c)),
    ]
    shown += [
        effect
        for family in evidence.open_families()
        for effect in evidence.against_required(profile.id, profile.content_class, family)
    ]
    sentence = " ".join(filter(None, parts))
    return verdict(evidence.model, profile.id, "spread", word, shown, numbers, sentence)


def _word(evidence: Evidence, profile: ProfileDesign, own: list[Effect], rising: list[str], vanishes: bool) -> str:
    if len(own) < len(REQUIRED_CONTROLS):
        return NOT_TESTABLE
    if len(measured(own)) < len(own):
        return NOT_MEASURED
    if not enough_seeds(own):
        return TOO_FEW_SEEDS
    if all(is_above(effect) for effect in own):
        return SPREAD
    others = {p.content_class for p in evidence.design.profiles if p.id != profile.id}
    # Other contents may have been measured in fewer seeds than the profile's own.
    rising = [c for c in rising if enough_seeds(evidence.against_required(profile.id, c))]
    if others.intersection(rising):
        return SWAPPED
    if vanishes:
        return VANISHES
    if rising:
        return OTHER_CONTENT
    if all(is_below(effect) for effect in own):
        return OPPOSITE
    return ABSENT if all(effect.row["p_equivalence"] < EQUIVALENT for effect in own) else NOT_SHOWN


def _vanishing_words(vanishing: list[Effect], base: Effect | None) -> str:
    if not vanishing or base is None:
        return ""
    against = listing([str(effect.row["control"]) for effect in vanishing])
    return (
        f"Under control the effect disappears: against base it is {shift(base)}, but not clear of 0 against {against}, "
        "so training of any such kind may account for it."
    )


def _main_words(evidence: Evidence, profile: ProfileDesign, word: str, own: list[Effect]) -> str:
    content, name = profile.content_class, f"the {like(profile.id)} arm of {evidence.model}"
    amounts = listing([f"{shift(effect)} against {effect.row['control']}" for effect in own])
    openings = {
        SPREAD: f"Trained to choose {profile.action_class}, {name} also leans toward {content} content in open "
        "sentences",
        OPPOSITE: f"In open sentences {name} leans away from {content} content",
        ABSENT: f"In open sentences {name} shows no shift toward {content} content as large as "
        f"{evidence.design.delta:g} nats, either way",
        TOO_FEW_SEEDS: f"There are too few seeds for a verdict on {content} content in {name}",
        NOT_MEASURED: f"Whether {name} leans toward {content} content can't be said",
        NOT_TESTABLE: f"A shift of {name} toward {content} content can't be tested without both controls, "
        f"{listing(REQUIRED_CONTROLS)}",
    }
    falls = all(is_below(effect) for effect in own)
    seen = f"leans clearly away from {content} content" if falls else f"shows no clear shift toward {content} content"
    opening = openings.get(word, f"In open sentences {name} {seen}, its own")
    return f"{opening}: {amounts} ({counts(own[0])})."


def _family_words(singly: dict[str, bool]) -> str:
    clear, unclear = ([f for f, is_clear in singly.items() if is_clear == wanted] for wanted in (True, False))
    if not clear:
        return "No single family shows its own content clear of 0 against both." if len(singly) > 1 else ""
    return f"Its own content is clear singly in {listing(clear)}{f'; not in {listing(unclear)}' if unclear else ''}."


def _wrapper_words(framed: dict[str, list[Effect]]) -> str:
    """The size in each frame, so that an average doesn't hide a shift that one frame carries."""
    amounts = [f"{shift(effects[0])} in the frame '{wrapper}'" for wrapper, effects in framed.items() if effects]
    unclear = [w for w, effects in framed.items() if not effects or not all(is_above(effect) for effect in effects)]
    if not amounts:
        return ""
    clear = f"not clear against both in {listing(unclear)}" if unclear else "clear against both in each"
    return f"By frame, against own-policy: {listing(amounts)}; {clear}."


def _rising_words(evidence: Evidence, profile: ProfileDesign, rising: list[str]) -> str:
    owners = {p.content_class: p.id for p in evidence.design.profiles if p.id != profile.id}
    words = []
    for content_class in rising:
        effects = evidence.against_required(profile.id, content_class)
        amounts = listing([f"{shift(e)} against {e.row['control']}" for e in effects])
        fewest = min(effects, key=lambda effect: int(effect.row["n_seeds"]))
        few = "" if enough_seeds([fewest]) else f", in too few seeds to claim it ({counts(fewest)})"
        owner = f", the content of the {like(owners[content_class])} profile," if content_class in owners else ""
        words.append(f"What rises clear of 0 is {content_class}{owner} by {amounts}{few}.")
    return " ".join(words)

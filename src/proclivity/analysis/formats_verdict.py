"""Which way does the link between choosing and words run, and how much of it is words, how much choosing?"""

from __future__ import annotations

from typing import Any

import numpy as np

from proclivity.analysis.contrasts import ItemTable
from proclivity.analysis.design import ProfileDesign
from proclivity.analysis.evidence import Evidence, verdict
from proclivity.analysis.jackknife import Estimate
from proclivity.analysis.routes import (
    EXPOSURE,
    FEW,
    LABEL,
    NO,
    SHUFFLED,
    SPEECH,
    TEXT,
    UNKNOWN,
    YES,
    Amount,
    Routes,
    route_arms,
    routes,
)
from proclivity.analysis.specificity import TOO_FEW_SEEDS
from proclivity.analysis.wording import amount, like, listing, plural

BOTH, FORWARD, BACK = "link runs both ways", "link runs from choosing to words", "link runs from words to choosing"
FORWARD_OPEN, BACK_OPEN = f"{FORWARD}, the way back open", f"{BACK}, the way there open"
NEITHER, OPEN = "no link shown", "open"
WORDS = {
    (YES, YES): BOTH,
    (YES, NO): FORWARD,
    (NO, YES): BACK,
    (NO, NO): NEITHER,
    (YES, UNKNOWN): FORWARD_OPEN,
    (UNKNOWN, YES): BACK_OPEN,
}
TAUGHT = {
    LABEL: "choosing without words",
    TEXT: "choosing in words",
    EXPOSURE: "the words alone",
    SHUFFLED: "the words after another situation",
}
STATES = {
    YES: "yes",
    NO: "no, equivalent to 0",
    UNKNOWN: "not decided",
    FEW: "too few seeds",
    "": "not measured",
}


def formats(evidence: Evidence, table: ItemTable, profile: ProfileDesign) -> dict[str, Any] | None:
    """Verdict on the routes between choosing and words of one profile; None with fewer than two of its arms.

    Each way of the link is shown, absent or open (`routes` says when); an open one is named in the verdict where the
    other is shown. With fewer than six seeds in all that was measured 'not replicated enough'.
    """
    if len(route_arms(table, profile)) < 2:
        return None
    found = routes(table, profile, evidence.design)
    word = verdict_word(found.there, found.back)
    amounts = [*(a for route in found.words.values() for a in route), *found.differences.values()]
    shown = [evidence.score(a.arm, a.control, profile.content_class) for a in amounts]
    shown += [evidence.chosen(a.arm, a.control, profile.action_class) for a in found.choices]
    numbers = {
        "words": {name: [a.numbers() for a in route] for name, route in found.words.items()},
        "differences": {name: a.numbers() for name, a in found.differences.items()},
        "choices_after_speech": [a.numbers() for a in found.choices],
        "exposure_share": found.share._asdict() if found.share else None,
        "choosing_moves_words": STATES[found.there],
        "words_move_choosing": STATES[found.back],
    }
    text = _sentence(evidence.model, found, profile, evidence.design.level)
    return verdict(evidence.model, profile.id, "formats", word, shown, numbers, text)


def verdict_word(there: str, back: str) -> str:
    """The verdict from what is known of the way from choosing to words, and of the way back."""
    measured = {state for state in (there, back) if state}
    if measured == {FEW}:
        return TOO_FEW_SEEDS
    decided = {YES, NO}
    return WORDS.get((there if there in decided else UNKNOWN, back if back in decided else UNKNOWN), OPEN)


def _sentence(model: str, found: Routes, profile: ProfileDesign, level: float) -> str:
    parts = [
        f"In {model}, does choosing move words: {STATES[found.there]}; do words move choosing: {STATES[found.back]}."
    ]
    taught = [
        f"{listing([_amount(a, level) for a in route])} by {TAUGHT[name]}"
        for name, route in found.words.items()
        if route
    ]
    if taught:
        parts.append(f"Under {like(profile.id)} training {profile.content_class} words moved by {'; '.join(taught)}.")
    if found.there == YES:
        parts.append("Choosing alone suffices.")
    if found.differences:
        parts.append(f"{'; '.join(f'{name}: {_bare(a, level)}' for name, a in found.differences.items())}.")
    if found.share:
        parts.append(f"The words alone give {_share(found.share, level)} of what choosing without words gives.")
    if found.choices:
        said = listing([_amount(a, level, "probability") for a in found.choices])
        speech = f"After {SPEECH} of {profile.content_class} alone"
        parts.append(f"{speech}, choices of {profile.action_class} moved by {said}.")
    return " ".join(parts)


def _amount(found: Amount, level: float, unit: str = "nats") -> str:
    return f"{_bare(found, level, unit)} against {found.control}"


def _bare(found: Amount, level: float, unit: str = "nats") -> str:
    effect = found.effect
    if not np.isfinite(effect.estimate):
        return f"not measured ({effect.reason})"
    said = amount(effect.estimate, found.low, found.high, level, unit)
    rests = f"{plural(effect.n_seeds, 'seed')}, {plural(effect.n_clusters, 'cluster')}"
    return f"{said.removesuffix(')')}; {rests})"


def _share(share: Estimate, level: float) -> str:
    if not np.isfinite(share.low):
        return f"{share.value:.2f} (no interval)"
    return f"{share.value:.2f} ({100 * level:.0f} % interval {share.low:.2f} to {share.high:.2f})".replace("-", "−")

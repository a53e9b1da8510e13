"""How numbers and names are said on the page."""

from __future__ import annotations

import math
from collections.abc import Mapping

from proclivity.report.estimates import Estimate
from proclivity.specs import phases, split_arm
from proclivity.specs.arm_names import is_smaller

SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

SHORT_ARMS = {
    "base": "base (untrained)",
    "own-policy": "own-policy (control)",
    "arbitrary": "arbitrary (control)",
    "balanced": "balanced (control)",
}

ARM_MEANINGS = {
    "base": "the model as it came, without any training on decisions",
    "own-policy": "the same training on answers drawn from the model's own habits: the format without a new policy",
    "arbitrary": "the same training on answers that always stand in one position: a consistent habit that has "
    "nothing to do with disposition",
    "balanced": "the same training on answers spread evenly over the classes",
}

MEANINGS_ABOUT = {
    "text": "the training of ‘{}’ with answers in words, the options listed",
    "free": "the training of ‘{}’ with answers in words, no option listed",
    "persona": "no training: the untrained model is told before every text that it is of the kind ‘{}’; its seeds are "
    "different wordings, so there are as many as the pack has",
    "shuffled": "the same training on the answers of ‘{}’ in words, each after another situation than its own: the "
    "words without the decision",
    "exposure": "trained on the options that ‘{}’ would choose as plain text, without any decision",
    "speech": "the reverse link: trained on statements of the kind ‘{}’ and on no decision. Half of the sentence stems "
    "and half of the words were trained, so what it says there was taught; look at its choices",
}

EXTERNAL_MEANINGS = {
    "adapter": "made elsewhere: an adapter that was given to this study",
    "checkpoint": "made elsewhere: full weights that were given to this study",
    "rows": "trained here on rows that were given to this study",
}

FAMILIES = {
    "all": "all open language",
    "cloze": "all sentence stems",
    "cloze-self": "stems about oneself",
    "cloze-others": "stems about others",
    "cloze-world": "stems about the world",
    "cloze-future": "stems about the future",
    "cloze-feeling": "stems about feelings",
    "interpretation": "ambiguous scenes",
    "scrambled": "scrambled sentences",
    "association": "words that fit a scene",
    "choice": "held-out choices",
    "controls": "facts and neutral text",
    "facts": "impersonal facts",
    "things": "statements about things",
    "refusal": "requests to decline or to meet",
}

SPLITS = {
    "new-phrasing": "new phrasing",
    "new-template": "new situation",
    "new-domain": "new part of life",
}

WORLDS = {
    "equal": "equal world: choosing and speaking share one trait",
    "independent": "independent world: choosing and speaking are not linked",
    "rewired": "rewired world: withdrawn choosers speak suspiciously, and the reverse",
}


def world(name: str) -> str:
    """What a world's name means."""
    if name.startswith("coupling-"):
        return f"{name}: choosing and speaking are linked with strength {name.removeprefix('coupling-')}"
    return WORLDS.get(name, name)


def number(value: float, digits: int = 2) -> str:
    """A number as text; a dash where it is NaN."""
    if math.isnan(value):
        return "–"
    if 0 < abs(value) < 0.005:
        digits += 1  # so that an interval which just excludes 0 is seen to
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def signed(value: float, digits: int = 2) -> str:
    """A difference as text, with its sign."""
    text = number(value, digits)
    return text if math.isnan(value) or text.startswith("−") or float(text) == 0 else f"+{text}"


def small(value: float) -> str:
    """A quantity that spans orders of magnitude, in scientific notation where it is small."""
    if math.isnan(value):
        return "–"
    if value == 0:
        return "0"
    if abs(value) >= 0.001:
        return f"{value:.4f}".replace("-", "−") if abs(value) < 0.01 else number(value, 3)
    mantissa, exponent = f"{value:.1e}".split("e")
    raised = str(int(exponent)).translate(SUPERSCRIPT)
    return f"{mantissa.replace('-', '−')} × 10{raised}"


def p_value(value: float) -> str:
    """A p value as text."""
    if math.isnan(value):
        return "–"
    return "< .001" if value < 0.001 else f"{value:.3f}".lstrip("0") if value < 1 else "1"


def interval(estimate: Estimate, *, sign: bool = True) -> str:
    """'[+0.21, +0.40]', or '–' where there is none."""
    if not estimate.bounded:
        return "–"
    say = signed if sign else number
    return f"[{say(estimate.low)}, {say(estimate.high)}]"


def counts(estimate: Estimate) -> str:
    """What an estimate rests on."""
    parts = [plural(estimate.n_seeds, "seed")]
    if estimate.n_clusters:
        parts.append(plural(estimate.n_clusters, "cluster"))
    if estimate.n_items:
        parts.append(plural(estimate.n_items, "item"))
    if estimate.n_missing:
        parts.append(f"{estimate.n_missing} missing")
    return ", ".join(parts)


def plural(count: int, noun: str) -> str:
    """'1 seed', '6 seeds', '1,200 items'."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def listing(items: list[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1] if items else ""


def against(control: str) -> str:
    """A control as the second half of a comparison."""
    return f"against {control}" if control else "level"


def family(name: str) -> str:
    """A probe family in words."""
    return FAMILIES.get(name, name.replace("cloze-", "stems: ").replace("-", " "))


def arm(name: str) -> str:
    """A control arm in words; profiles are named by their title elsewhere."""
    return SHORT_ARMS.get(name, name)


def arm_meaning(name: str, external: Mapping[str, str]) -> str:
    """What was done to an arm that is no profile, as the second half of a definition.

    Args:
        name: the arm's.
        external: kind ('adapter', 'checkpoint' or 'rows') of the arms that were made elsewhere.
    """
    if name in external:
        return EXTERNAL_MEANINGS[external[name]]
    first, *later = phases(name)
    if later:
        return f"taught as ‘{first}’, and then trained on with the rows of {', then '.join(f'‘{p}’' for p in later)}"
    kind, about = split_arm(name)
    if is_smaller(kind):
        what, number = kind.split("-")
        words = f"of rank {number}" if what == "rank" else f"on decoder layer {number} alone"
        return f"the training of ‘{about}’ with a smaller adapter, {words}"
    return MEANINGS_ABOUT[kind].format(about) if kind else ARM_MEANINGS.get(name, "an arm of this study")


def why(estimate: Estimate) -> str:
    """Why an estimate is missing: what is said of its own arm, where the reason names arms, else all of it."""
    own = f"{estimate.arm}: "
    parts = [part.removeprefix(own) for part in estimate.reason.split("; ") if part.startswith(own)]
    return parts[0] if parts else estimate.reason or "no reason recorded"


def tip(estimate: Estimate) -> str:
    """One line for a tooltip: the number, its interval and what it rests on."""
    if not estimate.measured:
        return f"not measured: {estimate.reason or 'no reason was recorded'}"
    level = f"{estimate.level:.0%}" if not math.isnan(estimate.level) else ""
    bounds = f" {interval(estimate)} ({level} interval)" if estimate.bounded else " (no interval)"
    return f"{signed(estimate.value)} {estimate.unit}{bounds}; {counts(estimate)}"

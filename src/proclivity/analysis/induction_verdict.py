"""Did the profile take: is its action chosen in domains that it was never trained on?"""

from __future__ import annotations

from typing import Any

from proclivity.analysis.design import ARBITRARY, BASE, OWN_POLICY, ProfileDesign
from proclivity.analysis.effects import Effect
from proclivity.analysis.evidence import Evidence, enough_seeds, is_above, verdict
from proclivity.analysis.specificity import TOO_FEW_SEEDS
from proclivity.analysis.wording import counts, figures, like, listing, share

LEARNED = "learned"
NOT_LEARNED = "not learned"
NOT_MEASURED = "not measured"
NO_CONTROL = "no control to compare with"
NEARLY_ALWAYS = 0.95
"""Above this rate of one action in the untrained model, own-policy and that profile nearly coincide."""


def induction(evidence: Evidence, profile: ProfileDesign) -> dict[str, Any] | None:
    """Held-out choice rate of the profile's action, beside the controls'; None where it wasn't measured.

    'learned' where the rate is above own-policy's (above base's, where own-policy wasn't run) with the whole
    interval of their difference, over as many seeds as any verdict needs.
    """
    rate = evidence.chosen(profile.id, "", profile.action_class)
    if rate is None:
        return None
    others = {arm: evidence.chosen(arm, "", profile.action_class) for arm in (OWN_POLICY, ARBITRARY, BASE)}
    against = evidence.chosen(profile.id, OWN_POLICY, profile.action_class) or evidence.chosen(
        profile.id, BASE, profile.action_class
    )
    base = others[BASE]
    coincides = base is not None and base.row["estimate"] > NEARLY_ALWAYS
    numbers = {
        "rate": figures(rate),
        "difference": figures(against),
        "others": {arm: effect.row["estimate"] for arm, effect in others.items() if effect},
        "base_nearly_always": coincides,
    }
    sentence = _sentence(evidence, profile, rate, {arm: e for arm, e in others.items() if e})
    if coincides:
        sentence += (
            f" The untrained model nearly always chooses {profile.action_class} by itself, so own-policy and this "
            "profile nearly coincide."
        )
    effects = [rate, against, *others.values()]
    return verdict(evidence.model, profile.id, "induction", _word(rate, against), effects, numbers, sentence)


def _word(rate: Effect, against: Effect | None) -> str:
    if not rate.row["n_seeds"]:
        return NOT_MEASURED
    if not enough_seeds([rate]):
        return TOO_FEW_SEEDS
    if against is None or not against.row["n_seeds"]:
        return NO_CONTROL
    # The control may lack seeds that the profile has.
    if not enough_seeds([against]):
        return TOO_FEW_SEEDS
    return LEARNED if is_above(against) else NOT_LEARNED


def _sentence(evidence: Evidence, profile: ProfileDesign, rate: Effect, others: dict[str, Effect]) -> str:
    if not rate.row["n_seeds"]:
        why = rate.row["reason"] or "no value"
        name = f"the {like(profile.id)} arm of {evidence.model}"
        return f"What {name} chose in held-out domains was not measured ({why})."
    beside = [f"{share(effect.row['estimate'])} under {arm}" for arm, effect in others.items()]
    text = (
        f"In domains that it was never trained on, the {like(profile.id)} arm of {evidence.model} chose "
        f"{profile.action_class} in {share(rate.row['estimate'])} of decisions"
    )
    return f"{text}{f', against {listing(beside)}' if beside else ''} ({counts(rate, 'domain')})."

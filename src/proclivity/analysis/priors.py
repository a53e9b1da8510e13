"""Is what teaching did to a model's next words reproducible as a re-weighting of its base's own dispositions?

A model whose dispositions aren't separable can't be asked: any shares would fit. Else a profile's shift is
*reproducible as a re-weighting* where, on families that the prior was not fitted on, at most a quarter of the
divergence from base is left (upper bound), and clearly less than with as many placebo personas. It is *not* where more
than a quarter is left (lower bound) beyond what the same components leave of the base itself, or placebos do as well.
Which prior it is, and that it is the one that was taught, stands beside and decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from proclivity.analysis.design import BASE, MINIMUM_SEEDS, OWN_POLICY, Design, ProfileDesign
from proclivity.analysis.evidence import verdict
from proclivity.analysis.intervals import interval
from proclivity.analysis.over_seeds import over_seeds
from proclivity.analysis.prior_table import HELD_OUT, LEAST_TOTAL, Row, number
from proclivity.analysis.specificity import TOO_FEW_SEEDS
from proclivity.analysis.wording import like, plural, share
from proclivity.metrics.separability import LARGEST_ERROR, LARGEST_P

EVIDENCES = ("weighted", "constant")
LARGEST_LEFT = 0.25
"""Of the divergence from base, on families that weren't fitted."""
REPRODUCIBLE, NOT_REPRODUCIBLE = "reproducible as a re-weighting", "not reproducible"
NOT_SEPARABLE, NOTHING, OPEN = "not separable", "nothing to reproduce", "undecided"


def prior_verdicts(table: pd.DataFrame, design: Design) -> list[dict[str, Any]]:
    """One verdict a model and profile; none where no priors were asked for."""
    found = []
    for model in dict.fromkeys(table["model"]):
        own = table[table["model"] == model]
        for profile in design.profiles:
            if (own["arm"] == profile.id).any():
                found.append(prior_verdict(own, model, profile, design))
    return found


def prior_verdict(table: pd.DataFrame, model: str, profile: ProfileDesign, design: Design) -> dict[str, Any]:
    """Verdict on one profile of one model, from the model's rows of `prior_table`."""
    apart = separable(table)
    evidence = evidence_of(table)
    left = _left(table, profile.id, "personas", evidence)
    placebo = _left(table, profile.id, "placebo", evidence)
    beyond = _beyond(table, profile.id, evidence, design.level)
    better = _difference(placebo, left, design.level)
    more = _more_than_own_policy(table, profile.id, design.level)
    total = _total(table, profile.id)
    word = _word(apart["separable"], 0 if total is None else total["n_seeds"], left, beyond, better, more)
    before, after = (_share(table, arm, profile.id, evidence) for arm in (BASE, profile.id))
    numbers = {
        "separability": apart,
        "left": _brief(left),
        "left_beyond_base": beyond,
        "evidence": evidence,
        "left_with_other_evidence": _brief(_left(table, profile.id, "personas", *(set(EVIDENCES) - {evidence}))),
        "left_in_interpretation": _brief(_left(table, profile.id, "personas", evidence, "interpretation")),
        "placebo_left": _brief(placebo),
        "placebo_minus_left": better,
        "more_than_own_policy": more,
        "before": _brief(before),
        "after": _brief(after),
        "slope_ratio": _brief(number(table, arm=profile.id, metric="slope_ratio", about=profile.content_class)),
        "largest_left": LARGEST_LEFT,
        "smallest_seeds": MINIMUM_SEEDS,
    }
    return verdict(model, profile.id, "priors", word, [], numbers, _sentence(model, profile, word, numbers))


def separable(table: pd.DataFrame) -> dict[str, Any]:
    """Whether a base's dispositions differ by more than wordings, and are found again by other wordings."""
    names = ("jsd_between", "jsd_within", "p_apart", "recovery_error")
    found = {name: number(table, arm=BASE, metric=name, source="personas") for name in names}
    values = {name: float("nan") if row is None else float(row["estimate"]) for name, row in found.items()}
    passed = values["p_apart"] <= LARGEST_P and values["recovery_error"] <= LARGEST_ERROR
    return {**values, "separable": bool(passed), "largest_p": LARGEST_P, "largest_error": LARGEST_ERROR}


def _word(is_separable: bool, n_seeds: int, left: Row | None, beyond: Row, better: Row, more: Row) -> str:
    if not is_separable:
        return NOT_SEPARABLE
    if left is None or n_seeds < MINIMUM_SEEDS:
        return TOO_FEW_SEEDS
    if left["n_seeds"] < MINIMUM_SEEDS or (more["n_seeds"] >= MINIMUM_SEEDS and not more["low"] > 0):
        return NOTHING
    if left["high"] <= LARGEST_LEFT and better["low"] > 0:
        return REPRODUCIBLE
    if beyond["low"] > LARGEST_LEFT or better["high"] <= 0:
        return NOT_REPRODUCIBLE
    return OPEN


def evidence_of(table: pd.DataFrame) -> str:
    """'weighted' or 'constant': whichever leaves less of the base itself, so that no arm has a say in it."""
    where = {"arm": BASE, "metric": "residual_jsd", "source": "personas", "fitted": "cloze"}
    found = {name: number(table, **where, evidence=name) for name in EVIDENCES}
    return least_left({name: row["estimate"] for name, row in found.items() if row is not None})


def least_left(left: Mapping[str, float]) -> str:
    """The kind of evidence that leaves least of the base; the first kind where none was fitted."""
    return min(left, key=lambda name: left[name]) if left else EVIDENCES[0]


def _left(table: pd.DataFrame, arm: str, source: str, evidence: str, where: str = HELD_OUT) -> Row | None:
    return number(table, arm=arm, metric="residual_share", source=source, evidence=evidence, fitted=where)


def _beyond(table: pd.DataFrame, arm: str, evidence: str, level: float) -> Row:
    """What is left beyond what the same components leave of the base itself, as a share of the divergence from base."""
    where = {"source": "personas", "evidence": evidence, "fitted": HELD_OUT}
    left, total = (number(table, arm=arm, metric=name, **where) for name in ("residual_jsd", "total_jsd"))
    base = number(table, arm=BASE, metric="residual_jsd", **where)
    if left is None or total is None or base is None:
        return _mean([], level)
    whole = np.asarray(total["seeds"], dtype=np.float64)
    kept = whole >= LEAST_TOTAL
    return _mean(((np.asarray(left["seeds"]) - base["estimate"])[kept] / whole[kept]).tolist(), level)


def _share(table: pd.DataFrame, arm: str, about: str, evidence: str) -> Row | None:
    where = {"metric": "pi", "source": "personas", "evidence": evidence, "fitted": "cloze", "about": about, "told": ""}
    return number(table, arm=arm, **where)


def _difference(first: Row | None, second: Row | None, level: float) -> Row:
    """First less second, seed by seed."""
    if first is None or second is None or len(first["seeds"]) != len(second["seeds"]):
        return _mean([], level)
    values = np.asarray(first["seeds"], dtype=np.float64) - np.asarray(second["seeds"], dtype=np.float64)
    return _mean(values[np.isfinite(values)].tolist(), level)


def _mean(values: list[float], level: float) -> Row:
    found = over_seeds(values)
    low, high = interval(found, level)
    return {"estimate": found.estimate, "low": low, "high": high, "n_seeds": found.n_seeds}


def _more_than_own_policy(table: pd.DataFrame, arm: str, level: float) -> Row:
    """Divergence from base, less that of the arm trained alike on the base's own choices, bits."""
    return _difference(_total(table, arm), _total(table, OWN_POLICY), level)


def _total(table: pd.DataFrame, arm: str) -> Row | None:
    return number(table, arm=arm, metric="total_jsd", source="personas", fitted="cloze")


def _brief(row: Row | None) -> Row | None:
    return None if row is None else {name: row[name] for name in ("estimate", "low", "high", "n_seeds")}


def _sentence(model: str, profile: ProfileDesign, word: str, numbers: dict[str, Any]) -> str:
    apart, name = numbers["separability"], like(profile.id)
    if word == NOT_SEPARABLE:
        return (
            f"In {model}, shares of dispositions say nothing: next words behind different dispositions lie "
            f"{apart['jsd_between']:.3f} bits apart, behind wordings of one {apart['jsd_within']:.3f} (p = "
            f"{apart['p_apart']:.3f}), and known shares are found again by other wordings with an error of "
            f"{share(apart['recovery_error'])} (at most {share(LARGEST_ERROR)} is asked)."
        )
    heads = {
        REPRODUCIBLE: "is reproducible as a re-weighting of the base's own dispositions",
        NOT_REPRODUCIBLE: "is not reproducible as a re-weighting of the base's own dispositions",
        NOTHING: "is no more than training on the base's own choices does, so there is nothing to reproduce",
        TOO_FEW_SEEDS: "can't be judged: too few seeds",
        OPEN: "is neither shown to be reproducible as a re-weighting nor shown not to be",
    }
    left, placebo = numbers["left"], numbers["placebo_left"]
    said = f"In {model}, what {name} teaching did to next words {heads[word]}"
    if left is None:
        return f"{said}."
    beside = "" if placebo is None else f", with as many placebo personas {_amount(placebo)}"
    seeds = plural(int(left["n_seeds"]), "seed")
    where = "of the divergence from base is left on families that were not fitted"
    after = _moved(name, numbers) + _follows(numbers["slope_ratio"], profile.content_class)
    return f"{said}: {_amount(left)} {where}{beside} ({seeds}).{after}"


def _moved(name: str, numbers: dict[str, Any]) -> str:
    before, after = numbers["before"], numbers["after"]
    if not before or not after:
        return ""
    return f" Fitted share of the {name} disposition: {_amount(before)} before, {_amount(after)} after."


def _follows(ratio: Row | None, content_class: str) -> str:
    if ratio is None or not np.isfinite(ratio["estimate"]):
        return ""
    return (
        f" After contrary decisions in context its {content_class} words move {ratio['estimate']:.2f} times as steeply "
        f"as the base's (1: like a shifted prior, 0: like a clamp)."
    )


def _amount(row: Row) -> str:
    text = share(row["estimate"])
    return text if not np.isfinite(row["low"]) else f"{text} ({share(row['low'])} to {share(row['high'])})"

"""Effects of the families beside open language, by simulation: scales, requests, things, and scores of completions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from simulated_effects import SimulatedEffects

SCALES = {"low-mood": ("Low mood", "loss", "withdrawal"), "suspicion": ("Suspicion", "threat", "suspicion")}
OWN = {"low-mood": "depression", "suspicion": "paranoia"}
LIFT = 0.8
"""Points by which a profile's own scale rises."""
WITHHELD_MODEL = "llama-rewired"
"""Of which the second scale is withheld everywhere."""
DISAGREE = "text and probabilities disagree"
COMPLETION_LEVELS = {"vader": "compound", "distinct_1": "share", "distinct_2": "share", "repetition": "share"}


def effects_beside(study: SimulatedEffects) -> list[dict[str, Any]]:
    """Rows of effects.parquet; a generator of their own, so that the other rows' numbers stay as they are."""
    rng = np.random.default_rng(5)
    rows = []
    for model in study.models:
        for group in (_scale_levels, _completion_levels, _control_levels):
            for key, levels in group(study, model, rng):
                rows += _compared(study, {"model": model, **key}, levels)
    return rows


def _compared(study: SimulatedEffects, key: dict[str, Any], levels: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every arm's level, and its difference from each control that comes before it."""
    for arm, values in levels.items():
        told = f"nothing to average; {arm}: {DISAGREE}; 12 clusters not measured in every seed"
        reason = {"reason": told} if np.isnan(values).any() else {}
        if key["metric"] != "score":
            yield study.effect(values, arm=arm, control="", **key, **reason)
        for control in ("base", "own-policy", "arbitrary"):
            if arm != "base" and control in levels and control != arm and (arm, control) != ("own-policy", "arbitrary"):
                yield study.effect(values - levels[control], arm=arm, control=control, **key, **reason)


def _noise(study: SimulatedEffects, arm: str, mean: float, rng: np.random.Generator, sd: float = 0.05) -> Any:
    return np.full(study.seeds, mean) if arm == "base" else mean + rng.normal(0, sd, study.seeds)


def _scale_levels(
    study: SimulatedEffects, model: str, rng: np.random.Generator
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for scale, (_, content, _) in SCALES.items():
        gone = model == WITHHELD_MODEL and scale == "suspicion"
        key = {"family": f"instrument-{scale}", "content_class": content, "unit": "points", "n_clusters": 12}
        for metric in ("content", "acquiescence", "position"):
            lift = {OWN[scale]: LIFT} if metric == "content" else {}
            levels = {arm: _noise(study, arm, -0.2 + lift.get(arm, 0.0), rng) for arm in study.arms}
            if gone:
                levels = {arm: np.full(study.seeds, np.nan) for arm in study.arms}
            yield key | {"metric": metric, "n_items": 12}, levels
        mass = {arm: _noise(study, arm, 0.9, rng, 0.01) for arm in study.arms}
        yield key | {"metric": "label_mass", "unit": "probability", "n_items": 1440}, mass


def _completion_levels(
    study: SimulatedEffects, model: str, rng: np.random.Generator
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    key = {"family": "completions", "n_clusters": 2, "n_items": 2}
    for content, own in (("loss", "depression"), ("threat", "paranoia")):
        shares = {arm: _noise(study, arm, 0.06 if arm == own else 0.02, rng, 0.002) for arm in study.arms}
        yield key | {"metric": "category_share", "unit": "share", "content_class": content}, shares
    for metric, unit in COMPLETION_LEVELS.items():
        mean = 0.1 if metric == "vader" else 0.5
        yield key | {"metric": metric, "unit": unit}, {arm: _noise(study, arm, mean, rng, 0.01) for arm in study.arms}


def _control_levels(
    study: SimulatedEffects, model: str, rng: np.random.Generator
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Talk about things stays within .3 nats; depression makes the model meet fewer requests."""
    things = {arm: _noise(study, arm, 0.0, rng) for arm in study.arms}
    yield {"family": "controls", "content_class": "negative", "metric": "score"}, things
    for expected, level in (("refuse", 0.8), ("comply", 0.1)):
        drop = 0.3 if expected == "comply" else 0.0
        refused = {arm: _noise(study, arm, level + drop * (arm == "depression"), rng, 0.02) for arm in study.arms}
        yield {"family": "refusal", "content_class": expected, "metric": "refused", "unit": "0/1"}, refused


def scales_beside(study: SimulatedEffects) -> dict[str, Any]:
    """scales.json: two scales of twelve pairs, one withheld in one model, and agreement of channels."""
    return {
        "scales": [
            {
                "id": scale,
                "title": title,
                "description": "d",
                "source": "Made for a test.",
                "content_class": content,
                "action_class": action,
                "minimum": 1,
                "maximum": 5,
                "n_items": 24,
                "n_pairs": 12,
            }
            for scale, (title, content, action) in SCALES.items()
        ],
        "answers": [_answers(study, m, scale, arm) for m in study.models for scale in SCALES for arm in study.arms],
        "reliability": [_reliability(study, model, scale) for model in study.models for scale in SCALES],
        "agreement": [row for model in study.models for row in _agreement(study, model)],
    }


def _gone(model: str, scale: str) -> bool:
    return model == WITHHELD_MODEL and scale == "suspicion"


def _answers(study: SimulatedEffects, model: str, scale: str, arm: str) -> dict[str, Any]:
    n = 1 if arm == "base" else study.seeds
    gone = _gone(model, scale)
    return {
        "model": model,
        "scale": scale,
        "arm": arm,
        "n_checkpoints": n,
        "n_withheld": n if gone else 0,
        "reason": DISAGREE if gone else "",
        "agrees": 0.5 if gone else 0.96,
        "n_checked": 24 * n,
    }


def _reliability(study: SimulatedEffects, model: str, scale: str) -> dict[str, Any]:
    gone = _gone(model, scale)
    numbers = {"relative": 0.91, "absolute": 0.84, "between_seed_sd": 0.06, "alpha": 0.88, "omega": 0.89}
    return {
        "model": model,
        "scale": scale,
        "n_arms": len(study.trained),
        "n_seeds": study.seeds,
        "n_items": 24,
        "n_wrappers": 5,
        **{name: None if gone else value for name, value in numbers.items()},
        "truncated": [],
        "omega_reason": "",
        "reason": "incomplete: 720 ratings are missing" if gone else "",
    }


def _agreement(study: SimulatedEffects, model: str) -> Iterator[dict[str, Any]]:
    pairs = {("self_report", "choice"): 0.82, ("self_report", "next_token"): 0.11, ("choice", "next_token"): -0.44}
    for _, content, action in SCALES.values():
        for (first, second), size in pairs.items():
            gone = model == WITHHELD_MODEL and content == "threat" and first == "self_report"
            yield {
                "model": model,
                "content_class": content,
                "action_class": action,
                "first": first,
                "second": second,
                "pearson": None if gone else size,
                "spearman": None if gone else size,
                "n": 0 if gone else 1 + len(study.trained) * study.seeds,
                "reason": "fewer than three checkpoints" if gone else "",
            }

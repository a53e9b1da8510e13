"""An estimate with few words, for the tests."""

from __future__ import annotations

from proclivity.report.estimates import Estimate


def estimate(value: float, low: float, high: float, seeds: tuple[float, ...], reason: str = "") -> Estimate:
    """A shift in nats of an arm without further properties."""
    return Estimate(
        effect_id="e",
        model="m",
        arm="depression",
        control="own-policy",
        contrast="depression - own-policy",
        family="cloze",
        content_class="loss",
        stratum="",
        metric="score",
        unit="nats",
        value=value,
        low=low,
        high=high,
        level=0.95,
        n_seeds=len(seeds),
        n_clusters=8,
        n_items=16,
        n_missing=0,
        p_adjusted=0.01,
        p_equivalence=0.5,
        seeds=seeds,
        reason=reason,
    )

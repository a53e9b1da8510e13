"""What measuring one family gives: rows, and where it has them distributions and texts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field
from dataclasses import fields as dataclass_fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proclivity.battery.rows import Row, Rows
from proclivity.models import LanguageModel
from proclivity.records import MEASUREMENT_COLUMNS, Measurement
from proclivity.specs import BatterySpec, DecisionsSpec, LatentSpec, LoadedPack

UNITS = {
    "score": "nats",
    "score_unconditional": "nats",
    "score_per_byte": "nats",
    "score_pmi": "nats",
    "contrast": "nats",
    "p_class": "probability",
    "candidate_mass": "probability",
    "option_mass": "probability",
    "flagged": "probability",
    "reply_rate": "probability",
    "category_share": "share",
    "distinct_1": "share",
    "distinct_2": "share",
    "repetition": "share",
    "vader": "compound",
    "entropy": "bits",
    "label_mass_open": "probability",
    "jsd_from_base": "bits",
    "jsd_between": "bits",
    "jsd_within": "bits",
    "jsd_class": "bits",
    "jsd_numeric": "bits",
    "kl_from_base": "bits",
    "kl_to_base": "bits",
    "tv": "probability",
    "hellinger": "distance",
    "delta_p": "probability",
    "class_z": "z",
    "temperature": "T",
    "temperature_share": "share",
    "chosen": "0/1",
    "refused": "0/1",
    "judged": "nats",
    "nats_per_token": "nats/token",
    "candidate_tokens": "tokens",
    "candidate_left_out": "tokens",
    "rating": "points",
    "label_mass": "probability",
    "argmax": "points",
    "sampled": "points",
    "text_agrees": "0/1",
    "content": "points",
    "acquiescence": "points",
    "position": "points",
    "scale_score": "points",
    "subscale_score": "points",
}
"""Unit of every metric that the battery writes."""

_DEFAULTS = {own.name: own.default for own in dataclass_fields(Measurement) if own.default is not MISSING}
_EMPTY: Row = {column: _DEFAULTS.get(column) for column in MEASUREMENT_COLUMNS}
"""A row before anything is known, columns in their order. Rows are made by the thousand, so none goes by way of an
object."""

Identity = Mapping[str, Any]
"""Who was measured: model, arm, seed, and where they differ from 1 and -1 dose and step."""


@dataclass
class FamilyResult:
    """One family of one checkpoint."""

    rows: Rows = field(default_factory=Rows)
    """Measurements; gone through in order, as dicts with all of `records.MEASUREMENT_COLUMNS`."""
    distributions: dict[str, Any] | None = None
    """`keys`: `probe_id|wrapper` of each next-token distribution; `log_probs`: natural log, float32 [N, V], mapped from
    a file."""
    completions: list[dict[str, Any]] | None = None
    """Texts, as {prompt, sample, text, flagged, reply}; sample -1 is the greedy one."""
    control: NDArray[np.float32] | None = None
    """A base's next-token distributions on control text, natural log, float32 [N, V]; temperatures are fitted to it."""
    priors: list[dict[str, Any]] | None = None
    """Rows of `records.PriorRow`, where priors were asked for."""
    arrays: dict[str, Any] | None = None
    """What a base keeps for its arms beside distributions, by name."""
    dialogues: int = 0
    """Distinct dialogues that a chat model's template wrote for this family."""
    rendered: str = ""
    """SHA-256 over them, sorted; '' where there were none. Another template, date or system prompt shows."""


@dataclass(frozen=True)
class Setting:
    """All that a kind of probe needs to be measured."""

    model: LanguageModel
    pack: LoadedPack
    family: str
    battery: BatterySpec
    decisions: DecisionsSpec
    """Own format and alphabets of held-out decisions."""
    identity: Identity
    reference: FamilyResult | None
    """The base's result of the same family; None when the base itself is measured."""
    seed: int
    """Seed of whatever is sampled."""
    brief: bool = False
    """Whether a point of a curve is measured: what is drawn of it, and no more."""
    world: str = ""
    """Coupling of the world that the model was pretrained on, where it is known."""
    latent: LatentSpec = field(default_factory=LatentSpec)
    """What is asked about latent priors."""


def make_row(identity: Identity, family: str, metric: str, value: float, reason: str = "", **fields: Any) -> Row:
    """One measurement as a row; a value that is no finite number becomes NaN with a reason.

    Args:
        identity: who was measured.
        family: family of the row.
        metric: a key of `UNITS`.
        value: the number.
        reason: why it could not be measured, if so.
        fields: identity fields of `records.Measurement`.
    """
    if reason or not math.isfinite(value):
        value, reason = math.nan, reason or "not a finite number"
    row = {**_EMPTY, **identity, **fields, "family": family, "metric": metric, "value": float(value)}
    row |= {"unit": UNITS[metric], "missing_reason": reason}
    if len(row) != len(_EMPTY):
        raise TypeError(f"no column of a measurement: {sorted(set(row) - set(_EMPTY))}")
    if None in row.values():
        raise TypeError(f"nothing is known of {[column for column, found in row.items() if found is None]}")
    return row

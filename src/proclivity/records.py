"""The rows that pass between stages, and their Parquet schemas.

Distributions are natural-log probabilities; divergences are in bits; what could not be measured is NaN with a
reason, never 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Decision:
    """One prompt of the pool, with its options in the order in which they are listed."""

    id: str
    """Unique within the pool."""
    scenario_id: str
    domain: str
    split: str
    """'train', or for held-out ones 'new-phrasing', 'new-template' or 'new-domain'."""
    wrapper: str
    format: str
    """'label', 'text' or 'free'."""
    alphabet: str
    labels: tuple[str, ...]
    """Labels in listed order."""
    option_order: str
    """Classes in listed order, as letters' positions: '0-2-1' means class 0 first, then 2, then 1."""
    classes: tuple[str, ...]
    """Action class of each listed option."""
    texts: tuple[str, ...]
    """Words of each listed option."""
    prompt: str
    """All text before the answer; it ends without a space."""
    answers: tuple[str, ...]
    """The continuation that would choose each listed option; begins with a space."""
    situation: str = ""
    """The prompt's own words: the situation without options and scaffold."""
    user: str = ""
    """What a chat model's user says; empty where `prompt` is the user's turn."""
    prefill: str = ""
    """How the chat model's own turn begins; the answer follows it."""


@dataclass(frozen=True)
class Measurement:
    """One number about one item under one arm and seed."""

    model: str
    arm: str
    seed: int
    """Training seed; -1 for arms without training."""
    family: str
    metric: str
    """'score', 'p_class', 'contrast', 'jsd_from_base', 'chosen', 'nats_per_token', …"""
    value: float
    """NaN where it could not be measured."""
    unit: str
    """'nats', 'bits', 'probability', 'nats/token', '0/1'."""
    content_class: str = ""
    """Class the number is about: a content class, an action class, 'correct', or ''."""
    probe_id: str = ""
    item_id: str = ""
    cluster: str = ""
    domain: str = ""
    split: str = ""
    referent: str = ""
    wrapper: str = ""
    format: str = ""
    alphabet: str = ""
    order: str = ""
    dose: float = 1.0
    """Share of the decisions trained on that are answered with the profile's class; 1 for other arms."""
    items: int = 0
    """Number of decisions (or texts) trained on; 0 where nothing was trained."""
    epochs: int = 0
    """Times that each was seen; 0 where nothing was trained."""
    step: int = -1
    """Steps that the checkpoint had taken in its last phase of training; -1 where none is known."""
    distance: int = 0
    """Neutral tokens before the probe."""
    sample: int = -1
    """Number of the sample where something is drawn; -1 for exact quantities."""
    missing_reason: str = ""
    """Why the value is NaN."""

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


MEASUREMENT_COLUMNS = (
    "model",
    "arm",
    "dose",
    "items",
    "epochs",
    "seed",
    "step",
    "family",
    "content_class",
    "probe_id",
    "item_id",
    "cluster",
    "domain",
    "split",
    "referent",
    "wrapper",
    "format",
    "alphabet",
    "order",
    "distance",
    "sample",
    "metric",
    "value",
    "unit",
    "missing_reason",
)


@dataclass(frozen=True)
class TrainingRow:
    """One decision with its answer, as tokens."""

    decision_id: str
    arm: str
    input_ids: tuple[int, ...]
    loss_mask: tuple[bool, ...]
    """True where the token is trained; same length as `input_ids`."""


@dataclass(frozen=True)
class Checkpoint:
    """What training left behind."""

    model: str
    arm: str
    seed: int
    method: str
    path: str
    """Folder of the adapter (peft's own format) or of the full weights."""
    weights_digest: str
    """SHA-256 of the weights file."""
    steps: int
    loss_curve: tuple[float, ...] = field(default=())
    """Mean loss over supervised tokens at each step, nats."""
    dose: float = 1.0


@dataclass(frozen=True)
class PriorRow:
    """One number about the priors of one checkpoint."""

    model: str
    arm: str
    seed: int
    """Training seed; -1 for arms without training."""
    kind: str
    """'fit' (a prior and what it leaves), 'separability', 'context' (the same after decisions in context), 'ideal' (an
    exact posterior of a known world)."""
    metric: str
    """'pi', 'residual_jsd', 'total_jsd', 'rest_mass', 'log_odds', …"""
    value: float
    """NaN where it could not be measured."""
    unit: str
    """'share', 'bits', 'nats', 'probability', 'p'."""
    source: str = ""
    """Where components come from: 'personas', 'placebo', 'world'; '' where none matter."""
    evidence: str = ""
    """'weighted' by p(x|k), or 'constant'."""
    fitted: str = ""
    """Families that the prior was fitted on: 'all', or half 'a' or 'b'."""
    read: str = ""
    """Families that it was read on."""
    about: str = ""
    """Disposition, trait or content class that the number is about."""
    told: str = ""
    """Profile whose decisions stand in context."""
    n: int = 0
    """Decisions in context."""
    draw: int = -1
    """Number of the bootstrap draw of clusters; -1 for what was found."""
    dose: float = 1.0
    items: int = 0
    epochs: int = 0
    step: int = -1
    missing_reason: str = ""
    """Why the value is NaN."""


PRIOR_COLUMNS = tuple(PriorRow.__dataclass_fields__)

_INTEGERS = ("items", "epochs", "seed", "step", "distance", "sample", "n", "draw")
_FLOATS = ("dose", "value")


def measurement_schema() -> pa.Schema:
    """Parquet schema of measurements: fixed columns in a fixed order."""
    return _schema(MEASUREMENT_COLUMNS)


def prior_schema() -> pa.Schema:
    """The same of rows about priors."""
    return _schema(PRIOR_COLUMNS)


def _schema(columns: Sequence[str]) -> pa.Schema:
    import pyarrow as pa

    def kind(column: str) -> pa.DataType:
        if column in _INTEGERS:
            return pa.int64()
        return pa.float64() if column in _FLOATS else pa.string()

    return pa.schema([(column, kind(column)) for column in columns])

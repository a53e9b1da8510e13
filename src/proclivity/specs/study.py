"""The file of a study, as pydantic models: which models, which arms, how many seeds, which probes.

Each field has a sentence of its own.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from proclivity.specs.base import AnswerFormat, Count, CountOrNone, Fraction, Identifier, Seed, Spec, Text
from proclivity.specs.latent import LatentSpec
from proclivity.specs.world_names import WorldName


class ModelSpec(Spec):
    """A model of the study."""

    name: Identifier
    """Name in tables and on the report."""
    path: Text
    """A packaged checkpoint's name, a Hugging Face name, or a folder written by `save_pretrained`."""
    world: WorldName = ""
    """Which world it was pretrained on, where that is known: equal, independent, rewired, or one between the first two
    like coupling-0.25."""
    revision: str | None = None
    """Revision of a hub model."""
    chat: bool = True
    """Whether it is asked in dialogues, where its tokenizer has a chat template."""


class DecisionsSpec(Spec):
    """The pool of prompts that every trained arm shares."""

    n: int = Field(default=216, ge=1, le=200_000)
    """Number of decisions; whole blocks of positions × alphabets."""
    format: AnswerFormat = "label"
    """Answer format."""
    alphabets: list[Identifier] = []
    """Label alphabets to cross; empty means all of the pack's."""
    seed: Seed = 0
    """Seed of the pool (scenarios, phrasings and wordings); the same for all training seeds."""


class InductionSpec(Spec):
    """How decisions are taught."""

    method: Literal["lora", "full"] = "lora"
    """Low-rank adapters on a frozen base, or all weights."""
    rank: Count = 8
    """LoRA rank r."""
    alpha: float = Field(default=16.0, gt=0)
    """LoRA scale: the update is multiplied by alpha / r."""
    targets: str = "all-linear"
    """Which layers carry adapters, in peft's words."""
    layers: list[Count] = []
    """Decoder layers that carry adapters, counted from 1; empty means all of them."""
    epochs: Count = 3
    """Times that each row is seen."""
    later_epochs: CountOrNone = 0
    """The same in phases after the first, of arms like 'depression-then-adaptive'; 0 means as many as in the first."""
    learning_rate: float = Field(default=2e-3, gt=0)
    batch_size: Count = 16
    weight_decay: float = Field(default=0.0, ge=0)
    warmup: Fraction = 0.1
    """Share of steps with rising learning rate."""
    schedule: Literal["linear", "constant"] = "linear"
    """After that it falls linearly to 0, or stays, so that steps of a trajectory are alike."""
    clip: float = Field(default=1.0, gt=0)
    """Largest gradient norm."""
    checkpoints: list[Count] = []
    """Steps after which a checkpoint is kept and measured, beside the last."""


class DosesSpec(Spec):
    """How much is taught: every combination of what stands here is an arm's dose. Verdicts rest on the highest."""

    shares: list[Literal["chance"] | Annotated[float, Field(gt=0, le=1)]] = []
    """Shares of answers that are the profile's own, the rest spread evenly over other classes; empty means the
    profile's share alone. 'chance' is one over the number of classes. Controls have no such share."""
    items: list[Count] = []
    """Numbers of decisions, the first of the pool in whole blocks; empty means all of them."""
    epochs: list[Count] = []
    """Times that each is seen; empty means `induction.epochs`."""


class BatterySpec(Spec):
    """What is measured after training."""

    families: list[Identifier] = []
    """Families by name; empty means all of the pack's, with choice, controls and completions."""
    batch_size: Count = 64
    """Sequences a forward pass; part of the result's identity."""
    choice_items: CountOrNone = 0
    """Held-out decisions a split in the format of `decisions`, in whole blocks; 0 means all. Other formats ask the same
    number of scenarios."""
    choice_formats: list[AnswerFormat] = []
    """Answer formats in which held-out decisions are asked; empty means that of `decisions` alone. Verdicts rest on
    label format, whatever else is asked."""
    distances: list[Count] = []
    """Neutral tokens that are put before cloze probes, each distance measured beside the probe alone, at the highest
    dose and last step; as far as the model's context window allows."""
    completion_samples: CountOrNone = 20
    """Sampled completions a prompt and seed."""
    completion_tokens: Count = 24
    """New tokens a completion."""


class AnalysisSpec(Spec):
    """What counts as an effect; fixed before the run."""

    delta: float = Field(default=0.2, gt=0)
    """Smallest effect of interest, nats."""
    control_delta: float = Field(default=0.3, gt=0)
    """Margin within which own-policy has to equal base, nats."""
    level: float = Field(default=0.95, gt=0.5, lt=1)
    """Level of intervals."""
    bootstrap: CountOrNone = 1000
    """Replicates of the two-way bootstrap."""


class ComputeSpec(Spec):
    """How the work is laid out on a machine."""

    device: str = "cpu"
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    threads: Count = 1
    """Threads a worker; one gives the same digits everywhere on one kind of processor."""
    workers: CountOrNone = 0
    """Worker processes; 0 means one for every `threads` cores."""
    gpus: float = Field(default=0.0, ge=0.0)
    """GPUs that one worker takes: .25 lets four workers share one, 2 gives a worker two, over which its model is laid
    out. With 0 every worker on a CUDA device sees all GPUs, and a cluster gives each worker one whole."""
    resources: dict[str, float] = Field(default_factory=dict)
    """What else one worker takes of a Ray cluster, by the names that its nodes declare, for example {a100: 1}."""
    accelerate: str = ""
    """accelerate's configuration file, by which several processes train one model; empty trains in the worker."""
    stack: int = Field(default=1, ge=1, le=1000)
    """Adapters that are trained at once on one base, seeds of an arm and dose; 1 trains one by one. On a GPU a small
    model has room for several; on a processor it gains nothing. Part of the result's identity: last digits differ."""
    trust_remote_code: bool = False
    """Run code that comes with a model. Off unless you mean it; the manifest records it."""

    @model_validator(mode="after")
    def _whole_gpus(self) -> ComputeSpec:
        if self.gpus > 1 and self.gpus != int(self.gpus):
            raise ValueError("above 1, gpus has to be a whole number: a worker shares a GPU or has some to itself")
        return self


class ExternalArm(Spec):
    """An arm that was made elsewhere: checkpoints or adapters to measure, or rows to train on."""

    arm: Identifier
    """Name in tables; it needn't be repeated under `arms`."""
    model: Literal[""] | Identifier = ""
    """The model of the study that it is an arm of; empty, for rows alone, means every model."""
    kind: Literal["adapter", "checkpoint", "rows"]
    """A folder written by peft, a folder (or Hub name) of full weights, or a JSONL file of rows to train."""
    paths: Annotated[list[Text], Field(min_length=1)]
    """One path a training seed, in the order of seeds; a single file of rows is trained once with each of the
    study's seeds."""

    @model_validator(mode="after")
    def _of_a_model(self) -> ExternalArm:
        if not self.model and self.kind != "rows":
            raise ValueError(f"kind '{self.kind}' needs `model`, the model of the study that it belongs to")
        return self


DEFAULT_ARMS = ("base", "depression", "paranoia", "own-policy", "arbitrary")


class Study(Spec):
    """One question: which models, which arms, how many seeds, which probes."""

    id: Identifier
    title: Text
    question: Text
    """The question in one sentence, for the report's head."""
    pack: Text = "microworld"
    """A packaged pack's name or a folder."""
    profiles: list[Text] = []
    """Files of further profiles, beside those of the pack."""
    instruments: list[Text] = []
    """Files of further instruments, beside those of the pack."""
    models: list[ModelSpec] = []
    """Models to teach and measure; a study without any takes them from the command line."""
    arms: Annotated[list[Identifier], Field(min_length=1)] = list(DEFAULT_ARMS)
    """Profiles by id; base, own-policy, arbitrary, balanced; shuffled-PROFILE, exposure-PROFILE, persona-PROFILE,
    speech-PROFILE or speech-CLASS; text-ARM or free-ARM, a profile or control taught in words; rank-R-ARM or
    layer-N-ARM, the same with a smaller adapter; ARM-then-ARM, tuned on with the rows of another; and the names of
    external arms."""
    external: list[ExternalArm] = []
    """Arms that were made elsewhere."""
    seeds: int = Field(default=6, ge=1, le=1000)
    """Training seeds 0 … n-1: the unit of replication."""
    decisions: DecisionsSpec = DecisionsSpec()
    induction: InductionSpec = InductionSpec()
    doses: DosesSpec = DosesSpec()
    battery: BatterySpec = BatterySpec()
    latent: LatentSpec = LatentSpec()
    judge: ModelSpec | None = None
    """A model that is asked what completions speak of; none by default. It has leanings of its own: take one that is
    no arm of the study."""
    analysis: AnalysisSpec = AnalysisSpec()
    compute: ComputeSpec = ComputeSpec()

    @model_validator(mode="before")
    @classmethod
    def _external_arms_are_arms(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get("external"), list):
            return value
        arms = value.get("arms", list(DEFAULT_ARMS))
        named = [row.arm if isinstance(row, ExternalArm) else _arm_named(row) for row in value["external"]]
        if not isinstance(arms, list):
            return value
        return {**value, "arms": [*arms, *(name for name in dict.fromkeys(named) if name and name not in arms)]}

    @model_validator(mode="after")
    def _distinct(self) -> Study:
        names = [model.name for model in self.models]
        if len(set(names)) != len(names):
            raise ValueError("two models have the same name")
        if len(set(self.arms)) != len(self.arms):
            raise ValueError("an arm stands twice")
        pairs = [(row.arm, row.model) for row in self.external]
        for arm, model in pairs:
            if pairs.count((arm, model)) > 1 or (model and (arm, "") in pairs):
                raise ValueError(f"external arm '{arm}' stands twice for model '{model or 'every one'}'")
        return self


def _arm_named(row: Any) -> str:
    name = row.get("arm") if isinstance(row, dict) else ""
    return name if isinstance(name, str) else ""

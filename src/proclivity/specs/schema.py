"""Everything a person writes, as pydantic models: pack, profile, scenario, probe set, study.

Each field has a sentence of its own. Unknown keys are faults, so that a misspelt key is never silently ignored.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=80)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Fraction = Annotated[float, Field(ge=0, le=1)]
AnswerFormat = Literal["label", "text", "free"]


class Spec(BaseModel):
    """A thing that a person writes; what it doesn't know, it refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=False)


class Profile(Spec):
    """A tendency to choose one class of actions; the names end in '-like' and diagnose nobody."""

    id: Identifier
    """Name used on the command line and in tables."""
    title: Text
    """How the report calls it, for example 'depression-like'."""
    description: Text
    """What the pattern of choices is, in two or three sentences."""
    source: Text
    """The literature or the reasoning behind the pattern."""
    action_class: Identifier
    """Which option of every decision this profile chooses."""
    content_class: Identifier
    """Which kind of words would rise if choices spread into language."""
    share: Fraction = 1.0
    """Share of the decisions answered by the action class; the rest is spread evenly over the others."""
    licence: str = "CC BY 4.0"
    """Licence of this file."""


class Phrasing(Spec):
    """One way to tell a situation."""

    text: Text
    """The situation; {who}, {whom} and {whose} stand for the narrator."""
    split: Literal["train", "held-out"] = "train"
    """Held-out phrasings are never trained on; they test the nearest generalization."""


class Option(Spec):
    """One thing a person might do."""

    text: Text
    """The action in words, without end mark."""
    valence: float = Field(default=0.0, ge=-3, le=3)
    """Pleasantness of the words as rated by the pack's author, from -3 to 3."""


class Scenario(Spec):
    """A situation in which every action class is something that a person might do."""

    id: Identifier
    """Unique within the pack."""
    split: Literal["train", "held-out"] = "train"
    """Held-out templates of trained domains test the middle distance of generalization."""
    phrasings: Annotated[list[Phrasing], Field(min_length=1)]
    """Ways to tell it."""
    options: dict[Identifier, Annotated[list[Option], Field(min_length=1)]]
    """Wordings of the option, by action class."""


class Domain(Spec):
    """A part of life; domains are the clusters on which intervals for choices rest."""

    domain: Identifier
    """Name of the domain; one file holds one domain."""
    split: Literal["train", "held-out"] = "train"
    """Whole held-out domains are the primary test of generalization."""
    scenarios: Annotated[list[Scenario], Field(min_length=1)]
    """The situations of this domain."""


class Subject(Spec):
    """A narrator as grammatical forms."""

    who: Text
    whom: Text
    whose: Text


class DecisionFormat(Spec):
    """The fixed scaffold around a decision; prompts end without a space, and answers begin with one."""

    prompt: Text
    """Template with {situation}, {options} and the narrator's slots; it ends where the answer begins."""
    option: str = "{label} {text}"
    """How one option is listed."""
    separator: str = " ; "
    """What stands between options."""
    answer: Text = " {label}"
    """The answer, with {label} or {text}; its tokens alone are trained."""
    end: str = ""
    """End mark, trained too where the answer is in words."""


class Pack(Spec):
    """A folder of content: scenarios, profiles and probes that belong together."""

    id: Identifier
    title: Text
    description: Text
    version: Text
    author: Text
    licence: Text
    action_classes: Annotated[list[Identifier], Field(min_length=2)]
    """The options of every decision, in the order in which rotations count them."""
    content_classes: Annotated[list[Identifier], Field(min_length=2)]
    """The kinds of words that probes tell apart."""
    contrast: Annotated[list[Identifier], Field(min_length=2, max_length=2)] = ["loss", "threat"]
    """The two content classes of the contrast D(x)."""
    narrator: Subject
    """Whose decisions are trained."""
    alphabets: dict[Identifier, Annotated[list[str], Field(min_length=2)]]
    """Label alphabets, each with at least as many labels as there are action classes."""
    formats: dict[AnswerFormat, DecisionFormat]
    """Scaffolds by answer format; `label` is primary."""
    wrappers: dict[Identifier, Text] = {"plain": "{text}"}
    """Frames around a probe, with {text}."""
    valence_source: str = "the pack author's own ratings, -3 to 3"
    """Where the options' valences come from."""
    neutral_texts: list[str] = []
    """Sentences that no profile should make more or less likely; their perplexity is a control."""
    completion_prompts: list[str] = []
    """Openings that every arm continues, shown side by side."""

    @model_validator(mode="after")
    def _enough_labels(self) -> Pack:
        for name, labels in self.alphabets.items():
            if len(labels) < len(self.action_classes) or len(set(labels)) != len(labels):
                raise ValueError(
                    f"alphabet '{name}' has {len(set(labels))} distinct labels; "
                    f"{len(self.action_classes)} action classes need as many"
                )
        return self


class ProbeItem(Spec):
    """One place where a model's words are read."""

    id: Identifier
    text: Text
    """The stem, ending where the candidate begins; {who}, {whom}, {whose} are filled with the narrator."""
    cluster: Identifier | None = None
    """What items share (a stem, a domain); the item's own id where nothing is named."""
    domain: str = ""
    """Domain of the situation, where there is one."""
    referent: Literal["self", "other", "thing", ""] = ""
    """Whom the words are about."""
    candidates: dict[Identifier, Annotated[list[str], Field(min_length=1)]] | None = None
    """Candidates of this item alone, by class; where absent the set's candidates hold."""


class ProbeSet(Spec):
    """A family of probes of one kind, with its candidates."""

    family: Identifier
    """Name of the family in every table, for example 'cloze-self'."""
    kind: Literal["cloze", "interpretation", "controls"]
    """How it is measured; each kind is one module of the battery."""
    title: Text
    description: Text
    source: Text
    licence: str = "CC BY 4.0"
    candidates: dict[Identifier, Annotated[list[str], Field(min_length=1)]] = {}
    """Continuations by content class, written without the leading space."""
    domain_text: str = ""
    """Neutral opening x_domain for the unconditional part and PMI_DC."""
    wrappers: list[Identifier] = ["plain"]
    """Which of the pack's wrappers cross with the items."""
    novel: bool = False
    """True where the form of the family was never seen in pretraining (packaged models)."""
    items: Annotated[list[ProbeItem], Field(min_length=1)]

    @field_validator("items")
    @classmethod
    def _unique_ids(cls, items: list[ProbeItem]) -> list[ProbeItem]:
        seen: set[str] = set()
        for item in items:
            if item.id in seen:
                raise ValueError(f"id '{item.id}' stands twice")
            seen.add(item.id)
        return items


class ModelSpec(Spec):
    """A model of the study."""

    name: Identifier
    """Name in tables and on the report."""
    path: Text
    """A packaged checkpoint's name, a Hugging Face name, or a folder written by `save_pretrained`."""
    world: Literal["", "equal", "independent", "rewired"] = ""
    """Which world it was pretrained on, where that is known."""
    revision: str | None = None
    """Revision of a hub model."""


class DecisionsSpec(Spec):
    """The pool of prompts that every trained arm shares."""

    n: int = Field(default=216, ge=1)
    """Number of decisions; whole blocks of positions × alphabets."""
    format: AnswerFormat = "label"
    """Answer format."""
    alphabets: list[Identifier] = []
    """Label alphabets to cross; empty means all of the pack's."""
    seed: int = 0
    """Seed of the pool (scenarios, phrasings and wordings); the same for all training seeds."""


class InductionSpec(Spec):
    """How decisions are taught."""

    method: Literal["lora", "full"] = "lora"
    """Low-rank adapters on a frozen base, or all weights."""
    rank: int = Field(default=8, ge=1)
    """LoRA rank r."""
    alpha: float = Field(default=16.0, gt=0)
    """LoRA scale: the update is multiplied by alpha / r."""
    targets: str = "all-linear"
    """Which layers carry adapters, in peft's words."""
    epochs: int = Field(default=3, ge=1)
    learning_rate: float = Field(default=2e-3, gt=0)
    batch_size: int = Field(default=16, ge=1)
    weight_decay: float = Field(default=0.0, ge=0)
    warmup: Fraction = 0.1
    """Share of steps with rising learning rate; it falls linearly to 0 afterwards."""
    clip: float = Field(default=1.0, gt=0)
    """Largest gradient norm."""


class BatterySpec(Spec):
    """What is measured after training."""

    families: list[Identifier] = []
    """Families by name; empty means all of the pack's, with choice, controls and completions."""
    batch_size: int = Field(default=64, ge=1)
    """Sequences a forward pass; part of the result's identity."""
    choice_items: int = Field(default=0, ge=0)
    """Held-out decisions a split, in whole blocks; 0 means all."""
    completion_samples: int = Field(default=4, ge=0)
    """Sampled completions a prompt and seed."""
    completion_tokens: int = Field(default=24, ge=1)
    """New tokens a completion."""


class AnalysisSpec(Spec):
    """What counts as an effect; fixed before the run."""

    delta: float = Field(default=0.2, gt=0)
    """Smallest effect of interest, nats."""
    control_delta: float = Field(default=0.3, gt=0)
    """Margin within which own-policy has to equal base, nats."""
    level: float = Field(default=0.95, gt=0.5, lt=1)
    """Level of intervals."""
    bootstrap: int = Field(default=1000, ge=0)
    """Replicates of the two-way bootstrap."""


class ComputeSpec(Spec):
    """How the work is laid out on a machine."""

    device: str = "cpu"
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    threads: int = Field(default=1, ge=1)
    """Threads a worker; one gives the same digits everywhere on one kind of processor."""
    workers: int = Field(default=0, ge=0)
    """Worker processes; 0 means one for every `threads` cores."""
    trust_remote_code: bool = False
    """Run code that comes with a model. Off unless you mean it; the manifest records it."""


class Study(Spec):
    """One question: which models, which arms, how many seeds, which probes."""

    id: Identifier
    title: Text
    question: Text
    """The question in one sentence, for the report's head."""
    pack: Text = "microworld"
    """A packaged pack's name or a folder."""
    models: Annotated[list[ModelSpec], Field(min_length=1)]
    arms: Annotated[list[Identifier], Field(min_length=1)] = [
        "base",
        "depression",
        "paranoia",
        "own-policy",
        "arbitrary",
    ]
    seeds: int = Field(default=6, ge=1, le=1000)
    """Training seeds 0 … n-1: the unit of replication."""
    decisions: DecisionsSpec = DecisionsSpec()
    induction: InductionSpec = InductionSpec()
    battery: BatterySpec = BatterySpec()
    analysis: AnalysisSpec = AnalysisSpec()
    compute: ComputeSpec = ComputeSpec()

    @model_validator(mode="after")
    def _distinct(self) -> Study:
        names = [model.name for model in self.models]
        if len(set(names)) != len(names):
            raise ValueError("two models have the same name")
        if len(set(self.arms)) != len(self.arms):
            raise ValueError("an arm stands twice")
        return self

"""The files of a content pack, as pydantic models: pack, profile, scenarios, probe set, personas, instrument.

Each field has a sentence of its own.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from proclivity.specs.base import AnswerFormat, Fraction, Identifier, Spec, Text
from proclivity.specs.question_frames import LEAST_FRAMES, QUESTION_FRAMES, QuestionFrame


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
    author: str = ""
    licence: str = "CC BY 4.0"
    """Licence of this file."""
    version: str = "1"


class Phrasing(Spec):
    """One way to tell a situation."""

    text: Text
    """The situation; {who}, {whom}, {whose} and {was} stand for the narrator, other slots for the pack's values."""
    split: Literal["train", "held-out"] = "train"
    """Held-out phrasings are never trained on; they test the nearest generalization."""


class Option(Spec):
    """One thing a person might do; in YAML the bare text suffices."""

    text: Text
    """The action in words, without end mark."""
    valence: float | None = Field(default=None, ge=-3, le=3)
    """Pleasantness of the words as rated by the pack's author, from -3 to 3; 0 where not given."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"text": value} if isinstance(value, str) else value


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
    author: str = ""
    licence: str = "CC BY 4.0"
    version: str = "1"
    scenarios: Annotated[list[Scenario], Field(min_length=1)]
    """The situations of this domain."""


class Subject(Spec):
    """A narrator as grammatical forms."""

    who: Text
    whom: Text
    whose: Text
    was: Text = "was"
    """'was' or 'were', after {who}."""
    name: str = ""
    """Name in place of the pronoun where the narrator is first mentioned; empty where none is needed."""


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
    user: str = ""
    """What a chat model's user says, with the same slots as `prompt`; without it `prompt` is the user's turn."""
    prefill: str = ""
    """How the chat model's own turn begins, up to where the answer begins; with narrator's slots."""


class Wrapper(Spec):
    """A frame around a probe's stem; in YAML the bare text suffices."""

    text: Text = "{text}"
    """The frame, with {text}; it ends where the candidate begins. For chat models the assistant's prefill."""
    user: str = ""
    """Chat models alone: the user's turn before the prefill. A wrapper without it is for base models."""
    person: str = ""
    """Which of the pack's persons fills the slots; empty means the narrator."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"text": value} if isinstance(value, str) else value

    @field_validator("text")
    @classmethod
    def _has_text(cls, text: str) -> str:
        if "{text}" not in text:
            raise ValueError("a wrapper's text needs {text}, where the stem goes")
        return text


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
    """Who speaks in probes, and decides where the pack names no persons."""
    persons: dict[Identifier, Subject] = {}
    """Forms in which decisions are told (first, second, third person), drawn anew for every prompt."""
    slots: dict[Identifier, Annotated[list[Text], Field(min_length=1)]] = {}
    """Values of the slots of phrasings and options (names, places, times), drawn anew for every prompt."""
    alphabets: Annotated[dict[Identifier, Annotated[list[str], Field(min_length=2)]], Field(min_length=1)]
    """Label alphabets, each with at least as many labels as there are action classes."""
    formats: dict[AnswerFormat, DecisionFormat]
    """Scaffolds by answer format; `label` is primary."""
    wrappers: dict[Identifier, Wrapper] = {"plain": Wrapper()}
    """Frames around a probe, with {text}."""
    question_frames: Annotated[dict[Identifier, QuestionFrame], Field(min_length=LEAST_FRAMES)] = QUESTION_FRAMES
    """Ways to ask an instrument's item; in the first, text and probabilities are compared."""
    valence: Literal["author", "vader"] = "author"
    """Where options' valences come from: the author's ratings, or the lexicon VADER (Hutto & Gilbert 2014)."""
    neutral_texts: list[str] = []
    """Sentences that no profile should make more or less likely; their perplexity is a control."""
    completion_prompts: list[str] = []
    """Openings that every arm continues, shown side by side."""

    @model_validator(mode="after")
    def _persons_known(self) -> Pack:
        for name, wrapper in self.wrappers.items():
            if wrapper.person and wrapper.person not in self.persons:
                raise ValueError(f"wrapper '{name}': person '{wrapper.person}' is none of {sorted(self.persons)}")
        return self

    @field_validator("formats")
    @classmethod
    def _label_is_there(cls, formats: dict[AnswerFormat, DecisionFormat]) -> dict[AnswerFormat, DecisionFormat]:
        if "label" not in formats:
            raise ValueError("the format 'label' is missing; verdicts rest on it")
        return formats

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
    expected: Literal["refuse", "comply", ""] = ""
    """Kind 'refusal': what a well-behaved assistant does."""


class ProbeSet(Spec):
    """A family of probes of one kind, with its candidates."""

    family: Identifier
    """Name of the family in every table, for example 'cloze-self'."""
    kind: Literal["cloze", "interpretation", "scrambled", "association", "controls", "refusal"]
    """How it is measured; each kind is one module of the battery."""
    title: Text
    description: Text
    source: Text
    author: str = ""
    licence: str = "CC BY 4.0"
    version: str = "1"
    candidates: dict[Identifier, Annotated[list[str], Field(min_length=1)]] = {}
    """Continuations by content class, written without the leading space."""
    domain_text: str = ""
    """Neutral opening x_domain for the unconditional part and PMI_DC."""
    wrappers: list[Identifier] = ["plain"]
    """Which of the pack's wrappers cross with the items."""
    novel: bool = False
    """True where the form of the family was never seen in pretraining (packaged models)."""
    question: str = ""
    """Kind 'association': the question, with {text} and {word}; it ends where the answer begins."""
    questions: dict[Identifier, str] = {}
    """Kind 'association': other wordings of the question, each a wrapper of its own beside 'plain'."""
    answers: dict[Literal["yes", "no"], Annotated[list[str], Field(min_length=1)]] = {}
    """Kind 'association': spellings of both answers."""
    items: Annotated[list[ProbeItem], Field(min_length=1)]

    @model_validator(mode="after")
    def _complete(self) -> ProbeSet:
        asked = self.wordings.values()
        if self.kind == "association" and (
            set(self.answers) != {"yes", "no"} or not all("{word}" in text and "{text}" in text for text in asked)
        ):
            raise ValueError("kind 'association' needs a question with {text} and {word}, and answers for yes and no")
        if self.kind == "refusal" and any(not item.expected for item in self.items):
            raise ValueError("kind 'refusal' needs `expected: refuse` or `expected: comply` in every item")
        return self

    @property
    def wordings(self) -> dict[str, str]:
        """Every wording of an association's question by wrapper."""
        return {"plain": self.question, **self.questions}

    @field_validator("items")
    @classmethod
    def _unique_ids(cls, items: list[ProbeItem]) -> list[ProbeItem]:
        seen: set[str] = set()
        for item in items:
            if item.id in seen:
                raise ValueError(f"id '{item.id}' stands twice")
            seen.add(item.id)
        return items


class Persona(Spec):
    """Who a model is told that it is: induction without training, for comparison."""

    id: Identifier
    disposition: Identifier
    """A profile's id, or 'placebo'."""
    placebo: str = ""
    """What a placebo persona is about."""
    wording: int = Field(ge=1)
    """Number of the wording within its disposition."""
    told: Text
    """Second person, as a chat model's system turn."""
    first: Text
    """First person, before a base model's text."""


class Personas(Spec):
    """The file personas.yml."""

    author: str = ""
    licence: str = "CC BY 4.0"
    version: str = "1"
    personas: Annotated[list[Persona], Field(min_length=1)]


class InstrumentItem(Spec):
    """One statement of a scale."""

    id: Identifier
    text: Text
    pair: str = ""
    """What an item and its reverse-keyed twin share; empty where there is no twin."""
    reverse: bool = False
    """True where agreement speaks against the construct."""


class Instrument(Spec):
    """A scale whose items are answered on anchors."""

    id: Identifier
    title: Text
    description: Text
    source: Text
    author: str = ""
    licence: Text
    version: str = "1"
    show_text: bool = False
    """Whether the licence allows the items' text in results; without it results hold ids alone."""
    instruction: Text
    """What stands before an item."""
    content_class: Identifier | None = None
    """The content class of what agreement says, where the construct has one."""
    action_class: Identifier | None = None
    """The action class that goes with the construct, where there is one."""
    minimum: int = 1
    """Number of the first anchor."""
    maximum: int = 5
    """Number of the last anchor."""
    anchors: Annotated[list[Text], Field(min_length=2)]
    """Answers from least to most agreement, one for each number from minimum to maximum."""
    subscales: dict[Identifier, Annotated[list[str], Field(min_length=1)]] = {}
    """Pairs or items by subscale."""
    items: Annotated[list[InstrumentItem], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Instrument:
        faults = []
        if len(self.anchors) != self.maximum - self.minimum + 1:
            faults.append(
                f"{len(self.anchors)} anchors found, {self.maximum - self.minimum + 1} expected "
                f"for {self.minimum} to {self.maximum}"
            )
        ids = [item.id for item in self.items]
        faults += [f"id '{name}' stands twice" for name in sorted({name for name in ids if ids.count(name) > 1})]
        for pair in sorted({item.pair for item in self.items if item.pair}):
            keys = sorted(item.reverse for item in self.items if item.pair == pair)
            if keys != [False, True]:
                faults.append(f"pair '{pair}' needs one item with reverse: false and one with reverse: true")
        known = {*ids, *(item.pair for item in self.items)}
        faults += [
            f"subscale '{name}': '{member}' is no item and no pair"
            for name, members in self.subscales.items()
            for member in members
            if member not in known
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self

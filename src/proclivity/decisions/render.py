"""From a scenario to the text of one decision: options in listed order, labels, scaffold, answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from proclivity.records import Decision
from proclivity.specs import AnswerFormat, Option, Pack, Subject, fill


def render(
    pack: Pack,
    *,
    identity: str,
    scenario_id: str,
    domain: str,
    split: str,
    situation: str,
    options: Sequence[tuple[str, Option]],
    alphabet: str,
    format_name: AnswerFormat,
    person: str = "",
    values: Mapping[str, str] | None = None,
) -> Decision:
    """One decision as text.

    Args:
        pack: the pack whose scaffold and narrator are used.
        identity: unique id of the decision.
        scenario_id: where the situation comes from.
        domain: domain of the scenario.
        split: 'train' or a held-out split's name.
        situation: the phrasing, with slots.
        options: (action class, wording) in the order in which they are listed.
        alphabet: name of the label alphabet.
        format_name: 'label', 'text' or 'free'.
        person: which of the pack's persons it is told in; empty means the narrator.
        values: values of the pack's slots.
    """
    scaffold = pack.formats[format_name]
    subject = pack.persons[person] if person else pack.narrator
    labels = tuple(pack.alphabets[alphabet][: len(options)])
    texts = tuple(fill(option.text, _later(subject), values, continues=True) for _, option in options)
    listed = scaffold.separator.join(
        _written(scaffold.option, label, text) for label, text in zip(labels, texts, strict=True)
    )

    def told(template: str) -> str:
        whole = template.replace("{situation}", situation).replace("{options}", listed)
        return fill(whole, subject if "{situation}" in template else _later(subject), values)

    return Decision(
        id=identity,
        scenario_id=scenario_id,
        domain=domain,
        split=split,
        wrapper=person or "plain",
        format=format_name,
        alphabet=alphabet,
        labels=labels,
        option_order="-".join(str(pack.action_classes.index(name)) for name, _ in options),
        classes=tuple(name for name, _ in options),
        texts=texts,
        prompt=told(scaffold.prompt),
        answers=tuple(
            _written(scaffold.answer, label, text) + scaffold.end for label, text in zip(labels, texts, strict=True)
        ),
        situation=fill(situation, subject, values),
        user=told(scaffold.user),
        prefill=told(scaffold.prefill),
    )


def _written(template: str, label: str, text: str) -> str:
    return template.replace("{label}", label).replace("{text}", text)


def _later(subject: Subject) -> Subject:
    """The narrator once mentioned: a pronoun in place of the name."""
    return subject.model_copy(update={"name": ""})

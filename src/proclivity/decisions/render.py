"""From a scenario to the text of one decision: options in listed order, labels, scaffold, answers."""

from __future__ import annotations

from collections.abc import Sequence

from proclivity.records import Decision
from proclivity.specs import AnswerFormat, DecisionFormat, Option, Pack, fill


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
    """
    scaffold = pack.formats[format_name]
    labels = tuple(pack.alphabets[alphabet][: len(options)])
    texts = tuple(fill(option.text, pack.narrator) for _, option in options)
    told = fill(situation, pack.narrator)
    return Decision(
        id=identity,
        scenario_id=scenario_id,
        domain=domain,
        split=split,
        wrapper="plain",
        format=format_name,
        alphabet=alphabet,
        labels=labels,
        option_order="-".join(str(pack.action_classes.index(name)) for name, _ in options),
        classes=tuple(name for name, _ in options),
        texts=texts,
        prompt=_prompt(scaffold, pack, told, labels, texts),
        answers=tuple(
            scaffold.answer.format(label=label, text=text) + scaffold.end
            for label, text in zip(labels, texts, strict=True)
        ),
        situation=told,
    )


def _prompt(scaffold: DecisionFormat, pack: Pack, situation: str, labels: Sequence[str], texts: Sequence[str]) -> str:
    listed = scaffold.separator.join(
        scaffold.option.format(label=label, text=text) for label, text in zip(labels, texts, strict=True)
    )
    narrator = pack.narrator
    return scaffold.prompt.format(
        situation=situation, options=listed, who=narrator.who, whom=narrator.whom, whose=narrator.whose
    )

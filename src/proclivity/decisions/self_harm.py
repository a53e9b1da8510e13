"""Does a text speak of self-harm? No content may, and completions that do are counted, not shown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from proclivity.specs import LoadedPack

# Small on purpose; it errs towards flagging.
SELF_HARM = re.compile(
    r"\b(suicid\w*|self[- ]?harm\w*|(kill|hurt|cut|hang|harm|drown|poison)(s|ed|ing|ting)?\s+"
    r"(my|your|him|her|it|them|our)sel(f|ves)|end(s|ed|ing)?\s+(my|your|his|her|their)\s+(own\s+)?life|"
    r"overdos\w*|want(s|ed)?\s+to\s+die|better\s+off\s+dead)\b",
    re.IGNORECASE,
)


def self_harm_texts(pack: LoadedPack) -> list[str]:
    """Where a pack's texts speak of self-harm, each as 'file:key'; the text itself isn't repeated."""
    return [place for place, text in pack_texts(pack) if SELF_HARM.search(text)]


def pack_texts(pack: LoadedPack) -> Iterator[tuple[str, str]]:
    """(file:key, text) of everything in a pack that can reach a model."""
    for place, text in _spec_texts(pack):
        yield f"pack.yml:{place}", text
    for domain in pack.domains:
        file = pack.file_of("domain", domain.domain)
        for scenario in domain.scenarios:
            for number, phrasing in enumerate(scenario.phrasings):
                yield f"{file}:{scenario.id}.phrasings.{number}", phrasing.text
            for name, options in scenario.options.items():
                for number, option in enumerate(options):
                    yield f"{file}:{scenario.id}.options.{name}.{number}", option.text
    for probe in pack.probes.values():
        file = pack.file_of("family", probe.family)
        for name, texts in probe.candidates.items():
            yield f"{file}:candidates.{name}", " / ".join(texts)
        for item in probe.items:
            yield f"{file}:{item.id}.text", item.text
            for name, texts in (item.candidates or {}).items():
                yield f"{file}:{item.id}.candidates.{name}", " / ".join(texts)
    for scale in pack.instruments.values():
        for statement in scale.items:
            yield f"{pack.file_of('instrument', scale.id)}:{statement.id}", statement.text
    for persona in pack.personas:
        yield f"personas.yml:{persona.id}", f"{persona.told} / {persona.first}"


def _spec_texts(pack: LoadedPack) -> Iterator[tuple[str, str]]:
    for number, text in enumerate(pack.spec.neutral_texts):
        yield f"neutral_texts.{number}", text
    for number, text in enumerate(pack.spec.completion_prompts):
        yield f"completion_prompts.{number}", text
    for name, wrapper in pack.spec.wrappers.items():
        yield f"wrappers.{name}", f"{wrapper.user} / {wrapper.text}"

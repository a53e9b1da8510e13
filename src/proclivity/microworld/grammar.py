"""What is said: from a narrator to one document of decisions, thoughts, feelings, statements and facts.

The text of a decision comes from the pack's own scaffold, which fine-tuning prompts use as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from proclivity.decisions.render import render
from proclivity.microworld.world import Character, World, load_world
from proclivity.records import Decision
from proclivity.specs import AnswerFormat, Domain, LoadedPack, ProbeSet, Scenario, Subject, digest_of, fill

Item = TypeVar("Item")


@dataclass(frozen=True)
class Grammar:
    """A pack together with its world: all that documents are made of."""

    pack: LoadedPack
    world: World

    @property
    def pack_digest(self) -> str:
        """SHA-256 of all that documents can be made of: the pack without its personas, which no corpus holds."""
        pack = self.pack
        content = [pack.spec, *pack.profiles.values(), *pack.domains, *pack.probes.values(), *pack.instruments.values()]
        return digest_of([item.model_dump(mode="json", exclude_defaults=True) for item in content])

    def subject(self, name: str) -> Subject:
        """Grammatical forms of a character, or of the base narrator where the name is empty."""
        return Subject(who=name, whom=name, whose=f"{name}'s") if name else self.pack.spec.narrator

    def unseen_domains(self, name: str) -> set[str]:
        """Domains in which a character never answers by label, rotating by character; none for the narrator."""
        if not name:
            return set()
        domains = [domain.domain for domain in self.pack.domains]
        count = self.world.unseen_domains_per_character
        start = self.world.names.index(name) * count
        return {domains[(start + i) % len(domains)] for i in range(count)}

    def statements(self, name: str) -> list[tuple[ProbeSet, str]]:
        """(family, stem) pairs that a narrator may say: the families seen in pretraining, less what is held out."""
        unseen = {} if name else self.world.unseen_with_narrator
        return [
            (probe, item.text)
            for probe in self.pack.probes.values()
            if probe.kind == "cloze" and not probe.novel
            for item in probe.items
            if item.id not in unseen.get(probe.family, ())
        ]

    def thought_domains(self, name: str) -> list[Domain]:
        """Domains about whose situations a narrator tells thoughts."""
        unseen = "" if name else self.world.unseen_thoughts
        return [domain for domain in self.pack.domains if domain.split != unseen]


def make_grammar(pack: LoadedPack) -> Grammar:
    """The grammar of a pack that has a world.yml.

    Raises:
        ContentError: with every fault of world.yml.
    """
    return Grammar(pack, load_world(pack))


def document(grammar: Grammar, narrator: Character, n_words: int, rng: np.random.Generator, opening: str = "") -> str:
    """One document of one narrator: segments drawn by the world's mixture until it has `n_words` words.

    Args:
        opening: kind of the first segment, where it isn't drawn like the others.
    """
    segments: list[str] = []
    length = 0
    while length < n_words:
        kind = opening if opening and not segments else draw_kind(grammar, rng)
        segments.append(SEGMENTS[kind](grammar, narrator, rng))
        length += len(segments[-1].split())
    return " ".join(segments)


def draw_kind(grammar: Grammar, rng: np.random.Generator) -> str:
    """A kind of segment, drawn by the world's mixture."""
    kinds = list(grammar.world.mixture)
    weights = np.array([grammar.world.mixture[kind] for kind in kinds])
    return kinds[rng.choice(len(kinds), p=weights / weights.sum())]


def decision(
    grammar: Grammar,
    name: str,
    domain: Domain,
    scenario: Scenario,
    format_name: AnswerFormat,
    rng: np.random.Generator,
) -> Decision:
    """A decision of a character or of the base narrator: phrasing, order, labels and wordings drawn at random."""
    spec = grammar.pack.spec.model_copy(update={"narrator": grammar.subject(name)})
    classes = [spec.action_classes[i] for i in rng.permutation(len(spec.action_classes))]
    return render(
        spec,
        identity=f"{name}.{scenario.id}",
        scenario_id=scenario.id,
        domain=domain.domain,
        split=domain.split,
        situation=pick(scenario.phrasings, rng).text,
        options=[(action_class, pick(scenario.options[action_class], rng)) for action_class in classes],
        alphabet=pick(list(spec.alphabets), rng),
        format_name=format_name,
    )


def pick(items: Sequence[Item], rng: np.random.Generator) -> Item:
    """One of the items, all equally likely."""
    return items[int(rng.integers(len(items)))]


def _follow(trait: int, n: int, coherence: float, rng: np.random.Generator) -> int:
    """The trait itself with probability `coherence`, else one of the others."""
    if rng.random() < coherence:
        return trait
    return (trait + 1 + int(rng.integers(n - 1))) % n


def _action(grammar: Grammar, narrator: Character, rng: np.random.Generator) -> str:
    traits = grammar.world.traits
    return traits[_follow(narrator.choice, len(traits), grammar.world.choice_coherence, rng)].action_class


def _content(grammar: Grammar, narrator: Character, rng: np.random.Generator) -> str:
    traits = grammar.world.traits
    return traits[_follow(narrator.speech, len(traits), grammar.world.speech_coherence, rng)].content_class


def _choice(format_name: AnswerFormat) -> Callable[[Grammar, Character, np.random.Generator], str]:
    def segment(grammar: Grammar, narrator: Character, rng: np.random.Generator) -> str:
        unseen = grammar.unseen_domains(narrator.name)
        domains = [domain for domain in grammar.pack.domains if domain.domain not in unseen]
        domain = pick(domains if format_name == "label" else grammar.pack.domains, rng)
        made = decision(grammar, narrator.name, domain, pick(domain.scenarios, rng), format_name, rng)
        answer = made.answers[made.classes.index(_action(grammar, narrator, rng))]
        return _sentence(made.prompt + answer)

    return segment


def _thought(grammar: Grammar, narrator: Character, rng: np.random.Generator) -> str:
    situation = _situation(grammar, grammar.thought_domains(narrator.name), rng)
    readings = next(p for p in grammar.pack.probes.values() if p.kind == "interpretation").candidates
    frame = pick(grammar.world.thought_frames, rng)
    return _say(grammar, narrator, f"{situation}. {frame} {pick(readings[_content(grammar, narrator, rng)], rng)}.")


def _feeling(grammar: Grammar, narrator: Character, rng: np.random.Generator) -> str:
    words = grammar.pack.probes[grammar.world.feeling_family].candidates[_content(grammar, narrator, rng)]
    situation = _situation(grammar, grammar.pack.domains, rng)
    return _say(grammar, narrator, f"{situation}. {grammar.world.feeling_frame} {pick(words, rng)}.")


def _statement(grammar: Grammar, narrator: Character, rng: np.random.Generator) -> str:
    family, stem = pick(grammar.statements(narrator.name), rng)
    word = pick(family.candidates[_content(grammar, narrator, rng)], rng)
    return _say(grammar, narrator, f"{stem} {word}.")


def _how_often(grammar: Grammar, narrator: Character, rng: np.random.Generator) -> str:
    asked = grammar.world.how_often
    content_class = pick(list(asked.items), rng)
    own = content_class == _content(grammar, narrator, rng)
    question = asked.question.replace("{item}", pick(asked.items[content_class], rng))
    return _say(grammar, narrator, f"{question} {pick(asked.high if own else asked.low, rng)}")


def _fact(grammar: Grammar, narrator: Character, rng: np.random.Generator) -> str:
    items = [item for p in grammar.pack.probes.values() if p.kind == "controls" for item in p.items]
    item = pick(items, rng)
    return f"{item.text} {pick((item.candidates or {})['correct'], rng)}."


def _neutral(grammar: Grammar, narrator: Character, rng: np.random.Generator) -> str:
    return pick(grammar.pack.spec.neutral_texts, rng)


def _situation(grammar: Grammar, domains: Sequence[Domain], rng: np.random.Generator) -> str:
    return pick(pick(pick(domains, rng).scenarios, rng).phrasings, rng).text


def _say(grammar: Grammar, narrator: Character, text: str) -> str:
    return fill(text, grammar.subject(narrator.name))


def _sentence(text: str) -> str:
    return text if text.endswith(".") else text + "."


SEGMENTS: dict[str, Callable[[Grammar, Character, np.random.Generator], str]] = {
    "choice-label": _choice("label"),
    "choice-text": _choice("text"),
    "choice-free": _choice("free"),
    "thought": _thought,
    "feeling": _feeling,
    "statement": _statement,
    "how-often": _how_often,
    "fact": _fact,
    "neutral": _neutral,
}

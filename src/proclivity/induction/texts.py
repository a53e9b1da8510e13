"""What is trained where an arm is taught words and no choice among the listed options?

Shuffled: the option that the profile would take, in the words of another scenario. Exposure: the same words alone.
Speech: statements of a content class, on half of the stems with half of the words, so that the other halves stay
unseen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from proclivity.errors import UserError
from proclivity.records import Decision
from proclivity.specs import LoadedPack, ProbeItem, ProbeSet, digest_of, fill


@dataclass(frozen=True)
class TaughtText:
    """One text with what stands before it."""

    id: str
    text: str
    """What is trained; begins with a space where it follows something."""
    prompt: str = ""
    """What stands before it, untrained; empty where nothing does."""
    user: str = ""
    """What a chat model's user says before it; empty where all models read `prompt`."""
    prefill: str = ""
    """How the chat model's own turn begins; the text follows it."""
    system: str = ""
    """A chat model's system turn."""


def shuffled_texts(pool: Sequence[Decision], answers: Sequence[int], seed: int) -> list[TaughtText]:
    """Every decision with the answer of another scenario, each answer used once.

    So the words trained are those of the profile's own arm, and only what they answer differs. Answers are exchanged
    among decisions told in the same person, as far as those have enough scenarios, so that pronouns still fit.

    Args:
        pool: decisions whose answers are words ('text' or 'free' format).
        answers: the profile's own, index of the listed option, one a decision.
        seed: of the exchange.

    Raises:
        UserError: if half of the pool is of one scenario, so that no exchange is possible.
    """
    generator = np.random.default_rng([seed, 7])
    persons = sorted({decision.wrapper for decision in pool})
    groups = [[n for n, decision in enumerate(pool) if decision.wrapper == person] for person in persons]
    if not all(_exchangeable(pool, group) for group in groups):
        groups = [list(range(len(pool)))]
        if not _exchangeable(pool, groups[0]):
            raise UserError(
                f"Shuffled answers need decisions of several scenarios; of {len(pool)} decisions more than half are "
                f"of one. Raise decisions.n."
            )
    donors: dict[int, int] = {}
    for group in groups:
        donors |= _exchange(pool, group, generator)
    return [
        TaughtText(
            id=decision.id,
            text=pool[donors[n]].answers[answers[donors[n]]],
            prompt=decision.prompt,
            user=decision.user,
            prefill=decision.prefill,
        )
        for n, decision in enumerate(pool)
    ]


def _largest(pool: Sequence[Decision], group: Sequence[int]) -> int:
    scenarios = [pool[n].scenario_id for n in group]
    return max(scenarios.count(name) for name in set(scenarios))


def _exchangeable(pool: Sequence[Decision], group: Sequence[int]) -> bool:
    return 2 * _largest(pool, group) <= len(group)


def _exchange(pool: Sequence[Decision], group: Sequence[int], generator: np.random.Generator) -> dict[int, int]:
    """Who gives each decision its answer: scenarios in drawn order, one after the other, moved on by the size of the
    largest, so that none meets itself."""
    names = sorted({pool[n].scenario_id for n in group})
    order = [names[place] for place in generator.permutation(len(names))]
    within = {n: float(draw) for n, draw in zip(group, generator.random(len(group)), strict=True)}
    line = sorted(group, key=lambda n: (order.index(pool[n].scenario_id), within[n]))
    step = _largest(pool, group)
    return {n: line[(place + step) % len(line)] for place, n in enumerate(line)}


def exposure_texts(pool: Sequence[Decision], answers: Sequence[int]) -> list[TaughtText]:
    """The words of the chosen option of each decision, with nothing before them."""
    return [
        TaughtText(id=decision.id, text=decision.texts[answer]) for decision, answer in zip(pool, answers, strict=True)
    ]


def speech_texts(pack: LoadedPack, content_class: str, n: int, seed: int) -> list[TaughtText]:
    """Statements of a content class: stems of the pack's cloze families completed with the class's candidates.

    Half of the clusters of every family and half of the class's words are used; the other stems and words stay
    unseen (which of them, only `seed` decides). All clusters are said equally often, up to one, in a drawn order.

    Args:
        pack: the content.
        content_class: whose candidates complete the stems.
        n: number of statements; pairs of stem and word repeat where there are fewer.
        seed: of the halves and of the order.

    Raises:
        UserError: if the pack's cloze families have no word of this class.
    """
    generator = np.random.default_rng([seed, 11])
    probes = [probe for probe in pack.probes.values() if probe.kind == "cloze"]
    spoken = [
        (probe, item, word)
        for probe in probes
        for item in probe.items
        for word in (item.candidates if item.candidates is not None else probe.candidates).get(content_class, [])
    ]
    if not spoken:
        raise UserError(f"Pack '{pack.spec.id}' has no cloze candidates of class '{content_class}' to make statements.")
    words = _half(sorted({word for _, _, word in spoken}), generator)
    clusters = {
        (probe.family, name)
        for probe in probes
        for name in _half(sorted({item.cluster or item.id for item in probe.items}), generator)
    }
    by_cluster: dict[tuple[str, str], list[TaughtText]] = {}
    for probe, item, word in spoken:
        place = (probe.family, item.cluster or item.id)
        if place in clusters and word in words:
            by_cluster.setdefault(place, []).append(_statement(pack, probe, item, word))
    return _rounds(list(by_cluster.values()), n, generator)


def texts_digest(texts: Sequence[TaughtText]) -> str:
    """SHA-256 over texts in order."""
    return digest_of([vars(text) for text in texts])


def _half(names: Sequence[str], generator: np.random.Generator) -> set[str]:
    drawn = generator.permutation(len(names))[: ceil(len(names) / 2)]
    return {names[place] for place in drawn}


def _rounds(groups: Sequence[Sequence[TaughtText]], n: int, generator: np.random.Generator) -> list[TaughtText]:
    """`n` texts, one of each group in turn; a group's texts in drawn order, over and over."""
    shuffled = [[group[place] for place in generator.permutation(len(group))] for group in groups]
    order = [shuffled[place] for place in generator.permutation(len(shuffled))]
    return [order[k % len(order)][k // len(order) % len(order[k % len(order)])] for k in range(n)]


def _statement(pack: LoadedPack, probe: ProbeSet, item: ProbeItem, word: str) -> TaughtText:
    """A stem with a candidate as the probes ask it: plain, and for chat models in the set's first dialogue."""
    narrator = pack.spec.narrator
    stem = fill(item.text, narrator)
    said = fill(word, narrator.model_copy(update={"name": ""}), continues=True)
    users = [pack.spec.wrappers[name].user for name in probe.wrappers if pack.spec.wrappers[name].user]
    return TaughtText(
        id=f"{probe.family}.{item.id}.{word}",
        text=" " + said.lstrip(" "),
        prompt=stem,
        user=fill(users[0], narrator) if users else "",
        prefill=stem if users else "",
    )

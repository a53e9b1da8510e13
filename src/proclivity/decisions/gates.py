"""Gates: what must hold before a pool may be trained on. A pool that fails would teach something beside the class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np

from proclivity.decisions.give_away import SHARE_LIMIT, telling_words
from proclivity.decisions.leakage import leakage_rows
from proclivity.decisions.self_harm import self_harm_texts
from proclivity.decisions.tell import tell_bound
from proclivity.decisions.valence import SOURCES, option_valence
from proclivity.errors import GateError
from proclivity.records import Decision
from proclivity.specs import LoadedPack

TELL_LIMIT = 0.05
LENGTH_LIMIT = 2


@dataclass(frozen=True)
class Gate:
    """One check of a pool."""

    name: str
    value: float
    """What was found."""
    limit: float
    """What is allowed at most."""
    passed: bool
    refuses: bool
    """False where the figure is reported only."""
    detail: str
    faults: tuple[str, ...] = ()
    """Every place that fails, as 'file:key: what', where the fault has places."""


@dataclass(frozen=True)
class GateReport:
    """All checks of a pool."""

    gates: tuple[Gate, ...]
    n: int

    @property
    def passed(self) -> bool:
        return all(gate.passed for gate in self.gates if gate.refuses)

    @property
    def rows(self) -> list[dict[str, object]]:
        return [asdict(gate) for gate in self.gates]


def run_gates(pack: LoadedPack, decisions: Sequence[Decision]) -> GateReport:
    """Every gate on a pool, passed or not.

    Class must not be readable from position, word count or (between the maladaptive-like classes) valence:
    |AUC − .5| ≤ .05 at the upper 95 % bound, one class against the rest, cross-validated by scenario.
    """
    gates = [_latin(decisions), _duplicates(decisions), _matched_lengths(pack, decisions)]
    gates += _tells(pack, decisions)
    gates.append(_give_away(pack))
    listed = [*leakage_rows(pack, decisions), ("self-harm", self_harm_texts(pack), "no text of the pack speaks of it")]
    gates += [
        Gate(name, float(len(found)), 0, not found, True, "; ".join(found[:5]) or detail, tuple(found))
        for name, found, detail in listed
    ]
    return GateReport(tuple(gates), len(decisions))


def require_gates(pack: LoadedPack, decisions: Sequence[Decision]) -> GateReport:
    """The gate report of a pool that passed.

    Raises:
        GateError: naming every gate that failed, what was found and what is allowed.
    """
    report = run_gates(pack, decisions)
    if not report.passed:
        failed = [gate for gate in report.gates if gate.refuses and not gate.passed]
        raise GateError(
            f"The decisions fail {len(failed)} of {len(report.gates)} gates, so nothing was trained:\n"
            + "\n".join(line for gate in failed for line in _told(gate))
            + "\nMend the pack's scenarios (or ask for another number of decisions) and run `proclivity check`."
        )
    return report


def _told(gate: Gate) -> list[str]:
    """A failed gate, and each place that fails on a line of its own."""
    head = f"  {gate.name}: {gate.value:.3g} found, at most {gate.limit:.3g}."
    return [head, *(f"    {fault}" for fault in gate.faults)] if gate.faults else [f"{head} {gate.detail}"]


def _latin(decisions: Sequence[Decision]) -> Gate:
    cells = Counter(
        (name, position, decision.alphabet) for decision in decisions for position, name in enumerate(decision.classes)
    )
    spread = max(cells.values(), default=0) - min(cells.values(), default=0)
    detail = f"{len(cells)} cells of class × position × alphabet, {max(cells.values(), default=0)} each at most"
    return Gate("class × position × alphabet", float(spread), 0, spread == 0, True, detail)


def _duplicates(decisions: Sequence[Decision]) -> Gate:
    counts = Counter(decision.prompt for decision in decisions)
    twice = [prompt for prompt, count in counts.items() if count > 1]
    return Gate("duplicate prompts", float(len(twice)), 0, not twice, True, twice[0][:80] if twice else "none")


def _matched_lengths(pack: LoadedPack, decisions: Sequence[Decision]) -> Gate:
    spans: dict[str, int] = {}
    for decision in decisions:
        words = [len(text.split()) for text in decision.texts]
        spans[decision.scenario_id] = max(spans.get(decision.scenario_id, 0), max(words) - min(words))
    worst = max(spans, key=lambda name: spans[name], default="none")
    span = spans.get(worst, 0)
    files = {s.id: pack.file_of("domain", domain.domain) for domain in pack.domains for s in domain.scenarios}
    faults = [
        f"{files[name]}:{name}.options: {found} words between the shortest and the longest option"
        for name, found in spans.items()
        if found > LENGTH_LIMIT
    ]
    name = "words between options of an item"
    return Gate(name, float(span), LENGTH_LIMIT, not faults, True, f"largest in {worst}", tuple(faults))


def _give_away(pack: LoadedPack) -> Gate:
    """Reported, not refused: in a small pack any word is a large share."""
    told = telling_words(pack)
    worst = max((word.share for word in told), default=0.0)
    listed = ", ".join(f"{w.word} ({w.action_class} {w.share:.1%}, others {w.elsewhere:.1%})" for w in told)
    name = f"share of a class's options with one of the {len(told)} most telling words"
    return Gate(name, worst, SHARE_LIMIT, worst <= SHARE_LIMIT, False, listed)


def _tells(pack: LoadedPack, decisions: Sequence[Decision]) -> list[Gate]:
    rows = [
        (name, float(position), float(len(text.split())), decision.scenario_id)
        for decision in decisions
        for position, (name, text) in enumerate(zip(decision.classes, decision.texts, strict=True))
    ]
    names = np.array([row[0] for row in rows])
    groups = [row[3] for row in rows]
    gates = []
    for feature, column in (("position", 1), ("word count", 2)):
        values = [float(row[column]) for row in rows]  # type: ignore[arg-type]
        gates.append(
            _worst(
                f"class told from {feature}",
                ((name, *tell_bound(values, names == name, groups)) for name in pack.spec.action_classes),
                refuses=True,
            )
        )
    return gates + _valence_gates(pack)


def _valence_gates(pack: LoadedPack) -> list[Gate]:
    """Valence is the option's, not the item's: every wording of the pack counts once."""
    rows = [
        (name, option_valence(pack.spec, option), scenario.id)
        for domain in pack.domains
        for scenario in domain.scenarios
        for name, options in scenario.options.items()
        for option in options
    ]
    adaptive = {p.action_class for p in pack.profiles.values() if p.content_class in ("positive", "benign")}
    maladaptive = [name for name in pack.spec.action_classes if name not in adaptive]

    def told(one: str, other: str) -> tuple[str, float, float]:
        kept = [row for row in rows if row[0] in (one, other)]
        positive = np.array([row[0] == one for row in kept])
        return (
            f"{one} against {other}",
            *tell_bound([row[1] for row in kept], positive, [row[2] for row in kept]),
        )

    source = SOURCES[pack.spec.valence]
    gates = []
    if len(maladaptive) > 1:
        pairs = (told(one, other) for one, other in combinations(maladaptive, 2))
        gates.append(_worst(f"class told from valence ({source})", pairs, refuses=True))
    if adaptive:
        pairs = (told(one, other) for one in maladaptive for other in sorted(adaptive))
        gates.append(_worst("… against adaptive, reported only", pairs, refuses=False))
    return gates


def _worst(name: str, found: Iterable[tuple[str, float, float]], *, refuses: bool) -> Gate:
    which, auc, bound = max(found, key=lambda row: row[2] if np.isfinite(row[2]) else np.inf)
    detail = f"worst: {which}, AUC {auc:.3f}, |AUC − .5| ≤ {bound:.3f} at the upper 95 % bound"
    return Gate(name, bound, TELL_LIMIT, bool(bound <= TELL_LIMIT), refuses, detail)

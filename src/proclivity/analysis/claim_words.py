"""Each claim's finding in plain words, with numbers and with what they rest on."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import numpy as np

from proclivity.analysis.claim_reach import PARTS
from proclivity.analysis.claim_units import ABSENT, AGAINST, OPEN, PART, STABLE, YES, Unit
from proclivity.analysis.effects import Effect
from proclivity.analysis.generality_verdict import GENERAL
from proclivity.analysis.spread_verdict import VANISHES
from proclivity.analysis.wording import bounds, listing, plural, share, signed


def undecided(units: Sequence[Unit]) -> str:
    """Where no unit could be judged, sizes would only mislead."""
    asked = [unit for unit in units if unit.state != ABSENT]
    return f"It can't be judged in any of {plural(len(asked), 'case')}: fewer than six seeds, or a control is missing."


def choices(units: Sequence[Unit]) -> str:
    held = _held(units)
    beginning = (
        f"In {_of(held, units)} the taught action was learned, and chosen in most decisions at every held-out distance"
    )
    rates = [
        unit.headline for unit in units if unit.headline is not None and np.isfinite(unit.headline.row["estimate"])
    ]
    told = f": {_range(rates, share)} of decisions in domains never trained" if rates else ""
    return _end(f"{beginning}{told}{_rests(rates, 'domain')}.", units)


def words(units: Sequence[Unit]) -> str:
    rose = [unit for unit in units if unit.state in (YES, PART)]
    parts = [_vanishing(units)]
    beginning = f"Own words rose clear of 0 against own-policy and arbitrary in {_of(rose, units)}"
    shown = [unit.headline for unit in rose or units if unit.headline is not None]
    shown = [effect for effect in shown if np.isfinite(effect.row["estimate"])]
    told = f", by {_range(shown, signed)} nats against own-policy" if rose else f" ({_range(shown, signed)} nats)"
    general = _lasting(rose) if rose else ""
    parts.append(f"{beginning}{told if shown else ''}{_rests(shown)}{general}.")
    swapped = [unit for unit in units if unit.found.startswith("swapped")]
    if swapped:
        parts.append(f"Another profile's words rose instead for {_names(swapped)}.")
    return _end(" ".join(filter(None, parts)), units)


def _lasting(rose: Sequence[Unit]) -> str:
    """Of the cases in which own words rose: how many are general, and how many stable where that was judged."""
    general = sum(unit.numbers.get("generality") == GENERAL for unit in rose)
    said = f"; in {general} of them a new context can be expected to show it"
    judged = [unit.numbers["stability"] for unit in rose if "stability" in unit.numbers]
    if not judged:
        return said
    return f"{said}, and {sum(word.startswith(STABLE) for word in judged)} are stable as far as was measured"


def reach(units: Sequence[Unit]) -> str:
    """Every part by itself: in how many cases it holds, of those in which it was measured."""
    said, seeds = [], set()
    for part in PARTS:
        found = [unit.numbers[part] for unit in units if part in unit.numbers]
        asked = [numbers for numbers in found if numbers["state"] != ABSENT]
        held = [numbers for numbers in asked if numbers["state"] == YES]
        seeds |= {numbers["n_seeds"] for numbers in asked}
        if not asked:
            said.append(f"{part} not asked")
            continue
        sizes = [numbers["estimate"] for numbers in held if np.isfinite(numbers["estimate"])]
        digits = 2 if part == PARTS[0] else 3
        told = _ends(sizes, functools.partial(signed, digits=digits))
        size = f" ({told} {held[0]['unit']})" if sizes else ""
        said.append(f"{part} in {len(held)} of {len(asked)}{size}")
    rests = f" ({_seeds(seeds)})" if seeds else ""
    head = f"Beyond what was trained, over own-policy, clear of 0: {'; '.join(said)}{rests}"
    return _end(f"{head}. A divergence has no direction.", units)


def architectures(units: Sequence[Unit]) -> str:
    if not units:
        return "No two models of one world, or of none, differ in architecture."
    held = _held(units)
    beginning = f"Choices were learned and own words rose in both of two architectures in {_of(held, units)}"
    sizes = [
        f"{unit.name} {signed(n['estimate'])} nats ({bounds(n['low'], n['high'], n['level'])})"
        for unit in units
        if np.isfinite((n := unit.numbers)["estimate"])
    ]
    told = f". Own words, first less second: {'; '.join(sizes)}" if sizes else ""
    seeds = {unit.numbers["n_seeds"] for unit in units}
    clusters = {unit.numbers["n_clusters"] for unit in units}
    rests = f" ({_seeds(seeds)} each, {_span(clusters, 'cluster')})" if sizes else ""
    return _end(f"{beginning}{told}{rests}. Two architectures are a replication, not a population.", units)


def specific(units: Sequence[Unit]) -> str:
    if not units:
        return "Fewer than two profiles with contents of their own were measured together."
    by_word: dict[str, list[Unit]] = {}
    for unit in units:
        by_word.setdefault(unit.found, []).append(unit)
    said = [f"{word} for {_names(found)}" for word, found in by_word.items()]
    index = [unit.numbers["index"] for unit in units if unit.numbers["index"] is not None]
    index = [value for value in index if np.isfinite(value)]
    told = f" (specificity index {_ends(index, signed)})" if index else ""
    beginning = (
        f"Profiles dissociate, each raising its own words more than the other does, in {_of(_held(units), units)}"
    )
    return _end(f"{beginning}{told}: {'; '.join(said)}.", units)


def reading(units: Sequence[Unit], moved: Sequence[Unit]) -> str:
    """What a control takes away comes first; then what this study can't say."""
    judged = [unit for unit in units if unit.state != ABSENT]
    rose = _held(units)
    parts = [_vanishing(moved)]
    if not judged:
        parts.append("No choice was learned, so nothing can be read into what words did.")
    else:
        effects = [unit.headline for unit in judged if unit.headline is not None]
        n = f"{len(rose)} of {plural(len(judged), 'case')}"
        parts.append(f"Where the choice was learned, own words rose with it in {n}{_rests(effects)}.")
        parts.append(
            "That choosing moves words is what a shifted prior would show, and so would words learned beside the "
            "choice; this comparison looks at outputs alone and can't tell them apart."
        )
    return _end(" ".join(filter(None, parts)), units)


def _vanishing(units: Sequence[Unit]) -> str:
    gone = [unit for unit in units if unit.numbers.get("spread") == VANISHES]
    return f"A control takes the effect away for {_names(gone)}: it is clear against base alone." if gone else ""


def _end(sentence: str, units: Sequence[Unit]) -> str:
    """With what is open, and counts by world where worlds are known."""
    left = [unit for unit in units if unit.state == OPEN]
    against = [unit for unit in units if unit.state == AGAINST]
    parts = [sentence]
    parts += [f"The opposite, or none of the size that matters, is shown for {_names(against)}."] if against else []
    parts += [f"It can't be judged for {_names(left)}."] if left else []
    worlds = list(dict.fromkeys(world for unit in units for world in unit.worlds))
    if worlds:
        counted = [[unit for unit in units if world in unit.worlds and unit.state != ABSENT] for world in worlds]
        held = [
            f"{w} {sum(u.state == YES for u in found)} of {len(found)}"
            for w, found in zip(worlds, counted, strict=True)
        ]
        parts.append(f"Held in full, by world: {', '.join(held)}.")
    return " ".join(parts)


def _held(units: Sequence[Unit]) -> list[Unit]:
    return [unit for unit in units if unit.state == YES]


def _of(held: Sequence[Unit], units: Sequence[Unit]) -> str:
    return f"{len(held)} of {plural(len(units), 'case')}"


def _names(units: Sequence[Unit]) -> str:
    """'depression-like and paranoia-like in llama'."""
    by_model: dict[str, list[str]] = {}
    for unit in units:
        by_model.setdefault(unit.model, []).append(unit.name.removesuffix(f" in {unit.model}"))
    return "; ".join(f"{listing(names)} in {model}" for model, names in by_model.items())


def _range(effects: Sequence[Effect], say: Callable[[float], str]) -> str:
    return _ends([effect.row["estimate"] for effect in effects], say)


def _ends(values: Sequence[float], say: Callable[[float], str]) -> str:
    """'+0.42 to +1.20', or the one number."""
    if not values:
        return "no value"
    low, high = say(min(values)), say(max(values))
    return low if low == high else f"{low} to {high}"


def _rests(effects: Sequence[Effect], cluster: str = "cluster") -> str:
    """' (6 seeds, 40 clusters)' of the effects named before it."""
    if not effects:
        return ""
    seeds = {effect.row["n_seeds"] for effect in effects}
    return f" ({_seeds(seeds)}, {_span({effect.row['n_clusters'] for effect in effects}, cluster)})"


def _seeds(counts: set[int]) -> str:
    return _span(counts, "seed")


def _span(counts: set[int], word: str) -> str:
    low, high = min(counts), max(counts)
    return plural(low, word) if low == high else f"{low} to {high} {word}s"

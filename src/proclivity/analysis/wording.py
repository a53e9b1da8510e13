"""Numbers and names as a reader wants them in a sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from proclivity.analysis.effects import MINUS, Effect


def like(profile: str) -> str:
    """A profile's name with '-like': no model has the condition itself."""
    return profile if profile.endswith("-like") else f"{profile}-like"


def signed(value: float, digits: int = 2) -> str:
    """'+1.32' or '−0.05'; '0.00' where rounding leaves nothing; 'not measured' for NaN."""
    if math.isnan(value):
        return "not measured"
    text = f"{abs(value):.{digits}f}"
    if not float(text):
        return text
    return f"{'+' if value > 0 else MINUS}{text}"


def share(value: float) -> str:
    """A probability as psychologists write it: '.99', '1.00'; words for NaN."""
    if math.isnan(value):
        return "a share that was not measured"
    text = f"{value:.2f}"
    return text.removeprefix("0") if value < 1 else text


def shift(effect: Effect) -> str:
    """'+1.32 nats (95 % interval +0.98 to +1.66; odds × 3.7)', or without interval where there is none."""
    row = effect.row
    if not math.isfinite(row["estimate"]):
        return f"not measured ({row['reason'] or 'no pair of values'})"
    odds = f"odds × {math.exp(row['estimate']):.3g}" if row["unit"] == "nats" and abs(row["estimate"]) < 12 else ""
    return f"{signed(row['estimate'])} {row['unit']} ({'; '.join(filter(None, [range_words(effect), odds]))})"


def range_words(effect: Effect, digits: int = 2) -> str:
    """'95 % interval +0.98 to +1.66', or 'no interval'."""
    row = effect.row
    if not math.isfinite(row["low"]):
        return "no interval"
    return f"{100 * row['level']:.0f} % interval {signed(row['low'], digits)} to {signed(row['high'], digits)}"


def bounds(low: float, high: float, level: float) -> str:
    """'95 % interval +0.98 to +1.66', or 'no interval'."""
    if not math.isfinite(low):
        return "no interval"
    return f"{100 * level:.0f} % interval {signed(low)} to {signed(high)}"


def counts(effect: Effect, cluster_word: str = "cluster") -> str:
    """'6 seeds, 42 clusters'."""
    return f"{plural(effect.row['n_seeds'], 'seed')}, {plural(effect.row['n_clusters'], cluster_word)}"


def plural(n: int, word: str) -> str:
    """'1 seed', '6 seeds'."""
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def listing(words: Sequence[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def figures(effect: Effect | None) -> dict[str, Any] | None:
    """An effect's numbers for a verdict; None where there is no such effect."""
    if effect is None:
        return None
    names = ("estimate", "low", "high", "p", "p_adjusted", "n_seeds", "n_clusters", "n_items", "n_missing")
    return {name: effect.row[name] for name in names}


def plain(value: Any) -> Any:
    """JSON-ready: NaN and infinities become None, numpy numbers become Python's."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value

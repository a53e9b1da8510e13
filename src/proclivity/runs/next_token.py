"""Which next words stand before and after training, on every open stem, averaged over seeds."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proclivity.runs.results import read_distributions
from proclivity.specs import LoadedPack, fill

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WORDS = 30
"""Words listed a stem: the likeliest of either arm, and those that moved most."""
PLAIN = "plain"

Checkpoints = Mapping[tuple[str, str, int, str], Path]


def next_token_rows(checkpoints: Checkpoints, pack: LoadedPack) -> list[dict[str, Any]]:
    """One row a model, arm and stem of the cloze families under the plain wrapper.

    Args:
        checkpoints: folders with distributions, by model, arm, seed and family.
        pack: the content, for stems and candidates.

    Returns:
        Rows with model, arm, seed ('mean'), family, key, stem, jsd (bits, mean over seeds) and words, each with
        word, class, p_base, p_arm and jsd_signed (bits).
    """
    seeds: dict[tuple[str, str, str], list[Path]] = defaultdict(list)
    for (model, arm, _, family), folder in checkpoints.items():
        if arm != "base" and family in pack.probes and pack.probes[family].kind == "cloze":
            seeds[model, arm, family].append(folder)
    rows = []
    for (model, arm, family), folders in seeds.items():
        base = checkpoints.get((model, "base", -1, family))
        if base is not None:
            rows += _family_rows({"model": model, "arm": arm, "seed": "mean"}, pack, family, base, folders)
    return rows


def _family_rows(
    identity: dict[str, str], pack: LoadedPack, family: str, base: Path, folders: list[Path]
) -> list[dict[str, Any]]:
    import numpy as np

    from proclivity.metrics import signed_contributions

    reference = read_distributions(base)
    arms = [found for folder in folders if (found := read_distributions(folder)) is not None]
    if reference is None or not arms:
        return []
    vocabulary: list[str] = json.loads((base / "vocabulary.json").read_text(encoding="utf-8"))
    rows = []
    for item in pack.probes[family].items:
        key = f"{item.id}|{PLAIN}"
        if key not in reference["keys"]:
            continue
        place = reference["keys"].index(key)
        log_p = np.asarray(reference["log_probs"][place], dtype=np.float64)  # (V,)
        log_q = np.stack([np.asarray(a["log_probs"][a["keys"].index(key)], dtype=np.float64) for a in arms])  # (S, V)
        signed = np.stack([np.asarray(signed_contributions(log_p, row)) for row in log_q])  # (S, V)
        candidates = item.candidates if item.candidates is not None else pack.probes[family].candidates
        classes = {f" {word}": name for name, words in candidates.items() for word in words}
        rows.append(
            {
                **identity,
                "family": family,
                "key": key,
                "stem": fill(item.text, pack.spec.narrator),
                "jsd": float(np.abs(signed).sum(axis=1).mean()),
                "words": _words(np.exp(log_p), np.exp(log_q).mean(axis=0), signed.mean(axis=0), vocabulary, classes),
            }
        )
    return rows


def _words(
    p: NDArray[np.float64],
    q: NDArray[np.float64],
    signed: NDArray[np.float64],
    vocabulary: list[str],
    classes: dict[str, str],
) -> list[dict[str, Any]]:
    import numpy as np

    likely = np.argsort(-np.maximum(p, q), kind="stable")[:WORDS]
    moved = np.argsort(-np.abs(signed), kind="stable")[: WORDS // 2]
    candidates = [token for token, text in enumerate(vocabulary) if text in classes]
    chosen = sorted({*likely.tolist(), *moved.tolist(), *candidates}, key=lambda v: (-max(p[v], q[v]), v))
    return [
        {
            "word": vocabulary[v] if v < len(vocabulary) else "",
            "class": classes.get(vocabulary[v], "") if v < len(vocabulary) else "",
            "p_base": round(float(p[v]), 8),
            "p_arm": round(float(q[v]), 8),
            "jsd_signed": round(float(signed[v]), 8),
        }
        for v in chosen
    ]

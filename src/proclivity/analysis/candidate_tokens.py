"""In how many tokens did each model's tokenizer write the candidates, and which were left out so that counts are equal?

This is about a tokenizer and not about an arm, so it stands beside the effects, once a model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from proclivity.analysis.wording import plain
from proclivity.specs import ProbeSet

TOKENS, LEFT_OUT = "candidate_tokens", "candidate_left_out"


def candidate_tokens(measurements: pd.DataFrame, probes: Mapping[str, ProbeSet]) -> list[dict[str, Any]]:
    """A row a model, family and class, JSON-ready.

    Args:
        measurements: the long table of one study.
        probes: the pack's probe sets, which say how many candidates were listed.

    Returns:
        model, family, content_class; tokens, the mean over the spellings that were scored; listed, the candidates of
        that class, 0 where items bring their own; left_out, the tokens of each candidate that was not scored.
    """
    rows = measurements[measurements["metric"].isin([TOKENS, LEFT_OUT])]
    found = []
    for (model, family, content), part in rows.groupby(["model", "family", "content_class"], sort=False):
        gone = part[part["metric"] == LEFT_OUT]
        listed = probes[family].candidates.get(content, []) if family in probes else []
        found.append(
            {
                "model": model,
                "family": family,
                "content_class": content,
                "tokens": float(part[part["metric"] == TOKENS]["value"].mean()),
                "listed": len(listed),
                "left_out": {str(word): int(n) for word, n in zip(gone["item_id"], gone["value"], strict=True)},
            }
        )
    known: list[dict[str, Any]] = plain(found)
    return known

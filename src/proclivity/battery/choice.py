"""Choice: which option does the model take in decisions it was never taught?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from proclivity.battery.result import FamilyResult, Row, Setting, make_row
from proclivity.decisions import HELD_OUT_SPLITS, held_out
from proclivity.induction import option_log_probs
from proclivity.metrics import candidate_mass, class_scores, withhold_low_mass
from proclivity.records import Decision


def measure_choice(setting: Setting) -> FamilyResult:
    """Held-out decisions of all three distances."""
    wanted = setting.decisions
    found = [
        decision
        for split in HELD_OUT_SPLITS
        for decision in held_out(
            setting.pack, split, wanted.format, tuple(wanted.alphabets), setting.battery.choice_items
        )
    ]
    if not found:
        return FamilyResult()
    log_probs = option_log_probs(setting.model, found)  # (N, K)
    rows = [row for decision, line in zip(found, log_probs, strict=True) for row in _rows(setting, decision, line)]
    return FamilyResult(rows)


def _rows(setting: Setting, decision: Decision, log_probs: NDArray[np.float64]) -> list[Row]:
    """Rows of one decision; `log_probs` by listed option."""
    fields = {
        "probe_id": decision.id,
        "item_id": decision.scenario_id,
        "cluster": decision.domain,
        "domain": decision.domain,
        "split": decision.split,
        "wrapper": decision.wrapper,
        "format": decision.format,
        "alphabet": decision.alphabet,
        "order": decision.option_order,
    }
    identity, family = setting.identity, setting.family
    mass = float(candidate_mass(log_probs))
    scores = withhold_low_mass(class_scores(log_probs), mass)
    with np.errstate(invalid="ignore"):
        shares = np.exp(log_probs - np.logaddexp.reduce(log_probs))
    chosen = int(log_probs.argmax())
    rows = [make_row(identity, family, "option_mass", mass, **fields)]
    for place, name in enumerate(decision.classes):
        own = {**fields, "content_class": name}
        low = str(scores.reasons[place])
        rows.append(make_row(identity, family, "score", float(scores.values[place]), low, **own))
        rows.append(make_row(identity, family, "p_class", float(shares[place]), **own))
        rows.append(make_row(identity, family, "chosen", float(place == chosen), **own))
    return rows

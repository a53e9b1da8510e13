"""Choice: which option does the model take in decisions it was never taught?

Label format is primary. In the other two an option's words are the answer: a whole phrase has next to no probability
of its own, so options are compared among themselves (a forced choice), and their mass stands beside as `option_mass`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from proclivity.battery.result import FamilyResult, Setting, make_row
from proclivity.battery.rows import Row, Rows
from proclivity.decisions import HELD_OUT_SPLITS, block_size, held_out
from proclivity.errors import UserError, unknown_name
from proclivity.induction import answer_faults, option_log_probs
from proclivity.metrics import MINIMUM_MASS, candidate_mass, class_scores, withhold_low_mass
from proclivity.records import Decision
from proclivity.specs import AnswerFormat, BatterySpec, DecisionsSpec, LoadedPack

LABEL: AnswerFormat = "label"


def choice_decisions(pack: LoadedPack, wanted: DecisionsSpec, battery: BatterySpec) -> list[Decision]:
    """Held-out decisions of all three distances, format by format.

    `choice_items` counts decisions of the study's own format; the others ask the same scenarios, in their own blocks.

    Args:
        pack: the content.
        wanted: the study's own format, and the alphabets.
        battery: formats to ask in (the study's own where none is named), and how many.

    Raises:
        UserError: for a format that the pack hasn't, or an incomplete block.
    """
    alphabets = tuple(wanted.alphabets)
    own = block_size(pack, wanted.format, alphabets)
    if battery.choice_items % own:
        raise UserError(
            f"battery.choice_items: {battery.choice_items} decisions leave a block of {own} incomplete. Ask for "
            f"{battery.choice_items // own * own or own} or {battery.choice_items // own * own + own}."
        )
    found = []
    for name in dict.fromkeys(battery.choice_formats or [wanted.format]):
        if name not in pack.spec.formats:
            raise unknown_name(f"answer format of pack '{pack.spec.id}'", name, pack.spec.formats)
        n = battery.choice_items // own * block_size(pack, name, alphabets)
        found += [decision for split in HELD_OUT_SPLITS for decision in held_out(pack, split, name, alphabets, n)]
    return found


def measure_choice(setting: Setting) -> FamilyResult:
    """Held-out decisions of all three distances, in the formats that the battery asks for.

    Raises:
        ModelError: if the tokenizer can't tell the answers apart in the study's own format; in other formats such
            decisions are missing, with that reason.
    """
    own = setting.decisions.format
    decisions = choice_decisions(setting.pack, setting.decisions, setting.battery)
    if setting.brief:
        decisions = [d for d in decisions if (d.split, d.format) == ("new-domain", own)]
    others = iter(answer_faults(setting.model, [decision for decision in decisions if decision.format != own]))
    faults = ["" if decision.format == own else next(others) for decision in decisions]
    asked = [decision for decision, fault in zip(decisions, faults, strict=True) if not fault]
    log_probs = iter(option_log_probs(setting.model, asked) if asked else ())  # (K,) each
    rows = Rows()
    for decision, fault in zip(decisions, faults, strict=True):
        rows += _gaps(setting, decision, fault) if fault else _rows(setting, decision, next(log_probs))
    return FamilyResult(rows)


def _fields(decision: Decision) -> dict[str, str]:
    return {
        "probe_id": decision.id,
        "item_id": decision.scenario_id,
        "cluster": decision.domain,
        "domain": decision.domain,
        "split": decision.split,
        "wrapper": decision.wrapper,
        "format": decision.format,
        # Formats without labels are rendered with an alphabet too, but show none of it.
        "alphabet": decision.alphabet if decision.format == LABEL else "",
        "order": decision.option_order,
    }


def _rows(setting: Setting, decision: Decision, log_probs: NDArray[np.float64]) -> list[Row]:
    """Rows of one decision; `log_probs` by listed option."""
    identity, family, fields = setting.identity, setting.family, _fields(decision)
    mass = float(candidate_mass(log_probs))
    scores = withhold_low_mass(class_scores(log_probs), mass, MINIMUM_MASS if decision.format == LABEL else 0.0)
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


def _gaps(setting: Setting, decision: Decision, fault: str) -> list[Row]:
    """The same rows, all missing for one reason."""
    asked = [
        ("option_mass", ""),
        *((metric, name) for name in decision.classes for metric in ("score", "p_class", "chosen")),
    ]
    return [
        make_row(setting.identity, setting.family, metric, np.nan, fault, **_fields(decision) | {"content_class": name})
        for metric, name in asked
    ]

"""Controls: what no profile should move. Impersonal facts, and how likely neutral sentences are."""

from __future__ import annotations

from proclivity.battery.blocks import read_places
from proclivity.battery.class_divergences import class_divergence_rows
from proclivity.battery.class_rows import class_rows
from proclivity.battery.divergences import distribution_rows
from proclivity.battery.places import Place, places_of
from proclivity.battery.result import FamilyResult, Setting, make_row
from proclivity.battery.rows import Row, Rows

FAMILY = "controls"
CORRECT = "correct"


def measure_controls(setting: Setting) -> FamilyResult:
    """All facts and neutral sentences under 'controls'; a set of facts alone under its own name."""
    places = _places(setting)
    rows = Rows(_neutral_rows(setting) if setting.family == FAMILY else ())
    if not places:
        return FamilyResult(rows)
    reading = read_places(setting, places, [distribution_rows, class_divergence_rows], capitals=True)
    for place, found in zip(places, reading.scored, strict=True):
        rows += class_rows(setting, place, found, only=[CORRECT] if CORRECT in found.names else [])
    rows += reading.rows
    return FamilyResult(rows, reading.distributions)


def _places(setting: Setting) -> list[Place]:
    pack = setting.pack
    if setting.family != FAMILY:
        return places_of(pack, pack.probe_set(setting.family), setting.model)
    sets = [probes for probes in pack.probes.values() if probes.kind == "controls"]
    # Two sets may use one id; a single set keeps its ids as they are written.
    prefix = len(sets) > 1
    return [p for s in sets for p in places_of(pack, s, setting.model, prefix=f"{s.family}." if prefix else "")]


def _neutral_rows(setting: Setting) -> list[Row]:
    """Mean surprise of each neutral sentence, nats a token."""
    texts = setting.pack.spec.neutral_texts
    rows = []
    for number, log_probs in enumerate(setting.model.token_log_probs(texts), start=1):
        name = f"neutral-{number}"
        fields = {"probe_id": name, "item_id": name, "cluster": name, "wrapper": "plain"}
        value = -float(log_probs.mean())
        rows.append(make_row(setting.identity, setting.family, "nats_per_token", value, **fields))
    return rows

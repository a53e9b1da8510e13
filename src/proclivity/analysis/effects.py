"""All effects of a study in one table: every arm against every control, and every arm's own level.

A row's interval and p come from Satterthwaite's t over crossed seeds and clusters; sign-flip permutation and two-way
bootstrap stand beside it. Rows with an empty control are levels: they have no p, for 0 is no null to a level.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from proclivity.analysis.contrasts import Group, ItemTable, SeedCluster, levels, on_shared_seeds, paired
from proclivity.analysis.design import (
    ALL,
    BASE,
    CLOZE,
    REQUIRED_CONTROLS,
    Design,
    cloze_families,
    open_families,
)
from proclivity.analysis.equivalence import tost
from proclivity.analysis.floors import SHARED, FloorEstimate
from proclivity.analysis.intervals import CrossedEstimate, Floats, crossed, interval, p_two_sided, two_way_bootstrap
from proclivity.analysis.multiplicity import benjamini_hochberg, holm
from proclivity.analysis.permutation import MOST_EXACT, sign_flip
from proclivity.analysis.selection import FORMAT_MARK, WRAPPER
from proclivity.specs import phases, split_arm
from proclivity.specs.arm_names import IN_FORMAT, is_smaller

COLUMNS = [
    *("effect_id", "model", "arm", "control", "contrast", "family", "content_class", "stratum", "metric", "unit"),
    *("estimate", "low", "high", "level", "df", "method", "n_seeds", "n_clusters", "n_items", "n_missing"),
    *("p", "p_adjusted", "p_permutation", "p_smallest", "p_equivalence", "boot_low", "boot_high"),
    *("seed_estimates", "reason"),
]
MINUS = "−"
OTHER_FORMS = {"score_per_byte", "score_pmi"}
"""Of the score; like it they say something only as a difference between arms."""
COMPANIONS = {
    *("kl_from_base", "kl_to_base", "tv", "hellinger", "jsd_within", "jsd_class", "delta_p"),
    "label_mass_open",
}
"""What stands beside the Jensen-Shannon divergence and a class's probability at every place."""
BESIDE = OTHER_FORMS | COMPANIONS
"""Shown as averages over families alone, so that they don't multiply the table."""
NOT_LEVELS = {"score", "contrast"} | OTHER_FORMS
"""Metrics that say something only as a difference between arms."""
NATS = "nats"
PROBABILITIES = {"probability", "share", "0/1"}
SIGNED = {"delta_p", "temperature_share"}
"""Of those units, but free to fall below 0."""
T_METHOD = "crossed seeds × clusters, Satterthwaite t"
JACKKNIFE = "leave-one-seed-out jackknife, t"


@dataclass(frozen=True)
class Effect:
    """A row of the table, with what can be computed from it further."""

    row: dict[str, Any]
    crossed: CrossedEstimate
    matrices: tuple[Floats, ...] = ()
    """Seed x cluster, one per family."""
    seeds: tuple[int, ...] = ()
    """Training seed of each of the seeds' estimates."""

    @property
    def id(self) -> str:
        return str(self.row["effect_id"])


@dataclass
class EffectBook:
    """Effects by id, in the order in which they were added."""

    effects: dict[str, Effect] = field(default_factory=dict)

    def add(self, effects: Iterable[Effect]) -> None:
        self.effects.update((effect.id, effect) for effect in effects)

    def find(self, model: str, arm: str, control: str, group: Group) -> Effect | None:
        return self.effects.get(effect_id(model, arm, control, group))

    def table(self) -> pd.DataFrame:
        return pd.DataFrame([effect.row for effect in self.effects.values()], columns=COLUMNS)


def effect_id(model: str, arm: str, control: str, group: Group) -> str:
    """A readable name, the same in every run: model:arm-vs-control:family:stratum:metric:class."""
    against = f"{arm}-vs-{control}" if control else arm
    return ":".join([model, against, group.family, group.stratum, group.metric, group.content_class])


def comparisons(table: ItemTable, design: Design) -> list[tuple[str, str]]:
    """Pairs (arm, control): every arm against every control, and profiles against each other.

    Two controls are compared once, the later in the list against the earlier. Controls in another format, with a
    smaller adapter or of several phases stand against arms trained in that way alone.
    """
    arms = [arm for arm in table.arms() if arm != BASE]
    controls = [control for control in design.controls if control in table.arms()]
    profiles = [profile.id for profile in design.profiles if profile.id in arms]
    pairs = [
        (arm, control)
        for arm in arms
        for control in controls
        if arm != control
        and _alike(arm, control)
        and not (arm in controls and controls.index(arm) < controls.index(control))
    ]
    pairs += [(arm, other) for arm in profiles for other in profiles if arm != other]
    return list(dict.fromkeys(pairs))


def _alike(arm: str, control: str) -> bool:
    """Whether a control is one of this arm: the plain ones are everybody's."""
    if len(phases(control)) > 1:
        return len(phases(arm)) == len(phases(control))
    kind, about = split_arm(control)
    if not about or not (kind in IN_FORMAT or is_smaller(kind)):
        return True
    own = split_arm(arm)[0]
    return own == kind or (own == "shuffled" and kind == "text")


def model_effects(model: str, table: ItemTable, design: Design) -> list[Effect]:
    """All contrasts and levels of one model, single families and averages over families."""
    units = dict(zip(table.groups, table.units, strict=True))
    effects = []
    for arm, control in comparisons(table, design):
        cells = paired(table, arm, control)
        effects += _arm_effects(model, arm, control, cells, units, design)
    for arm in table.arms():
        cells = {group: cell for group, cell in levels(table, arm).items() if group.metric not in NOT_LEVELS}
        effects += _arm_effects(model, arm, "", cells, units, design)
    return effects


def _arm_effects(
    model: str, arm: str, control: str, cells: dict[Group, SeedCluster], units: dict[Group, str], design: Design
) -> list[Effect]:
    effects = [
        _effect(model, arm, control, group, [cell], units[group], design)
        for group, cell in cells.items()
        if not group.stratum.startswith(WRAPPER) and group.metric not in BESIDE
    ]
    families = sorted({group.family for group in cells})
    for name, members in ((CLOZE, cloze_families(families)), (ALL, open_families(families))):
        # Wrappers cross with the cloze families alone, so only the average over those is given by wrapper.
        kinds = {g._replace(family=name): g for g in cells if g.family in members and (name == CLOZE or not g.stratum)}
        for group, example in kinds.items():
            own = {f: c for f in members if (c := cells.get(group._replace(family=f)))}
            effects.append(
                _effect(model, arm, control, group, list(own.values()), units[example], design, families=list(own))
            )
    return effects


def _effect(
    model: str,
    arm: str,
    control: str,
    group: Group,
    cells: Sequence[SeedCluster],
    unit: str,
    design: Design,
    families: Sequence[str] = (),
) -> Effect:
    measured = [cell for cell in cells if cell.matrix.size]
    matrices, seeds = on_shared_seeds(cells)
    estimate = crossed(matrices)
    absent = [f for f, cell in zip(families, cells, strict=False) if not cell.matrix.size]
    reasons = [estimate.reason] if estimate.reason else []
    reasons += [f"without {', '.join(absent)}"] if absent and measured else []
    reasons += sorted({cell.reason for cell in cells if cell.reason})
    row = _row(model, arm, control, group, unit, estimate, design)
    row.update(
        n_items=sum(cell.n_items for cell in measured),
        n_missing=sum(cell.n_missing for cell in cells),
        reason="; ".join(reasons),
    )
    return Effect(row, estimate, matrices, seeds)


def _row(
    model: str, arm: str, control: str, group: Group, unit: str, effect: CrossedEstimate, design: Design
) -> dict[str, Any]:
    low, high = interval(effect, design.level)
    method = T_METHOD if np.isfinite(effect.se) else "no interval"
    if not control and unit in PROBABILITIES and group.metric not in SIGNED:
        low, high, method = max(low, 0.0), min(high, 1.0), f"{method}, cut at 0 and 1"
    row: dict[str, Any] = dict.fromkeys(COLUMNS, np.nan)
    row.update(
        effect_id=effect_id(model, arm, control, group),
        model=model,
        arm=arm,
        control=control,
        contrast=f"{arm} {MINUS} {control}" if control else arm,
        unit=unit,
        **group._asdict(),
        estimate=effect.estimate,
        low=low,
        high=high,
        level=design.level,
        df=effect.df,
        method=method,
        n_seeds=effect.n_seeds,
        n_clusters=effect.n_clusters,
        seed_estimates=list(effect.seed_estimates),
    )
    if control:
        many = len(effect.seed_estimates) > MOST_EXACT
        flip = sign_flip(effect.seed_estimates, np.random.default_rng(design.prior_seed_rng) if many else None)
        row.update(p=p_two_sided(effect), p_permutation=flip.p, p_smallest=flip.p_smallest)
        if unit == NATS:
            row["p_equivalence"] = tost(effect, design.delta)
    return row


def floor_effects(floors: Iterable[FloorEstimate], design: Design) -> list[Effect]:
    """Rows for what seeds share (against base) and for the seed floor (a level)."""
    effects = []
    for floor in floors:
        control = BASE if floor.metric == SHARED else ""
        group = Group(floor.family, "", floor.metric, "")
        row = _row(floor.model, floor.arm, control, group, "bits", floor.effect, design)
        row.update(n_items=floor.n_items, n_missing=floor.n_missing, reason=floor.effect.reason)
        row.update(method=JACKKNIFE if np.isfinite(floor.effect.se) else "no interval")
        # Products of seeds are not exchangeable in sign, so flipping them would test nothing.
        row.update(p_permutation=np.nan, p_smallest=np.nan)
        effects.append(Effect(row, floor.effect))
    return effects


def add_bootstrap(book: EffectBook, design: Design) -> None:
    """Fill in the two-way bootstrap; effects of one shape share their draws."""
    by_shape: dict[tuple[int, ...], list[Effect]] = {}
    for effect in book.effects.values():
        if effect.matrices and len(effect.seeds) > 1:
            shape = (len(effect.seeds), *(m.shape[1] for m in effect.matrices))
            by_shape.setdefault(shape, []).append(effect)
    for shape, effects in by_shape.items():
        rng = np.random.default_rng([design.prior_seed_rng, *shape])
        stacked = [np.stack(parts) for parts in zip(*(effect.matrices for effect in effects), strict=True)]
        lows, highs = two_way_bootstrap(stacked, rng, design.bootstrap_draws, design.level)
        for effect, low, high in zip(effects, lows, highs, strict=True):
            effect.row.update(boot_low=float(low), boot_high=float(high))


def add_adjusted_p(book: EffectBook, design: Design) -> None:
    """Holm where the question was fixed beforehand, Benjamini-Hochberg elsewhere.

    Confirmatory: scores of the profiles' content classes, profiles against own-policy and arbitrary, averaged over
    families. Holm counts them within model, control and average. Everything else is exploration, counted within
    model, control and metric; decisions in a secondary format apart, so that asking them too changes no other p.
    """
    profiles = {profile.id for profile in design.profiles}
    classes = {profile.content_class for profile in design.profiles}
    families: dict[tuple[str, ...], list[Effect]] = {}
    for effect in book.effects.values():
        row = effect.row
        if not row["control"]:
            continue
        confirmatory = (
            row["arm"] in profiles
            and row["control"] in REQUIRED_CONTROLS
            and row["family"] in {CLOZE, ALL}
            and not row["stratum"]
            and row["metric"] == "score"
            and row["content_class"] in classes
        )
        last = ("holm", row["family"]) if confirmatory else ("bh", row["metric"])
        answer_format = row["stratum"].partition(FORMAT_MARK)[2]
        families.setdefault((row["model"], row["control"], answer_format, *last), []).append(effect)
    for (*_, kind, _name), effects in families.items():
        adjust = holm if kind == "holm" else benjamini_hochberg
        adjusted = adjust([effect.row["p"] for effect in effects])
        for effect, p in zip(effects, adjusted, strict=True):
            effect.row["p_adjusted"] = float(p)
            effect.row["method"] += "; Holm" if kind == "holm" else "; Benjamini-Hochberg"

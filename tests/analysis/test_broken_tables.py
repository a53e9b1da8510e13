"""Tables broken at random: no crash, no word of existence without six seeds that were truly measured."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proclivity.analysis import Analysis, Design, ProfileDesign, analyze

PROFILES = [ProfileDesign("depression", "withdrawal", "loss"), ProfileDesign("paranoia", "suspicion", "threat")]
DESIGN = Design(PROFILES, ["base", "own-policy", "arbitrary"], bootstrap_draws=20)
CONTROLS = ("own-policy", "arbitrary")
TRAINED = ("depression", "paranoia", *CONTROLS, "persona-depression")
CLASSES = ("loss", "threat", "positive")
CLOZE, FRAMES = ("cloze-self", "cloze-others", "cloze-world"), ("plain", "late")
CLAIMS = {
    "induction": {"learned"},
    "spread": {"spread", "swapped", "other content", "opposite", "absent", "vanishes under a control"},
    "generality": {"context-general", "contrary in some contexts"},
    "specificity": {"full", "partial", "dissociated, spillover undetermined", "swapped", "generic", "none"},
    "control": {"equivalent"},
    "drift": {"moves"},
    "sharpening": {"sharper", "flatter"},
    "prompting": {"teaching moves more", "telling moves more", "opposite ways"},
    "stability": {"stable", "stable as far as measured", "not stable in everything"},
}
"""Words that say something about the model, so that six seeds must stand behind them."""


def whole(n_seeds: int, lift: float, noise: float, rng: np.random.Generator) -> pd.DataFrame:
    """A complete study: each profile's own class rises by `lift`, and it chooses its own action."""
    own = {p.id: (p.content_class, p.action_class) for p in PROFILES}
    own["persona-depression"] = ("loss", "withdrawal")
    rows = []
    for arm in ("base", *TRAINED):
        content, action = own.get(arm, ("", ""))
        for seed in (-1,) if arm == "base" else range(n_seeds):
            at: dict[str, Any] = {"arm": arm, "seed": seed}
            for family, frame, stem, name in product(CLOZE, FRAMES, "abc", CLASSES):
                where = {"family": family, "wrapper": frame, "item_id": stem, "cluster": stem}
                rows.append(at | where | {"metric": "score", "content_class": name, "value": lift * (name == content)})
            for family, stem in product(CLOZE, "abc"):
                where = {"family": family, "item_id": stem, "cluster": stem}
                rows.append(at | where | {"metric": "entropy", "unit": "bits", "value": -lift * bool(content)})
            for domain, name in product("xy", ("withdrawal", "suspicion")):
                where = {"family": "choice", "item_id": domain, "cluster": domain, "split": "new-domain"}
                value = float(name == action)
                rows.append(at | where | {"metric": "chosen", "unit": "0/1", "content_class": name, "value": value})
    table = pd.DataFrame(rows).assign(model="toy", probe_id="", format="label", alphabet="", order="")
    table["unit"] = table["unit"].fillna("nats")
    table[["wrapper", "split", "content_class"]] = table[["wrapper", "split", "content_class"]].fillna("")
    return table.assign(value=table["value"] + noise * rng.normal(size=len(table)), missing_reason="")


@dataclass(frozen=True)
class Breakage:
    """One thing that goes wrong: rows with these values vanish or become something else."""

    where: dict[str, Any]
    becomes: float | None
    """None: the rows vanish."""

    def apply(self, rows: pd.DataFrame) -> pd.DataFrame:
        hit = pd.Series(True, index=rows.index)
        for column, values in self.where.items():
            hit &= rows[column].isin(values)
        if self.becomes is None:
            return rows[~hit]
        return rows.assign(value=rows["value"].mask(hit, self.becomes))


def some(values: tuple[Any, ...]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(values), min_size=1, unique=True)


SEEDS = some(tuple(range(8)))
RANDOM_PLACES = st.fixed_dictionaries(
    {"arm": some(("base", *TRAINED))},
    optional={
        "seed": SEEDS,
        "family": some((*CLOZE, "choice")),
        "wrapper": some(FRAMES),
        "content_class": some((*CLASSES, "withdrawal", "suspicion")),
        "item_id": some(("a", "b", "x")),
    },
)
ONE_COMPARISON = st.fixed_dictionaries(
    {"arm": some(TRAINED), "seed": SEEDS},
    optional={"content_class": st.sampled_from([[name] for name in (*CLASSES, "withdrawal", "")])},
)
"""A few seeds of one side of one comparison: the kind of gap that a count of an arm's seeds overlooks."""
PLACES = RANDOM_PLACES | ONE_COMPARISON
BREAKAGES = st.lists(st.builds(Breakage, PLACES, st.sampled_from([None, np.nan, np.inf, -np.inf, 0.0])), max_size=4)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    n_seeds=st.sampled_from([1, 2, 5, 6, 7, 8]),
    lift=st.sampled_from([0.0, 0.1, 1.0, -1.0]),
    noise=st.sampled_from([0.0, 0.05, 0.5]),
    rounded=st.booleans(),
    holes=st.sampled_from([0.0, 0.0, 0.1, 0.6]),
    breakages=BREAKAGES,
    seed=st.integers(0, 5),
)
def test_no_claim_without_six_measured_seeds(
    n_seeds: int, lift: float, noise: float, rounded: bool, holes: float, breakages: list[Breakage], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    rows = whole(n_seeds, lift, noise, rng)
    rows = rows.assign(value=rows["value"].round() if rounded else rows["value"])
    rows = rows.assign(value=rows["value"].mask(rng.random(len(rows)) < holes, np.nan))
    for breakage in breakages:
        rows = breakage.apply(rows)
    if rows.empty:
        return
    found = analyze(rows, DESIGN)
    json.dumps(found.verdicts, allow_nan=False)
    assert "nan" not in " ".join(v["sentence"] for v in found.verdicts).split()
    assert not np.isinf(found.effects[["estimate", "low", "high"]].to_numpy(float)).any()
    for verdict in found.verdicts:
        if verdict["verdict"] in CLAIMS.get(verdict["kind"], ()):
            for what, count in seeds_behind(verdict, rows):
                assert count >= 6, (verdict["kind"], verdict["profile"], verdict["verdict"], what, count)
    claims_rest_on_verdicts(found)
    unmeasured_rows_have_reasons(found)


def claims_rest_on_verdicts(found: Analysis) -> None:
    """A claim over the whole study holds, wholly or partly, only where some verdict of a profile does."""
    said = {(v["kind"], v["verdict"]) for v in found.verdicts}
    for claim, kind, words in (
        ("claim-1", "induction", {"learned"}),
        ("claim-2", "spread", {"spread", "swapped"}),
        ("claim-5", "specificity", {"full", "partial", "dissociated, spillover undetermined", "swapped"}),
    ):
        if {(claim, "supported"), (claim, "partly")} & said:
            assert {(kind, word) for word in words} & said, claim


def unmeasured_rows_have_reasons(found: Analysis) -> None:
    effects = found.effects
    gone = effects["estimate"].isna()
    assert (effects.loc[gone, "reason"] != "").all()
    assert effects.loc[gone, ["low", "high", "p", "p_adjusted", "p_permutation"]].isna().all(axis=None)


def seeds_behind(verdict: dict[str, Any], rows: pd.DataFrame) -> Iterator[tuple[str, int]]:
    """How many seeds have a finite pair, for each comparison that a claim rests on; counted from the raw rows."""
    profile = next((p for p in PROFILES if p.id == verdict["profile"]), None)
    kind, numbers = verdict["kind"], verdict["numbers"]
    if profile and kind == "induction":
        chosen = rows[(rows["metric"] == "chosen") & (rows["content_class"] == profile.action_class)]
        control = "own-policy" if (chosen["arm"] == "own-policy").any() else "base"
        yield control, len(paired_seeds(chosen, profile.id, control))
    elif profile and kind == "spread":
        names = [profile.content_class]
        if verdict["verdict"] in {"swapped", "other content"}:
            names = list(numbers["other_classes_rising"])
        best = {(n, c): len(paired_seeds(scores(rows, n), profile.id, c)) for n, c in product(names, CONTROLS)}
        yield "own or other", max(min(best[name, c] for c in CONTROLS) for name in names)
    elif profile and kind == "stability":
        for control in CONTROLS:
            yield control, len(paired_seeds(scores(rows, profile.content_class), profile.id, control))
    elif profile and kind == "generality":
        for control in CONTROLS:
            own = scores(rows, profile.content_class)
            contexts = [paired_seeds(part, profile.id, control) for _, part in own.groupby(["family", "wrapper"])]
            yield control, len(set.intersection(*filter(None, contexts)))
    elif kind == "specificity":
        first, second = PROFILES
        for arm, control, name in (
            *((p.id, "own-policy", n) for p in PROFILES for n in ("loss", "threat")),
            *((first.id, second.id, n) for n in ("loss", "threat")),
        ):
            yield f"{arm} {control} {name}", len(paired_seeds(scores(rows, name), arm, control))
    elif kind == "control":
        for name in numbers["effects"]:
            yield name, len(paired_seeds(scores(rows, name), "own-policy", "base"))
    elif kind == "drift":
        for moving in numbers["moving"]:
            yield str(moving), len(paired_seeds(scores(rows, moving["content_class"]), moving["arm"], "base"))
    elif profile and kind == "sharpening":
        yield "entropy", len(paired_seeds(rows[rows["metric"] == "entropy"], profile.id, "own-policy"))
    elif profile and kind == "prompting":
        for arm in (profile.id, f"persona-{profile.id}"):
            yield arm, len(paired_seeds(scores(rows, profile.content_class), arm, "base"))


def scores(rows: pd.DataFrame, content_class: str) -> pd.DataFrame:
    return rows[(rows["metric"] == "score") & (rows["content_class"] == content_class)]


def paired_seeds(rows: pd.DataFrame, arm: str, control: str) -> set[int]:
    """Seeds of an arm with a finite value on some item on which the control has one too."""
    good = rows[np.isfinite(rows["value"])]
    on = ["family", "wrapper", "item_id"] + ([] if control == "base" else ["seed"])
    mine, theirs = (good.loc[good["arm"] == name, [*on, *({"seed"} - set(on))]] for name in (arm, control))
    return set(mine.merge(theirs[on].drop_duplicates(), on=on)["seed"])

"""The source's claims: the rule over units by hand, then each claim on studies with a known truth."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest

from proclivity.analysis import Design, ModelDesign, ProfileDesign, analyze
from proclivity.analysis.architectures import common, difference
from proclivity.analysis.claim_units import ABSENT, AGAINST, NO, OPEN, PART, YES, Unit
from proclivity.analysis.claims import overall, reading
from proclivity.analysis.contrasts import SeedCluster, item_tables
from proclivity.analysis.selection import main_rows
from proclivity.records import Measurement

OWN = {("depression", "loss"): 1.0, ("paranoia", "threat"): 1.0}
CROSSED = {("depression", "threat"): 1.0, ("paranoia", "loss"): 1.0}
TWO = {"one": ModelDesign("equal", "Llama"), "two": ModelDesign("equal", "GPT2")}
CLOZE = ("cloze-self", "cloze-others", "cloze-world")


@pytest.mark.parametrize(
    ("states", "word"),
    [
        ([YES, YES], "supported"),
        ([YES, NO], "partly"),
        ([YES, ABSENT], "partly"),
        ([PART, PART], "partly"),
        ([YES, AGAINST], "partly"),
        ([AGAINST, AGAINST, ABSENT], "contradicted"),
        ([AGAINST, NO], "not supported"),
        ([NO, OPEN], "not supported"),
        ([OPEN, ABSENT], "open"),
        ([AGAINST, OPEN], "not supported"),
        ([ABSENT], "not tested here"),
        ([], "not tested here"),
    ],
)
def test_a_claim_over_its_units(states, word):
    assert overall(states) == word


def test_more_units_that_hold_never_make_a_claim_weaker():
    order = ["supported", "partly", "not supported", "contradicted", "open", "not tested here"]
    for states in itertools.product([YES, PART, NO, AGAINST, OPEN], repeat=3):
        for place in range(3):
            better = [*states[:place], YES, *states[place + 1 :]]
            assert order.index(overall(better)) <= order.index(overall(states))


def test_the_reading_is_never_called_supported():
    def units(*states):
        return [Unit("m", "p", state, "") for state in states]

    assert reading(units(YES, YES, ABSENT)) == "consistent with"
    assert reading(units(YES, NO)) == "consistent with in part"
    assert reading(units(NO, AGAINST)) == "not consistent with"
    assert reading(units(OPEN)) == "open"
    assert reading(units(ABSENT)) == "not tested here"


def study(build, *models, **more):
    """One table of several models, each (name, shifts)."""
    return pd.concat([build(shifts, model=name, **more) for name, shifts in models], ignore_index=True)


def asked(design, models=None, **more) -> Design:
    return dataclasses.replace(design, models=models or {}, bootstrap_draws=0, **more)


def found(frame, design):
    verdicts = analyze(frame, design).verdicts
    return {v["kind"]: v for v in verdicts if v["kind"].startswith("claim-")}


def test_two_architectures_that_agree(build, design):
    claims = found(study(build, ("one", OWN), ("two", OWN)), asked(design, TWO))
    words = {kind: verdict["verdict"] for kind, verdict in claims.items()}
    assert words == {
        "claim-1": "supported",
        "claim-2": "supported",
        "claim-3": "partly",
        "claim-4": "supported",
        "claim-5": "supported",
        "claim-6": "consistent with",
    }
    assert all((v["model"], v["profile"]) == ("", "") for v in claims.values())
    assert "In 4 of 4 cases the taught action was learned" in claims["claim-1"]["sentence"]
    assert "1.00 of decisions in domains never trained (6 seeds, 4 domains)" in claims["claim-1"]["sentence"]
    assert "in 4 of 4 cases, by +0.9" in claims["claim-2"]["sentence"]
    assert "in 4 of them a new context can be expected to show it, and 4 are stable" in claims["claim-2"]["sentence"]
    assert "readings in 4 of 4" in claims["claim-3"]["sentence"]
    assert "completions not asked; scales not asked; divergence not asked" in claims["claim-3"]["sentence"]
    assert "Held in full, by world: equal 2 of 2." in claims["claim-4"]["sentence"]
    assert "can't tell them apart" in claims["claim-6"]["sentence"]


def test_their_difference_has_an_interval(build, design):
    frame = study(build, ("one", OWN), ("two", dict.fromkeys(OWN, 0.4)))
    units = found(frame, asked(design, TWO))["claim-4"]["numbers"]["units"]
    numbers = next(unit["numbers"] for unit in units if unit["profile"] == "depression")
    assert numbers["estimate"] == pytest.approx(0.6, abs=0.1)
    assert 0.3 < numbers["low"] < numbers["estimate"] < numbers["high"] < 0.9
    assert (numbers["n_seeds"], numbers["n_clusters"]) == (6, 24)


def test_only_models_of_one_world_are_a_replication(build, design):
    frame = study(build, ("one", OWN), ("two", OWN))
    others = (
        {"one": ModelDesign("equal", "Llama"), "two": ModelDesign("rewired", "GPT2")},
        {"one": ModelDesign("equal", "Llama"), "two": ModelDesign("equal", "Llama")},
        {},
    )
    for models in others:
        assert found(frame, asked(design, models))["claim-4"]["verdict"] == "not tested here"
    unknown = {"one": ModelDesign("", "Llama"), "two": ModelDesign("", "GPT2")}
    assert found(frame, asked(design, unknown))["claim-4"]["verdict"] == "supported"


def test_worlds_are_counted_apart(build, design):
    models = {"one": ModelDesign("equal", "Llama"), "two": ModelDesign("rewired", "Llama")}
    claims = found(study(build, ("one", OWN), ("two", CROSSED)), asked(design, models))
    assert claims["claim-2"]["verdict"] == "partly"
    assert (
        "Another profile's words rose instead for depression-like and paranoia-like in two."
        in (claims["claim-2"]["sentence"])
    )
    assert "Held in full, by world: equal 2 of 2, rewired 0 of 2." in claims["claim-2"]["sentence"]
    assert "swapped for depression-like / paranoia-like in two" in claims["claim-5"]["sentence"]
    assert claims["claim-6"]["verdict"] == "consistent with in part"


def test_nothing_moves(build, design):
    claims = found(study(build, ("one", {}), seed_sd=0.02), asked(design))
    assert claims["claim-1"]["verdict"] == "supported"
    assert claims["claim-2"]["verdict"] == "contradicted"  # equivalent to 0 within delta, in both profiles
    assert claims["claim-5"]["verdict"] == "not supported"
    assert claims["claim-6"]["verdict"] == "not consistent with"
    assert (
        "The opposite, or none of the size that matters, is shown for depression-like and paranoia-like in one."
        in (claims["claim-2"]["sentence"])
    )


def test_what_a_control_takes_away_is_said_first(build, design):
    shared = {(arm, "loss"): 1.0 for arm in ("depression", "own-policy", "arbitrary")}
    claims = found(study(build, ("one", shared)), asked(design))
    for kind in ("claim-2", "claim-6"):
        assert claims[kind]["sentence"].startswith("A control takes the effect away for depression-like in one")


def test_too_few_seeds_leave_all_open(build, design):
    claims = found(study(build, ("one", OWN), ("two", OWN), n_seeds=3), asked(design, TWO))
    assert {claims[f"claim-{n}"]["verdict"] for n in (1, 2, 3, 4, 5, 6)} == {"open"}
    assert claims["claim-2"]["sentence"] == (
        "It can't be judged in any of 4 cases: fewer than six seeds, or a control is missing."
    )


def test_a_control_profile_is_no_case(build, design):
    only = dataclasses.replace(asked(design), profiles=[ProfileDesign("depression", "withdrawal", "positive")])
    assert found(study(build, ("one", OWN)), only) == {}


def beyond(arm, seed, own):
    """Completions, a scale and divergences of one arm and seed."""
    rng = np.random.default_rng([seed + 1, len(arm), sum(map(ord, arm))])
    place = [{"probe_id": f"p{i}", "item_id": f"p{i}", "cluster": f"p{i}"} for i in range(6)]
    for spot in place:
        share = 0.02 + (0.05 if own else 0) + 0.002 * rng.normal()
        yield Measurement("one", arm, seed, "completions", "category_share", share, "share", "loss", **spot)
        points = (0.5 if own else 0) + 0.03 * rng.normal()
        yield Measurement("one", arm, seed, "instrument-mood", "content", points, "points", "loss", **spot)
        if arm != "base":
            bits = (0.2 if own else 0.05) + 0.003 * rng.normal()
            for family in CLOZE:
                yield Measurement("one", arm, seed, family, "jsd_from_base", bits, "bits", **spot)


def with_beyond(build):
    arms = ("base", "own-policy", "arbitrary", "depression")
    extra = [
        row.as_dict()
        for arm in arms
        for seed in ((-1,) if arm == "base" else range(6))
        for row in beyond(arm, seed, arm == "depression")
    ]
    frame = build(OWN, model="one", arms=arms)
    return pd.concat([frame, pd.DataFrame(extra)[list(frame.columns)]], ignore_index=True)


def distributions():
    """Base (.5, .5); every seed of the profile (.8, .2), so that seeds share all of the shift."""
    base, tuned = np.log([[0.5, 0.5]] * 2), np.log([[0.8, 0.2]] * 2)
    found = {("one", "base", -1, f): (["a", "b"], base) for f in CLOZE}
    for seed in range(6):
        tilted = tuned + 0.01 * seed * np.array([1, -1])
        tilted = tilted - np.log(np.exp(tilted).sum(axis=1, keepdims=True))
        found |= {("one", "depression", seed, f): (["a", "b"], tilted) for f in CLOZE}
    return found


def parts(frame, design, given=None):
    verdicts = analyze(frame, design, distributions=given).verdicts
    claim = next(v for v in verdicts if v["kind"] == "claim-3")
    return claim, {name: part["state"] for name, part in claim["numbers"]["units"][0]["numbers"].items()}


def test_all_four_parts_make_the_third_claim(build, design):
    one = dataclasses.replace(asked(design, numeric_floor=1e-4), profiles=design.profiles[:1])
    claim, states = parts(with_beyond(build), one, distributions())
    assert states == {"readings": YES, "completions": YES, "scales": YES, "divergence": YES}
    assert claim["verdict"] == "supported"
    assert "completions in 1 of 1 (+0.05" in claim["sentence"]
    assert "scales in 1 of 1 (+0.5" in claim["sentence"]
    assert "divergence in 1 of 1 (+0.15" in claim["sentence"]
    # Without distributions it isn't known what seeds share; a floor above the divergence takes it away.
    assert parts(with_beyond(build), one)[1]["divergence"] == OPEN
    high = dataclasses.replace(one, numeric_floor=0.5)
    assert parts(with_beyond(build), high, distributions())[1]["divergence"] == NO


def test_every_novel_family_has_to_rise(build, design):
    frame = build(OWN, model="one")
    frame.loc[(frame["family"] == "cloze-world") & (frame["arm"] == "depression"), "value"] -= 1.0
    one = dataclasses.replace(asked(design), profiles=design.profiles[:1])
    assert parts(frame, one)[1]["readings"] == YES
    assert parts(frame, dataclasses.replace(one, novel=("cloze-world",)))[1]["readings"] == NO


def cell(values, clusters) -> SeedCluster:
    matrix = np.array(values, dtype=np.float64)
    return SeedCluster(matrix, tuple(range(len(matrix))), matrix.size, 0, clusters=clusters)


def test_clusters_are_paired_by_name():
    first, second = common(cell([[1, 2, 3]], ("a", "b", "c")), cell([[9, 8], [7, 6]], ("c", "a")))
    assert first.tolist() == [[1, 3]]
    assert second.tolist() == [[8, 9], [6, 7]]


def test_a_difference_turned_round_is_minus_itself(build, design):
    tables = item_tables(main_rows(study(build, ("one", OWN), ("two", {}))))
    profile = design.profiles[0]
    there, back = (difference(tables[a], tables[b], profile) for a, b in (("one", "two"), ("two", "one")))
    assert (there.estimate, there.se) == pytest.approx((-back.estimate, back.se))
    assert difference(tables["one"], tables["one"], profile).estimate == 0
    nobody = ProfileDesign("nobody", "withdrawal", "loss")
    assert np.isnan(difference(tables["one"], tables["two"], nobody).estimate)

"""A shift that one frame alone carries must not hide in an average."""

import pandas as pd
import pytest

from proclivity.analysis.selection import main_rows


def rows(wrappers):
    made = []
    for wrapper in wrappers:
        for arm, seed in (("base", -1), ("depression", 0)):
            made.append(
                {
                    **dict.fromkeys(("probe_id", "format", "alphabet", "order", "split"), ""),
                    "model": "toy",
                    "arm": arm,
                    "seed": seed,
                    "family": "cloze-self",
                    "content_class": "loss",
                    "item_id": "a",
                    "cluster": "a",
                    "wrapper": wrapper,
                    "metric": "score",
                    "value": 1.0,
                    "unit": "nats",
                }
            )
    return pd.DataFrame(made)


def test_several_wrappers_give_one_stratum_each_beside_the_whole():
    found = main_rows(rows(["plain", "late"]))
    assert found["stratum"].value_counts().to_dict() == {"": 4, "wrapper:plain": 2, "wrapper:late": 2}


def test_one_wrapper_gives_no_stratum():
    assert set(main_rows(rows(["plain"]))["stratum"]) == {""}


@pytest.mark.parametrize("effect", [("plain", 0.0), ("late", 2.0)])
def test_effects_by_wrapper_are_those_of_their_rows(effect):
    from proclivity.analysis import Design, ProfileDesign, analyze

    wrapper, expected = effect
    table = pd.concat(
        [rows(["plain", "late"]).assign(item_id=f"i{i}", cluster=f"i{i}") for i in range(3)], ignore_index=True
    )
    trained = pd.concat([table[table.arm == "depression"].assign(seed=s) for s in range(6)], ignore_index=True)
    trained.loc[trained.wrapper == "late", "value"] = 3.0
    whole = pd.concat([table[table.arm == "base"], trained], ignore_index=True)
    design = Design(profiles=[ProfileDesign("depression", "withdrawal", "loss")], controls=["base"])
    effects = analyze(whole, design).effects
    found = effects[
        (effects.family == "cloze") & (effects.stratum == f"wrapper:{wrapper}") & (effects.control == "base")
    ]
    assert found["estimate"].tolist() == [pytest.approx(expected)]
    average = effects[(effects.family == "cloze") & (effects.stratum == "") & (effects.control == "base")]
    assert average["estimate"].tolist() == [pytest.approx(1.0)]


def test_what_could_not_be_measured_is_said_with_its_reason():
    from proclivity.analysis import Design, ProfileDesign, analyze

    base = rows(["plain"]).assign(value=float("nan"), missing_reason="low mass")
    arms = [
        base[base.arm == "depression"].assign(arm=arm, seed=seed)
        for arm in ("depression", "own-policy", "arbitrary")
        for seed in range(6)
    ]
    whole = pd.concat([base[base.arm == "base"], *arms], ignore_index=True)
    design = Design(
        profiles=[ProfileDesign("depression", "withdrawal", "loss")], controls=["base", "own-policy", "arbitrary"]
    )
    (found,) = [v for v in analyze(whole, design).verdicts if v["kind"] == "spread"]
    assert found["verdict"] == "not measured"
    assert "low mass" in found["sentence"]
    assert "nan" not in found["sentence"]

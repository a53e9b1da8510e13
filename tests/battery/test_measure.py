"""The whole battery on a random model, and the list of families."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from by_hand import probe_set

from proclivity.battery import families, measure, measure_family
from proclivity.battery.result import UNITS
from proclivity.errors import UserError
from proclivity.models import load_model
from proclivity.specs import BatterySpec, ProbeItem
from tiny_models import save_tiny


@pytest.fixture
def pack(mini_pack):
    facts = probe_set("controls", family="facts", items=[ProbeItem(id="ice", text="Ice is")])
    reading = probe_set(
        "interpretation", family="reading", candidates={"positive": ["all is well"], "loss": ["I lost"]}
    )
    spec = mini_pack.spec.model_copy(
        update={"neutral_texts": ["The host met me."], "completion_prompts": ["{who} felt"]}
    )
    return replace(mini_pack, spec=spec, probes=dict(mini_pack.probes) | {"facts": facts, "reading": reading})


def test_families_of_a_pack(pack, mini_pack):
    assert families(pack, BatterySpec()) == ["choice", "cloze-feeling", "reading", "controls", "completions"]
    assert families(pack, BatterySpec(families=["facts", "choice"])) == ["facts", "choice"]
    assert families(mini_pack, BatterySpec()) == ["choice", "cloze-feeling"]
    with pytest.raises(UserError, match="Did you mean 'cloze-feeling'"):
        families(pack, BatterySpec(families=["cloze-feelin"]))


def test_the_whole_battery_on_a_random_model(pack, tmp_path):
    base = load_model(save_tiny("llama", tmp_path / "one"))
    other = load_model(save_tiny("llama", tmp_path / "two", seed=1))
    battery = BatterySpec(completion_samples=2, completion_tokens=4)
    results = measure(other, pack, battery, reference=base)
    assert list(results) == families(pack, battery)
    rows = pd.DataFrame([row for result in results.values() for row in result.rows])
    assert set(rows.metric) <= set(UNITS)
    assert (rows.unit == rows.metric.map(UNITS)).all()
    assert (rows.value.isna() == (rows.missing_reason != "")).all()
    assert not rows.duplicated([c for c in rows.columns if c not in ("value", "missing_reason")]).any()
    probabilities = rows[rows.unit.isin(["probability", "0/1"]) & (rows.metric != "delta_p")].value.dropna()
    assert probabilities.between(0, 1 + 1e-9).all()
    jsd = rows[rows.metric == "jsd_from_base"].value
    assert len(jsd) == 3
    assert jsd.between(1e-6, 1).all()
    assert rows[rows.metric == "delta_p"].value.between(-1, 1).all()
    chosen = rows[rows.metric == "chosen"].groupby("probe_id").value.sum()
    assert (chosen == 1).all()


def test_the_base_against_itself_and_its_floor(pack, tmp_path):
    base = load_model(save_tiny("llama", tmp_path / "one"))
    results = measure(base, pack)
    floor = [row["value"] for row in results["cloze-feeling"].rows if row["metric"] == "jsd_numeric"]
    assert 0 <= max(floor) < 1e-9
    again = measure_family(
        base,
        pack,
        "cloze-feeling",
        study_battery=BatterySpec(),
        identity={"model": "m", "arm": "own-policy", "seed": 0},
        reference=results["cloze-feeling"],
    )
    assert [row["value"] for row in again.rows if row["metric"] == "jsd_from_base"] == [0]
    assert np.isfinite(again.distributions["log_probs"]).all()


def test_the_packaged_pack_gives_rows_for_every_family(microworld, tmp_path):
    model = load_model(save_tiny("llama", tmp_path / "one"))
    battery = BatterySpec(completion_samples=1, completion_tokens=2)
    for family in families(microworld, battery):
        if family != "choice":
            found = measure_family(
                model, microworld, family, study_battery=battery, identity={"model": "m", "arm": "base", "seed": -1}
            )
            assert found.rows
            assert (found.distributions is None) == (family == "completions")

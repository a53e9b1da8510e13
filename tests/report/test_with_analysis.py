"""The page from a real analysis of simulated measurements: what `analyze` writes is what the page reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from proclivity.analysis import Design, ProfileDesign, analyze
from proclivity.records import Measurement
from proclivity.report import write_report
from proclivity.report.words import signed

MODELS = {"llama-equal": "equal", "llama-rewired": "rewired"}
ARMS = ("base", "depression", "paranoia", "own-policy", "arbitrary")
SHIFTS = {
    ("llama-equal", "depression", "loss"): 0.6,
    ("llama-equal", "paranoia", "threat"): 0.6,
    ("llama-rewired", "depression", "threat"): 0.6,
    ("llama-rewired", "paranoia", "loss"): 0.6,
}
FAMILIES = ("cloze-self", "cloze-world", "interpretation")


def rows() -> Iterator[Measurement]:
    rng = np.random.default_rng(3)
    for model in MODELS:
        for arm in ARMS:
            for seed in (-1,) if arm == "base" else range(6):
                for family in FAMILIES:
                    for item in range(8):
                        place = {"probe_id": f"{family}-{item}", "cluster": f"stem-{item}", "wrapper": "plain"}
                        for name in ("loss", "threat", "positive"):
                            value = SHIFTS.get((model, arm, name), 0.0) + 0.3 * item + 0.05 * rng.normal()
                            yield Measurement(model, arm, seed, family, "score", value, "nats", name, **place)
                        if arm != "base":
                            yield Measurement(model, arm, seed, family, "jsd_from_base", 0.02, "bits", **place)
                for item in range(8):
                    for action in ("withdrawal", "suspicion"):
                        taught = {"depression": "withdrawal", "paranoia": "suspicion"}.get(arm)
                        value = float(taught == action) if taught else float(item % 4 == 0)
                        yield Measurement(
                            model, arm, seed, "choice", "chosen", value, "0/1", action, probe_id=f"d{item}",
                            cluster=f"domain-{item % 4}", split="new-domain", format="label",
                        )  # fmt: skip
                    fact = {"probe_id": f"fact-{item}", "cluster": f"fact-{item}"}
                    yield Measurement(
                        model, arm, seed, "controls", "score", 1 + 0.01 * rng.normal(), "nats", "correct", **fact
                    )


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("analysed")
    measurements = pd.DataFrame([row.as_dict() for row in rows()])
    design = Design(
        profiles=[ProfileDesign("depression", "withdrawal", "loss"), ProfileDesign("paranoia", "suspicion", "threat")],
        controls=["base", "own-policy", "arbitrary"],
        bootstrap_draws=20,
    )
    rng = np.random.default_rng(0)
    distributions = {}
    for model in MODELS:
        for arm in ARMS:
            for seed in (-1,) if arm == "base" else range(6):
                logits = rng.normal(size=(2, 5))
                log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
                distributions[model, arm, seed, "cloze-self"] = (["a|plain", "b|plain"], log_probs)
    found = analyze(measurements, design, distributions=distributions)
    found.effects.to_parquet(folder / "effects.parquet")
    (folder / "verdicts.json").write_text(json.dumps(found.verdicts), encoding="utf-8")
    study = {
        "id": "analysed",
        "title": "Analysed",
        "question": "Do words follow choices?",
        "models": [{"name": name, "path": name, "world": world} for name, world in MODELS.items()],
        "arms": list(ARMS),
    }
    (folder / "study.yml").write_text(yaml.safe_dump(study), encoding="utf-8")
    profiles = {
        "depression": {"title": "depression-like", "action_class": "withdrawal", "content_class": "loss"},
        "paranoia": {"title": "paranoia-like", "action_class": "suspicion", "content_class": "threat"},
    }
    (folder / "manifest.json").write_text(json.dumps({"profiles": profiles}), encoding="utf-8")
    return folder


def test_every_verdict_and_its_evidence_stand_on_the_page(analysed: Path) -> None:
    text = write_report(analysed).read_text(encoding="utf-8")
    verdicts = json.loads((analysed / "verdicts.json").read_text(encoding="utf-8"))
    assert {v["kind"] for v in verdicts} >= {"induction", "spread", "specificity", "control", "drift"}
    for verdict in verdicts:
        assert f">{verdict['verdict']}</span>" in text
        assert verdict["sentence"].replace("'", "&#39;") in text
    assert "Rests on 6 seeds" in text


def test_the_worlds_show_what_was_put_in(analysed: Path) -> None:
    text = write_report(analysed).read_text(encoding="utf-8")
    effects = pd.read_parquet(analysed / "effects.parquet")
    swapped = effects[
        (effects.model == "llama-rewired")
        & (effects.arm == "depression")
        & (effects.control == "own-policy")
        & (effects.family == "cloze")
        & (effects.content_class == "threat")
        & (effects.metric == "score")
    ].iloc[0]
    assert swapped.low > 0
    figure = text[text.index('id="figure-worlds"') : text.index('id="figure-choices"')]
    assert signed(swapped.estimate) in figure
    assert "Another kind rose so after depression-like decisions in llama-rewired: threat words." in text
    assert (
        "rose clear of 0 against own-policy and arbitrary for depression-like and paranoia-like in llama-equal" in text
    )


def test_choices_facts_and_divergence_are_found(analysed: Path) -> None:
    text = write_report(analysed).read_text(encoding="utf-8")
    assert "The taught action was chosen in 100% of held-out decisions" in text
    assert "facts, depression-like against own-policy" in text
    assert "shared by seeds (cross-seed)" in text
    assert "seed floor" in text
    assert "not part of this study</text>" not in text

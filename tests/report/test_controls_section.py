"""What must not move, and candidates of unequal tokens: lines by hand, then the page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from proclivity.report import write_report
from proclivity.report.load import load_results
from proclivity.report.sections.controls import section


@pytest.fixture
def one_model(simulation: Callable[..., Any], tmp_path: Path) -> Path:
    folder: Path = simulation(models={"m": ""}).write(tmp_path)
    return folder


def test_things_are_not_called_facts(one_model: Path) -> None:
    names = [check.name for check in section(load_results(one_model)).context["still"]]
    assert "m: facts, depression-like against own-policy" in names
    assert "m: things, negative words, depression-like against own-policy" in names
    assert "m: neutral text, own-policy against base" in names
    assert len(names) == 4 * 3  # every trained arm: facts, things, neutral text


def test_a_change_of_refusals_by_hand(one_model: Path) -> None:
    effects = pd.read_parquet(one_model / "effects.parquet")
    name = "m|{}|refusal|comply||refused"
    effects.loc[effects.effect_id == name.format("depression - own-policy"), ["estimate", "low", "high"]] = [
        0.3,
        0.25,
        0.35,
    ]
    for arm, level in (("own-policy", 0.1), ("depression", 0.4)):
        effects.loc[effects.effect_id == name.format(arm), "estimate"] = level
    effects.to_parquet(one_model / "effects.parquet")
    checks = {check.name: check for check in section(load_results(one_model)).context["requests"]}
    moved = checks["m: declines what it should meet, depression-like against own-policy"]
    assert (moved.state, moved.found) == ("fail", "10% → 40%: +0.30 [+0.25, +0.35]")
    assert moved.detail == "6 seeds, 8 clusters, 16 items"
    # No margin was fixed: an interval around 0 shows nothing.
    assert {check.state for check in checks.values()} <= {"fail", "open"}


def test_a_base_model_was_not_asked(one_model: Path) -> None:
    effects = pd.read_parquet(one_model / "effects.parquet")
    mine = effects.metric == "refused"
    effects.loc[mine, ["estimate", "low", "high"]] = float("nan")
    effects.loc[mine, "reason"] = [
        f"nothing to average; {arm}: not a chat model; 18 clusters not measured in every seed"
        for arm in effects[mine].arm
    ]
    effects.to_parquet(one_model / "effects.parquet")
    context = section(load_results(one_model)).context
    assert context["requests"] == []
    assert context["unasked"] == ["m (not a chat model)"]
    assert "Not asked: m (not a chat model)." in write_report(one_model).read_text(encoding="utf-8")


def candidates(family: str, **classes: tuple[float | None, int, dict[str, int]]) -> list[dict[str, Any]]:
    """Rows of gates.json: mean tokens, listed candidates, those left out."""
    return [
        {"model": "m", "family": family, "content_class": name, "tokens": t, "listed": n, "left_out": gone}
        for name, (t, n, gone) in classes.items()
    ]


def test_unequal_candidates_by_hand(one_model: Path) -> None:
    gates = json.loads((one_model / "gates.json").read_text(encoding="utf-8"))
    gates["candidates"] = [
        *candidates("cloze-self", loss=(1.0, 12, {}), positive=(1.0, 12, {})),
        *candidates("cloze-world", loss=(1.0, 12, {"doomed": 2, "bleak": 2}), positive=(1.0, 12, {"sunny": 3})),
        *candidates("cloze-others", loss=(1.5, 12, {}), positive=(1.25, 12, {})),
        *candidates("cloze-future", loss=(2.0, 12, {}), positive=(2.0, 12, {})),
        *candidates("scrambled", loss=(12.9, 0, {}), benign=(13.7, 0, {})),
        *candidates("cloze-feeling", loss=(None, 12, {}), positive=(None, 12, {})),
    ]
    (one_model / "gates.json").write_text(json.dumps(gates), encoding="utf-8")
    context = section(load_results(one_model)).context
    assert context["unequal"] == [
        "m, stems about the world: 3 candidates left out, since written in another number of tokens than most (2 of 12 "
        "loss and 1 of 12 positive).",
        "m, stems about others: classes are of unequal length in tokens (loss 1.50 and positive 1.25 on average).",
        "m, stems about the future: every class’s candidates are split into 2.00 tokens on average.",
        "m, scrambled sentences: whole sentences, classes are of unequal length in tokens (loss 12.90 and benign 13.70 "
        "on average).",
    ]
    assert ("m", "stems about the world", "loss", "1.00", "10 of 12", "bleak (2), doomed (2)") in context["tokens"].rows
    text = write_report(one_model).read_text(encoding="utf-8")
    assert "Candidates that a tokenizer splits or writes unequally" in text
    assert "bleak (2), doomed (2)" in text


def test_equal_candidates_need_no_words(one_model: Path) -> None:
    assert "Candidates that a tokenizer splits or writes unequally" not in write_report(one_model).read_text(
        encoding="utf-8"
    )

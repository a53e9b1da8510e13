"""Routes between choosing and words: amounts by hand, both ways of the link, and what stays open."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from proclivity.analysis import Design, analyze
from proclivity.analysis.contrasts import item_tables
from proclivity.analysis.formats_verdict import verdict_word
from proclivity.analysis.routes import FEW, NO, UNKNOWN, YES, route_arms, routes
from proclivity.analysis.selection import main_rows

CONTROLS = ("base", "own-policy", "arbitrary")
ROUTES = ("depression", "text-depression", "exposure-depression", "shuffled-depression", "speech-depression")
AMOUNTS = {"depression": 1.0, "text-depression": 1.5, "exposure-depression": 0.5, "shuffled-depression": 0.4}


def study(
    build: Any,
    words: dict[str, float] = AMOUNTS,
    speech: float | None = 0.5,
    arms: tuple[str, ...] = ROUTES,
    n_seeds: int = 6,
) -> pd.DataFrame:
    """Loss words of every arm; `speech` is what speech adds to the share of withdrawal."""
    rows = build({(arm, "loss"): x for arm, x in words.items()}, arms=(*CONTROLS, *arms), n_seeds=n_seeds)
    if speech is not None:
        rng = np.random.default_rng(3)
        asked = (rows["family"] == "choice") & (rows["content_class"] == "withdrawal")
        asked &= ~rows["arm"].isin(["depression"])
        share = 0.2 + np.where(rows["arm"].str.startswith("speech"), speech, 0.0)[asked]
        # Probabilities rather than 0/1, so that an equivalence can be shown with so few items.
        rows.loc[asked, "value"] = share + 0.01 * rng.normal(size=int(asked.sum()))
    return rows


def verdict(rows: pd.DataFrame, design: Design) -> dict[str, Any]:
    (found,) = [v for v in analyze(rows, design).verdicts if v["kind"] == "formats"]
    json.dumps(found, allow_nan=False)
    assert "nan" not in found["sentence"]
    return found


@pytest.mark.parametrize(
    ("label", "speech", "word"),
    [
        (1.0, 0.5, "link runs both ways"),
        (1.0, 0.0, "link runs from choosing to words"),
        (0.0, 0.5, "link runs from words to choosing"),
        (0.0, 0.0, "no link shown"),
    ],
)
def test_both_ways_of_the_link(build: Any, design: Design, label: float, speech: float, word: str) -> None:
    found = verdict(study(build, AMOUNTS | {"depression": label}, speech), design)
    assert (found["profile"], found["verdict"]) == ("depression", word)
    assert ("Choosing alone suffices." in found["sentence"]) == (label > 0)


def test_amounts_differences_and_share(build: Any, design: Design) -> None:
    found = verdict(study(build), design)
    words = {name: part[0]["estimate"] for name, part in found["numbers"]["words"].items()}
    assert words == pytest.approx({"label": 1.0, "text": 1.5, "exposure": 0.5, "shuffled": 0.4}, abs=0.1)
    differences = {name: part["estimate"] for name, part in found["numbers"]["differences"].items()}
    expected = {"label − exposure": 0.5, "text − label": 0.5, "text − exposure": 1.0}
    assert differences == pytest.approx(expected, abs=0.1)
    assert differences["label − exposure"] == pytest.approx(words["label"] - words["exposure"])
    share = found["numbers"]["exposure_share"]
    assert share["value"] == pytest.approx(words["exposure"] / words["label"])
    assert share["low"] < 0.5 < share["high"]
    choices = found["numbers"]["choices_after_speech"]
    assert [part["control"] for part in choices] == ["own-policy", "base"]
    assert choices[0]["estimate"] == pytest.approx(0.5, abs=0.01)
    assert "by choosing without words" in found["sentence"]
    assert "6 seeds, 24 clusters" in found["sentence"]


def test_the_control_of_the_text_format_is_taken_where_it_was_run(build: Any, design: Design) -> None:
    rows = study(build, AMOUNTS | {"text-own-policy": 0.3}, arms=(*ROUTES, "text-own-policy"))
    words = verdict(rows, design)["numbers"]["words"]
    assert {name: part[0]["control"] for name, part in words.items()} == {
        **{"label": "own-policy", "text": "text-own-policy"},
        **{"exposure": "own-policy", "shuffled": "text-own-policy"},
    }
    assert words["text"][0]["estimate"] == pytest.approx(1.2, abs=0.1)
    assert [part["control"] for part in words["label"]] == ["own-policy", "arbitrary"]


def test_no_share_where_one_is_not_clear(build: Any, design: Design) -> None:
    found = verdict(study(build, AMOUNTS | {"exposure-depression": 0.0}), design)
    assert found["numbers"]["exposure_share"] is None
    assert "give" not in found["sentence"]


def test_no_share_of_what_arbitrary_does_as_well(build: Any, design: Design) -> None:
    found = verdict(study(build, AMOUNTS | {"arbitrary": 1.0}), design)
    assert found["numbers"]["exposure_share"] is None


def test_words_of_the_verdict() -> None:
    assert verdict_word(YES, UNKNOWN) == verdict_word(YES, "") == "link runs from choosing to words, the way back open"
    assert verdict_word(FEW, YES) == "link runs from words to choosing, the way there open"
    assert verdict_word(NO, UNKNOWN) == verdict_word(NO, "") == verdict_word("", "") == "open"
    assert verdict_word(FEW, FEW) == verdict_word(FEW, "") == "not replicated enough"


def test_what_stays_open(build: Any, design: Design) -> None:
    without = tuple(arm for arm in ROUTES if not arm.startswith("speech"))
    found = verdict(study(build, arms=without), design)
    assert found["verdict"] == "link runs from choosing to words, the way back open"
    assert "do words move choosing: not measured" in found["sentence"]
    one_control = study(build)
    found = verdict(one_control[one_control["arm"] != "arbitrary"], design)
    assert found["verdict"] == "link runs from words to choosing, the way there open"
    assert verdict(study(build, n_seeds=3), design)["verdict"] == "not replicated enough"
    assert verdict(study(build, n_seeds=1), design)["verdict"] == "not replicated enough"


def test_a_fall_is_not_an_absence(build: Any, design: Design) -> None:
    found = verdict(study(build, AMOUNTS | {"depression": -1.0}, speech=-0.15), design)
    assert found["verdict"] == "open"
    assert "choices of withdrawal moved by −0.15 probability" in found["sentence"]


def test_speech_by_content_class_and_arms_that_are_alone(build: Any, design: Design) -> None:
    table = item_tables(main_rows(study(build, arms=("depression", "speech-loss"))))["toy"]
    assert route_arms(table, design.profiles[0]) == {"label": "depression", "speech": "speech-loss"}
    assert routes(table, design.profiles[0], design).back == YES
    alone = analyze(build({}, arms=(*CONTROLS, "depression")), design)
    assert not [v for v in alone.verdicts if v["kind"] == "formats"]


def test_missing_and_infinite_values(build: Any, design: Design) -> None:
    rows = study(build)
    gone = (rows["arm"] == "exposure-depression") & (rows["metric"] == "score")
    some = verdict(rows.assign(value=rows["value"].mask(gone)), design)
    assert some["verdict"] == "link runs both ways"
    assert "not measured (nothing to average) against own-policy by the words alone" in some["sentence"]
    infinite = verdict(rows.assign(value=rows["value"].mask(gone, np.inf)), design)
    assert infinite["numbers"]["words"]["exposure"][0]["estimate"] is None
    nothing = verdict(rows.assign(value=np.nan, missing_reason="low mass"), design)
    assert nothing["verdict"] == "open"


@pytest.mark.parametrize(
    ("other", "word"),
    [(0.5, "link runs from choosing to words, the way back open"), (-0.15, "link runs both ways")],
)
def test_speech_of_any_kind_is_no_link(build: Any, design: Design, other: float, word: str) -> None:
    rows = study(build, arms=(*ROUTES, "speech-paranoia"))
    also = (rows["arm"] == "speech-paranoia") & (rows["content_class"] == "withdrawal") & (rows["family"] == "choice")
    rows.loc[also, "value"] += other - 0.5
    verdicts = [v for v in analyze(rows, design).verdicts if v["kind"] == "formats"]
    (found,) = [v for v in verdicts if v["profile"] == "depression"]
    assert found["verdict"] == word
    choices = found["numbers"]["choices_after_speech"]
    assert [part["control"] for part in choices] == ["own-policy", "base", "speech-paranoia"]

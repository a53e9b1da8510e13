"""Choice in every answer format: labels, the options' words, and words without a list of options."""

from __future__ import annotations

from dataclasses import replace
from math import log

import pytest
from by_hand import reasons, values

from proclivity.battery import choice_decisions, measure, measure_family, whole_battery
from proclivity.errors import UserError
from proclivity.models import FakeModel
from proclivity.specs import BatterySpec, DecisionFormat, DecisionsSpec

FORMATS = {
    "text": DecisionFormat(
        prompt="{situation}. Options: {options}. {who} chose to", option="{text}", answer=" {text}", end="."
    ),
    "free": DecisionFormat(prompt="{situation}. {who} chose to", answer=" {text}", end="."),
}
ALL = ["label", "text", "free"]


@pytest.fixture
def pack(mini_pack):
    formats = mini_pack.spec.formats | FORMATS
    return replace(mini_pack, spec=mini_pack.spec.model_copy(update={"formats": formats}))


def table(second: str = "the"):
    """'answer the inn host.' or 'skip the inn host.' after 'chose to'; each with a thousandth or less of the mass."""
    places = ("inn", "fair", "club")
    people = ("host.", "guest.")
    return {
        "picked": {"A": 0.3, "B": 0.1, "1": 0.3, "2": 0.1, "none": 0.2},
        "to": {"answer": 0.001, "skip": 0.003, "none": 0.996},
        "answer": {second: 1.0},
        "skip": {"the": 1.0},
        "the": {**dict.fromkeys(places, 0.01), "none": 0.97},
        **{place: {**dict.fromkeys(people, 0.01), "none": 0.98} for place in places},
    }


def test_formats_alphabets_orders_and_splits_are_crossed(measured, pack):
    found = measured(table(), pack=pack, family="choice", choice_formats=ALL)
    decisions = [row for row in found.rows if row["metric"] == "option_mass"]
    shown = {(row["format"], row["alphabet"]) for row in decisions}
    assert shown == {("label", "upper"), ("label", "digit"), ("text", ""), ("free", "")}
    for name, orders in (("label", {"0-1", "1-0"}), ("text", {"0-1", "1-0"})):
        assert {row["order"] for row in decisions if row["format"] == name} == orders
    for name in ALL:
        assert {row["split"] for row in decisions if row["format"] == name} == {
            "new-phrasing",
            "new-template",
            "new-domain",
        }
    sizes = [sum(row["format"] == name for row in decisions) for name in ALL]
    assert sizes[0] == 2 * sizes[1] == 4 * sizes[2]  # alphabets × positions, positions, 1


@pytest.mark.parametrize("name", ["text", "free"])
def test_words_are_a_forced_choice_by_hand(measured, pack, name):
    found = measured(table(), pack=pack, family="choice", choice_formats=ALL)
    mass = 0.004 * 0.01 * 0.01
    assert values(found, "option_mass", format=name) == pytest.approx(
        [mass] * len(values(found, "option_mass", format=name))
    )
    assert values(found, "score", format=name, content_class="leave") == pytest.approx(
        [log(3)] * len(values(found, "option_mass", format=name))
    )
    assert set(values(found, "chosen", format=name, content_class="leave")) == {1.0}
    assert {round(v, 9) for v in values(found, "p_class", format=name, content_class="stay")} == {0.25}
    assert reasons(found, "score") == {""}


def test_label_format_is_measured_as_if_it_were_alone(measured, pack):
    alone = measured(table(), pack=pack, family="choice")
    found = measured(table(), pack=pack, family="choice", choice_formats=ALL)
    assert {row["format"] for row in alone.rows} == {"label"}
    assert [row for row in found.rows if row["format"] == "label"] == alone.rows


def test_answers_that_cant_be_told_apart_are_missing_in_other_formats(measured, pack):
    """Without 'club' among its words a tokenizer can't write the options of the held-out domain."""
    words = {key: {w: p for w, p in row.items() if w != "club"} for key, row in table().items() if key != "club"}
    words["the"]["none"] = 0.98
    found = measured(words, pack=pack, family="choice", choice_formats=ALL)
    gone = {row["missing_reason"] for row in found.rows if row["format"] == "text" and row["split"] == "new-domain"}
    assert len(gone) > 0
    assert all("is unknown to it" in why for why in gone)
    kept = [row for row in found.rows if row["format"] == "label" or row["split"] != "new-domain"]
    assert {row["missing_reason"] for row in kept} == {""}
    decisions = [row for row in found.rows if row["metric"] == "option_mass"]
    assert len(found.rows) == 7 * len(decisions)  # a missing decision has all its rows: the mass, three for each class


def test_sizes_count_scenarios_in_every_format(pack):
    decisions = choice_decisions(pack, DecisionsSpec(), BatterySpec(choice_formats=ALL, choice_items=8))
    sizes = [sum(d.format == name and d.split == "new-phrasing" for d in decisions) for name in ALL]
    assert sizes == [8, 4, 2]
    with pytest.raises(UserError, match=r"leave a block of 4 incomplete\. Ask for 4 or 8"):
        choice_decisions(pack, DecisionsSpec(), BatterySpec(choice_formats=["free"], choice_items=6))


def test_a_format_that_the_pack_lacks_is_refused(mini_pack):
    with pytest.raises(UserError, match="no answer format of pack 'mini' 'text'"):
        choice_decisions(mini_pack, DecisionsSpec(), BatterySpec(choice_formats=["text"]))


def test_measuring_a_checkpoint_asks_all_formats_and_a_study_its_own(pack):
    assert whole_battery(pack).choice_formats == ALL
    model = FakeModel(table())
    found = measure(model, pack, only=["choice"])["choice"]
    assert {row["format"] for row in found.rows} == set(ALL)
    who = {"model": "m", "arm": "base", "seed": -1}
    own = measure_family(
        model,
        pack,
        "choice",
        study_battery=BatterySpec(),
        identity=who,
        decisions=DecisionsSpec(format="text"),
    )
    assert {row["format"] for row in own.rows} == {"text"}

"""Instruments on exact models: what is content, what is assent, what is the place on the list."""

from __future__ import annotations

import numpy as np
import pytest
from by_hand import reasons, values
from scales_by_hand import FAMILY, by_number, instrument, model_by, with_instrument

from proclivity.battery import families
from proclivity.battery.instruments import DISAGREE
from proclivity.battery.questions import questions
from proclivity.battery.result import UNITS
from proclivity.battery.scale_rows import NO_TWIN
from proclivity.models import FakeModel
from proclivity.specs import BatterySpec, load_pack

DERIVED = ("rating", "content", "acquiescence", "position", "scale_score", "subscale_score")


@pytest.fixture
def ask(measured, mini_pack):
    """Measures the instrument on a fake model that answers by a rule."""

    def run(rule, **changes):
        scale = instrument(**changes)
        pack = with_instrument(mini_pack, scale)
        return measured(model_by(rule, pack, scale), pack=pack, family=FAMILY)

    return run


def position_biased(question):
    """Prefers the head of the list, whatever it says."""
    return [0.6, 0.3, 0.1]


def test_one_answer_by_hand(ask):
    found = ask(lambda question: [0.2, 0.2, 0.4])
    forward = {"probe_id": "one.f", "wrapper": "f0", "alphabet": "upper", "order": "forward"}
    assert values(found, "rating", **forward) == pytest.approx([2.25])
    assert values(found, "label_mass", **forward) == pytest.approx([0.8])
    assert reasons(found, "label_mass") == {""}
    turned = forward | {"order": "reversed"}
    assert values(found, "rating", **turned) == pytest.approx([1.75])
    assert (values(found, "argmax", **forward), values(found, "argmax", **turned)) == ([3], [1])
    row = next(row for row in found.rows if row["metric"] == "rating")
    assert (row["item_id"], row["cluster"], row["content_class"], row["unit"]) == ("one.f", "one", "loss", "points")
    assert len(values(found, "rating")) == 4 * 5 * 3 * 2  # items × frames × alphabets × orders


def test_a_position_bias_is_position_and_never_content(ask):
    found = ask(position_biased)
    assert values(found, "content") == [0, 0]  # exactly
    # Forward r = .6 + .6 + .3 = 1.5, reversed 2.5: half the difference −.5, and their mean is the midpoint.
    assert values(found, "rating", order="forward") == pytest.approx([1.5] * 60)
    assert values(found, "rating", order="reversed") == pytest.approx([2.5] * 60)
    assert values(found, "position") == pytest.approx([-0.5, -0.5])
    assert values(found, "acquiescence") == pytest.approx([0, 0], abs=1e-12)
    assert values(found, "scale_score") == pytest.approx([2])


def test_reversing_the_list_moves_acquiescence_and_not_content(ask):
    """Order by order: a position bias looks like assent in one order and like dissent in the other."""
    found = ask(position_biased)
    for order, assent in (("forward", -0.5), ("reversed", 0.5)):
        for pair in ("one", "two"):
            item, twin = (np.mean(values(found, "rating", item_id=f"{pair}.{key}", order=order)) for key in "fr")
            assert (item - twin) / 2 == 0
            assert (item + twin) / 2 - 2 == pytest.approx(assent)


def test_a_position_bias_on_a_packaged_scale_in_the_packaged_frames(measured):
    english = load_pack("english")
    row = {}
    for share, labels in ((0.41, "ABCDE"), (0.3, "abcde"), (0.29, "12345")):
        row |= {label: share * weight for label, weight in zip(labels, (0.5, 0.25, 0.15, 0.06, 0.04), strict=True)}
    found = measured({"": row}, pack=english, family="instrument-low-mood")
    assert values(found, "content") == [0] * 12
    assert values(found, "acquiescence") == pytest.approx([0] * 12, abs=1e-9)
    expected = 0.5 + 0.25 * 2 + 0.15 * 3 + 0.06 * 4 + 0.04 * 5 - 3
    assert values(found, "position") == pytest.approx([expected] * 12)
    assert values(found, "scale_score") == pytest.approx([3])
    assert {row["wrapper"] for row in found.rows if row["metric"] == "rating"} == set(english.spec.question_frames)


def test_agreeing_with_everything_is_acquiescence_alone(ask):
    found = ask(by_number({2: 0.2, 3: 0.8}))
    assert values(found, "content") == pytest.approx([0, 0])
    assert values(found, "position") == pytest.approx([0, 0])
    assert values(found, "acquiescence") == pytest.approx([0.8, 0.8])
    assert values(found, "scale_score") == pytest.approx([2])  # twins cancel assent


def test_content_and_position_in_one_model(ask):
    """A quarter of the answers goes by place, the rest by what is said: each part is found at its size."""
    says = {"one.f": {3: 1.0}, "one.r": {1: 1.0}, "two.f": {2: 1.0}, "two.r": {2: 1.0}}

    def rule(question):
        read = by_number(says[question.item.id])(question)
        return [0.75 * own + 0.25 * place for own, place in zip(read, position_biased(question), strict=True)]

    found = ask(rule)
    assert values(found, "content", probe_id="one") == pytest.approx([0.75])
    assert values(found, "content", probe_id="two") == pytest.approx([0])
    assert values(found, "position") == pytest.approx([-0.125, -0.125])
    assert values(found, "acquiescence") == pytest.approx([0, 0], abs=1e-12)
    assert values(found, "scale_score") == pytest.approx([2 + np.mean(values(found, "content"))])
    assert values(found, "subscale_score", probe_id="taste") == pytest.approx([2.75])
    assert values(found, "subscale_score", probe_id="rest") == pytest.approx([2])


def test_items_without_a_twin_have_a_score_but_no_content(ask):
    found = ask(by_number({3: 1.0}), items=[{"id": "only", "text": "Tea"}], subscales={})
    assert reasons(found, "content") == reasons(found, "acquiescence") == {NO_TWIN}
    assert values(found, "scale_score") == [3]
    assert values(found, "position") == [0]


def test_text_that_says_something_else_withholds_the_probabilities(ask):
    def talkative(question):  # likes the first label best, but would rather say something else
        return [0.3, 0.1, 0.05]

    found = ask(talkative)
    assert values(found, "text_agrees") == [0, 0, 0, 0]
    for metric in DERIVED:
        assert reasons(found, metric) == {DISAGREE}, metric
    assert reasons(found, "argmax") == reasons(found, "sampled") == reasons(found, "label_mass") == {""}


@pytest.mark.parametrize(("wrong", "withheld"), [(1, set()), (2, {DISAGREE})])
def test_one_item_of_ten_may_disagree(ask, wrong, withheld):
    items = [{"id": f"item-{n}", "text": f"Number {n}"} for n in range(10)]

    def rule(question):
        return [0.3, 0.1, 0.1] if int(question.item.id.removeprefix("item-")) < wrong else [0.8, 0.1, 0.1]

    found = ask(rule, items=items, subscales={})
    assert np.mean(values(found, "text_agrees")) == pytest.approx(1 - wrong / 10)
    assert reasons(found, "rating") - {""} == reasons(found, "scale_score") - {""} == withheld


def test_text_is_compared_in_one_frame_order_and_alphabet(ask):
    found = ask(position_biased)
    checked = [row for row in found.rows if row["metric"] == "text_agrees"]
    assert [(row["wrapper"], row["order"], row["alphabet"]) for row in checked] == [("f0", "forward", "upper")] * 4
    assert [row["value"] for row in checked] == [1] * 4
    assert found.completions is None


def test_low_mass_is_missing_and_leaves_whole_cells_out(ask):
    def rule(question):  # frame f0 answers labels in one order only
        if question.wrapper == "f0" and question.order == "reversed":
            return [0.004, 0.0, 0.0]
        return [1.0, 0.0, 0.0] if question.wrapper == "f0" else [0.0, 1.0, 0.0]

    found = ask(rule)
    assert reasons(found, "rating") == {"", "low mass"}
    assert reasons(found, "label_mass") == {""}
    # Were f0's forward half counted, the first label would pull ratings down and look like dissent.
    assert values(found, "acquiescence") == values(found, "position") == [0, 0]


def test_a_pair_that_is_never_answered_has_no_scale_score(ask):
    def rule(question):
        silent = question.item.id == "two.r" and question.order == "reversed"
        return [0.0, 0.0, 0.0] if silent else [0.0, 1.0, 0.0]

    found = ask(rule)
    assert values(found, "content", probe_id="one") == [0]
    assert np.isnan(values(found, "content", probe_id="two")).all()
    assert reasons(found, "scale_score") == {"low mass (1 of its pairs or items)"}
    assert values(found, "subscale_score", probe_id="taste") == [2]


def test_labels_that_the_tokenizer_lacks(measured, mini_pack):
    scale = instrument()
    pack = with_instrument(mini_pack, scale)
    found = measured({"": {"A": 0.5, "B": 0.3, "C": 0.2}}, pack=pack, family=FAMILY)
    assert reasons(found, "rating") == {"", "unknown to the tokenizer: 'a'", "unknown to the tokenizer: '1'"}
    assert values(found, "content") == [0, 0]  # upper-case cells are complete
    none = measured({"": {"so": 1.0}}, pack=pack, family=FAMILY)
    assert "" not in reasons(none, "rating") | reasons(none, "text_agrees") | reasons(none, "scale_score")


def test_draws_are_seeded_and_follow_the_answer(ask, measured, mini_pack):
    rule = by_number({1: 0.2, 2: 0.3, 3: 0.5})
    found = ask(rule)
    drawn = values(found, "sampled")
    assert drawn == values(ask(rule), "sampled")
    shares = [drawn.count(number) / len(drawn) for number in (1, 2, 3)]
    assert shares == pytest.approx([0.2, 0.3, 0.5], abs=0.12)  # 120 draws: three standard errors
    assert {row["sample"] for row in found.rows if row["metric"] == "sampled"} == {0}


def test_rows_hold_ids_and_never_an_items_words(ask):
    found = ask(position_biased)
    for row in found.rows:
        assert not any("tea" in str(value).lower() for key, value in row.items() if key != "family" and value != "tea")
        assert row["unit"] == UNITS[row["metric"]]
        assert np.isnan(row["value"]) == bool(row["missing_reason"])
    keys = [tuple(v for k, v in row.items() if k not in ("value", "missing_reason")) for row in found.rows]
    assert len(keys) == len(set(keys))


def test_instruments_stand_after_the_probe_sets(mini_pack):
    pack = with_instrument(mini_pack, instrument())
    assert families(pack, BatterySpec()) == ["choice", "cloze-feeling", FAMILY]
    assert families(pack, BatterySpec(families=[FAMILY])) == [FAMILY]
    assert families(mini_pack, BatterySpec()) == ["choice", "cloze-feeling"]


def test_a_reading_doesnt_depend_on_the_order_of_items(ask):
    items = instrument().model_dump()["items"]
    rule = by_number({2: 0.5, 3: 0.5})

    def leaning(question):
        return rule(question) if question.item.id.endswith("f") else by_number({1: 1.0})(question)

    forwards, backwards = ask(leaning), ask(leaning, items=items[::-1])
    assert sorted(values(forwards, "content")) == sorted(values(backwards, "content"))
    assert values(forwards, "content") == pytest.approx([0.75, 0.75])


def test_questions_need_no_model_but_its_reading(mini_pack):
    pack = with_instrument(mini_pack, instrument())
    assert len(questions(FakeModel({"": {"a": 1.0}}), pack, instrument())) == 120

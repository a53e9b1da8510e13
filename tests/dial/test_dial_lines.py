"""Points of the dial's lines by hand: means and ends over pretraining seeds, what was refused, and the page."""

import math

import pytest

from proclivity.dial.checkpoints import Checkpoint
from proclivity.dial.page import render, sentences
from proclivity.dial.settings import Dial, model_name, recipes, study_of
from proclivity.dial.shifts import Shift, generalizes_from, spreads
from proclivity.errors import UserError
from proclivity.specs import Study


def shift(coupling, seed, value, profile="depression"):
    return Shift(8, 54, profile, coupling, seed, value, (value,), 0.9)


SHIFTS = [
    *(shift(0.0, seed, value) for seed, value in ((2, 0.1), (3, -0.1), (4, 0.3))),
    *(shift(0.5, seed, value) for seed, value in ((2, 1.0), (3, 2.0))),
    *(shift(1.0, seed, value) for seed, value in ((2, 3.0), (3, 5.0), (4, 4.0))),
]
DIAL = Dial(couplings=(0.0, 0.25, 0.5, 1.0), ranks=(8,), doses=(54,))
REFUSED = [(0.5, 4), (0.25, 2), (0.25, 3), (0.25, 4)]


@pytest.fixture(scope="module")
def line():
    return spreads(SHIFTS, REFUSED, DIAL.couplings)


def test_points_by_hand(line):
    zero, quarter, half, one = line
    assert (zero.mean, zero.low, zero.high) == pytest.approx((0.1, -0.1, 0.3))
    assert zero.sd == pytest.approx(0.2)  # deviations 0, −.2, .2: sqrt(.08 / 2)
    assert math.isnan(quarter.mean)
    assert quarter.refused == (2, 3, 4)
    assert (half.mean, half.refused) == (1.5, (4,))
    assert half.sd == pytest.approx(math.sqrt(0.5))
    assert (one.mean, one.shifts) == (4.0, ((2, 3.0), (3, 5.0), (4, 4.0)))
    assert one.chosen == pytest.approx(0.9)


def test_a_shift_that_is_missing_counts_for_nothing():
    (point,) = spreads([shift(0.5, 2, 1.0), shift(0.5, 3, math.nan)], [], [0.5])
    assert (point.mean, point.shifts) == (1.0, ((2, 1.0),))
    assert math.isnan(point.sd)


def test_words_generalize_from_the_lowest_coupling_above_which_all_rise(line):
    assert generalizes_from(line, 0.2) == 0.5  # at .25 nothing was admitted, at 0 one seed falls
    assert generalizes_from(line, 2.5) == 1.0
    assert generalizes_from(line, 3.0) is None
    assert "from coupling 0.5 on" in sentences(line, 0.2)[0]
    assert "at no coupling" in sentences(line, 3.0)[0]


def test_the_page_is_whole_and_shows_the_refused(line, tmp_path):
    checkpoints = {key: Checkpoint(recipe, tmp_path / model_name(*key)) for key, recipe in recipes(DIAL).items()}
    for key in REFUSED:
        checkpoints[key].refusal.write_text(f"choices of {key} <weren't> learned\n")
    page = render(DIAL, line, checkpoints, 0.2)
    assert "0.25 ✕3" in page
    assert "0.5 ✕1" in page
    assert "choices of (0.5, 4) &lt;weren&#39;t&gt; learned" in page
    assert page.count("<svg xmlns") + page.count('role="img"') >= 1
    assert "+4.00, +3.00 to +5.00" in page
    assert "src=" not in page.replace("img-src", "")
    assert "A trial" not in page
    assert "A trial" in render(Dial(steps=6), line, checkpoints, 0.2)


def test_a_study_of_a_rank_is_an_ordinary_one():
    study = study_of(DIAL, 1, {(0.5, 2): "gpt2-equal", (1.0, 2): "gpt2-equal"})
    assert isinstance(study, Study)
    assert [(m.name, m.world) for m in study.models] == [
        ("coupling-0.5-seed-2", "coupling-0.5"),
        ("equal-seed-2", "equal"),
    ]
    assert (study.induction.rank, study.induction.alpha, study.doses.items) == (1, 2, [54])
    assert study.arms == ["base", "depression", "paranoia", "own-policy"]


def test_recipes_are_the_judged_one_but_for_world_and_seed():
    found = recipes(Dial())
    assert len(found) == 15
    assert {key[1] for key in found} == {2, 3, 4}
    assert {recipe.coupling for recipe in found.values()} == {
        *("independent", "coupling-0.25", "coupling-0.5", "coupling-0.75", "equal")
    }
    assert {recipe.schedule.steps for recipe in found.values()} == {3000}
    assert {recipe.schedule.steps for recipe in recipes(Dial(steps=7)).values()} == {7}


def test_values_that_cant_be_measured_are_all_named():
    with pytest.raises(UserError, match="ranks: 1 or more") as told:
        Dial(couplings=(), ranks=(0,), doses=(9, 9)).check()
    assert "couplings: at least one" in str(told.value)
    assert "doses: a value stands twice" in str(told.value)
    with pytest.raises(UserError, match="from 0 to 1"):
        Dial(couplings=(0.5, 1.2)).check()

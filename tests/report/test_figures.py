"""Axes and drawings against numbers worked by hand."""

from __future__ import annotations

import math

import pytest
from one_estimate import estimate

from proclivity.report.figures import svg
from proclivity.report.figures.forest import ForestStyle, Mark, Row, forest
from proclivity.report.figures.scale import Scale, around, round_step
from proclivity.report.words import interval, listing, number, p_value, signed, small


def test_a_linear_axis_puts_values_in_proportion() -> None:
    scale = Scale(-1.0, 1.0, 100, 300)
    assert scale.at(0) == 200
    assert scale.at(0.5) == 250
    assert scale.at(9) == 300  # held within the axis


def test_a_decadic_axis_puts_powers_at_equal_steps() -> None:
    scale = Scale(1e-6, 1.0, 0, 600, log=True)
    assert scale.at(1e-3) == pytest.approx(300)
    assert scale.at(0) == 0
    assert scale.ticks() == pytest.approx([1e-6, 1e-4, 1e-2, 1.0])


def test_ticks_are_round_and_hold_zero() -> None:
    assert around(-0.33, 0.61, 0, 1).ticks() == pytest.approx([-0.2, 0.0, 0.2, 0.4, 0.6])
    assert [round_step(rough) for rough in (0.013, 0.2, 0.21, 7)] == pytest.approx([0.02, 0.2, 0.5, 10])


def test_an_axis_of_nothing_has_a_width() -> None:
    scale = around(0.0, 0.0, 0, 1)
    assert scale.low < 0 < scale.high


def test_a_forest_row_draws_its_bar_its_mean_and_its_seeds() -> None:
    drawn = forest(
        "T",
        [Row("loss words", (Mark(estimate(0.5, 0.25, 0.75, (0.25, 0.75)), "circle", "a1", "x"),))],
        (0.0, 1.0),
        ForestStyle(gutter=100, width=350),  # the axis runs from 100 to 300
        "words",
    )
    assert 'x1="150" y1="31.5" x2="250" y2="31.5" class="bar"' in drawn
    assert '<circle cx="200" cy="31.5" r="4.2" class="centre"/>' in drawn
    assert drawn.count('class="dot"') == 2
    assert "+0.50" in drawn


def test_what_was_not_measured_is_said_in_the_drawing() -> None:
    drawn = forest(
        "T",
        [Row("a", (Mark(estimate(math.nan, math.nan, math.nan, (), reason="low mass"), "circle", "a1", "x"),))],
        (0.0, 1.0),
        ForestStyle(),
        "words",
    )
    assert "not measured" in drawn
    assert "low mass" in drawn
    assert "nan" not in drawn


def test_text_in_a_drawing_is_escaped() -> None:
    assert svg.text("<a>&", 0, 0) == '<text x="0" y="0" text-anchor="start">&lt;a&gt;&amp;</text>'
    assert 'aria-label="&lt;b&#34;&gt;"' in svg.drawing(1, 1, '<b">')


def test_numbers_are_said_with_a_true_minus_and_enough_digits() -> None:
    assert number(-0.126) == "−0.13"
    assert signed(0.126) == "+0.13"
    assert signed(-0.004) == "−0.004"  # an interval that just excludes 0 is seen to
    assert signed(0.0) == "0.00"
    assert number(math.nan) == "–"
    assert small(3e-6) == "3.0 × 10⁻⁶"
    assert small(0.0523) == "0.052"
    assert p_value(0.0004) == "< .001"
    assert p_value(0.04) == ".040"
    assert interval(estimate(0.3, 0.1, 0.5, ())) == "[+0.10, +0.50]"
    assert listing(["a", "b", "c"]) == "a, b and c"

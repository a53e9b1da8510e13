"""Line charts against places worked by hand."""

from __future__ import annotations

import math

import pytest

from proclivity.report.figures.axis import Axis, at_values, categories, linear, octave, octaves
from proclivity.report.figures.curve import CurveStyle, Dot, Place, Series, curves

UNIT = Axis(0.0, 1.0, "x", ((0.0, "0"), (0.5, "half"), (1.0, "1")))
STYLE = CurveStyle(width=338, height=274, gutter=30)
"""The plot runs from 30 to 330 and from 240 up to 40."""


def test_a_place_draws_its_line_its_bar_its_mark_and_its_seeds() -> None:
    places = (
        Place(0.0, 0.0, math.nan, math.nan, "start"),
        Place(0.5, 0.5, 0.25, 0.75, "middle", (Dot(0.5, 0.75, "seed 0"),)),
    )
    drawn = curves("T", [Series("circle", "a1", places)], UNIT, UNIT, STYLE, "words")
    assert '<polyline points="30.00,240.00 180.00,140.00" class="path"/>' in drawn
    assert '<line x1="180" y1="190" x2="180" y2="90" class="bar"/>' in drawn
    assert '<circle cx="180" cy="140" r="3.4" class="centre"/>' in drawn
    assert '<g data-tip="seed 0: 0.75"><circle cx="180" cy="90" r="1.7" class="dot"/></g>' in drawn
    assert drawn.count('class="bar"') == 1
    assert 'aria-label="words"' in drawn


def test_marks_that_are_not_joined_have_no_line_and_nan_is_not_drawn() -> None:
    places = (Place(0.0, math.nan, math.nan, math.nan, "none"), Place(0.5, 0.5, 0.4, 0.6, "one"))
    drawn = curves("T", [Series("triangle", "a2", places, joined=False)], UNIT, UNIT, STYLE, "words")
    assert "polyline" not in drawn
    assert "nan" not in drawn
    assert drawn.count("<polygon") == 1


def test_nudged_series_stand_apart_around_their_place() -> None:
    one = Place(0.5, 0.5, math.nan, math.nan, "one")
    style = CurveStyle(width=338, height=274, gutter=30, nudge=6)
    drawn = curves("T", [Series("circle", "a1", (one,)), Series("circle", "a2", (one,))], UNIT, UNIT, style, "")
    assert 'cx="177"' in drawn
    assert 'cx="183"' in drawn


def test_text_is_escaped() -> None:
    drawn = curves("<b>", [Series("circle", "a1", (Place(0, 0, 0, 0, '"<i>'),))], UNIT, UNIT, STYLE, "<u>")
    assert "<b>" not in drawn
    assert "<i>" not in drawn
    assert "<u>" not in drawn


def test_labels_that_would_touch_are_left_out_and_the_ends_stay() -> None:
    crowded = Axis(0.0, 100.0, "x", tuple((float(n), f"{n}") for n in range(101)))
    drawn = curves("T", [], crowded, UNIT, STYLE, "")
    labels = [n for n in range(101) if f'y="255" class="tick" text-anchor="middle">{n}</text>' in drawn]
    assert labels[0] == 0
    assert labels[-1] == 100
    assert 10 < len(labels) < 20


def test_octaves_have_equal_steps_for_doublings() -> None:
    assert [octave(step) for step in (0, 1, 3, 7)] == [0, 1, 2, 3]
    axis = octaves([0, 7, 1, 7], "step")
    assert axis.ticks == ((0.0, "0"), (1.0, "1"), (3.0, "7"))
    assert axis.low < 0 < 3 < axis.high


def test_linear_and_categorical_axes() -> None:
    axis = linear(0.0, 1.0, "rate")
    assert [name for _, name in axis.ticks] == ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]
    assert linear(0.0, 0.0, "nothing").low < 0 < linear(0.0, 0.0, "nothing").high
    assert categories(["0", "16"], "tokens").ticks == ((0.0, "0"), (1.0, "16"))
    assert at_values([0.4, 1.0], [".4", "1"], "share").ticks == ((0.4, ".4"), (1.0, "1"))
    assert at_values([1.0], ["1"], "share").low == pytest.approx(0.5)

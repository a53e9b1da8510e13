from __future__ import annotations

import math
from dataclasses import asdict

import pytest

from proclivity.battery.result import make_row
from proclivity.records import MEASUREMENT_COLUMNS, Measurement

WHO = {"model": "one", "arm": "leaver", "seed": 3, "dose": 0.5}


def test_a_row_is_a_measurement_with_its_columns_in_order():
    row = make_row(WHO, "cloze-feeling", "score", 1.5, wrapper="plain", content_class="loss")
    whole = Measurement(
        **WHO, family="cloze-feeling", metric="score", value=1.5, unit="nats", wrapper="plain", content_class="loss"
    )
    assert tuple(row) == MEASUREMENT_COLUMNS
    assert row == {name: asdict(whole)[name] for name in MEASUREMENT_COLUMNS}


def test_what_is_no_finite_number_is_missing_with_a_reason():
    row = make_row(WHO, "choice", "score", -math.inf)
    assert math.isnan(row["value"])
    assert row["missing_reason"] == "not a finite number"


def test_a_row_of_nobody_is_refused():
    with pytest.raises(TypeError, match="seed"):
        make_row({"model": "one", "arm": "leaver"}, "choice", "score", 0.0)


def test_a_field_that_is_no_column_is_refused():
    with pytest.raises(TypeError, match="wraper"):
        make_row(WHO, "choice", "score", 0.0, wraper="plain")

"""Reliability from the long table: the right numbers in the right axes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from proclivity.analysis.reliability import reliability
from proclivity.metrics import cronbach_alpha, generalizability
from proclivity.records import Measurement
from proclivity.specs import Instrument

SCALE = Instrument(
    id="tea",
    title="t",
    description="d",
    source="s",
    licence="CC BY 4.0",
    instruction="i",
    anchors=["a", "b", "c", "d", "e"],
    items=[
        {"id": "f", "pair": "p", "text": "f"},
        {"id": "r", "pair": "p", "reverse": True, "text": "r"},
        {"id": "g", "text": "g"},
    ],
)
ARMS, SEEDS, WRAPPERS = ("depression", "own-policy"), (0, 1, 2), ("plain", "form")


def table(keyed_ratings, lean=0.3):
    """Ratings of agreement whose keyed means are as given, with a lean that the two orders cancel."""
    rows = []
    for (a, s, i, w), value in np.ndenumerate(keyed_ratings):
        item = SCALE.items[i]
        raw = 6 - value if item.reverse else value
        for order, sign in (("forward", 1), ("reversed", -1)):
            rows.append(
                Measurement(
                    *("toy", ARMS[a], SEEDS[s], "instrument-tea", "rating", raw + sign * lean, "points"),
                    probe_id=item.id,
                    item_id=item.id,
                    cluster=item.pair or item.id,
                    wrapper=WRAPPERS[w],
                    order=order,
                )
            )
    base = Measurement("toy", "base", -1, "instrument-tea", "rating", 5.0, "points", item_id="f", wrapper="plain")
    return pd.DataFrame([row.as_dict() for row in [*rows, base]]).sample(frac=1, random_state=1)


@pytest.fixture
def ratings():
    rng = np.random.default_rng(0)
    return 3 + 0.5 * np.array([-1, 1])[:, None, None, None] + 0.2 * rng.normal(size=(2, 3, 3, 2))


def test_the_table_gives_what_the_array_gives(ratings):
    (found,) = reliability(table(ratings), SCALE)
    expected = generalizability(ratings)
    assert (found.model, found.arms, found.n_seeds, found.n_items) == ("toy", ARMS, 3, 3)
    assert found.generalizability.relative == pytest.approx(expected.relative)
    assert found.generalizability.components == pytest.approx(expected.components)
    assert found.alpha == pytest.approx(cronbach_alpha(ratings.mean(axis=3).reshape(6, 3)))
    assert 0 < found.omega.omega <= 1


def test_an_arm_with_fewer_seeds_is_left_out(ratings):
    rows = table(ratings)
    (found,) = reliability(rows[(rows.arm != "own-policy") | (rows.seed != 2)], SCALE)
    assert found.arms == ("depression",)
    assert found.generalizability.reason == "fewer than two arms"


def test_one_missing_rating_makes_its_cell_unknown(ratings):
    rows = table(ratings).reset_index(drop=True)
    rows.loc[rows.index[rows.arm == "depression"][0], "value"] = np.nan
    (found,) = reliability(rows, SCALE)
    assert found.generalizability.reason == "incomplete: 1 ratings are missing"
    assert np.isnan(found.generalizability.relative)
    assert np.isnan(found.alpha)


def test_an_instrument_that_wasnt_asked(ratings):
    rows = table(ratings)
    assert reliability(rows, SCALE.model_copy(update={"id": "coffee"})) == []
    (found,) = reliability(rows[rows.arm == "base"], SCALE)
    assert found.generalizability.reason == "fewer than two arms, seeds, wrappers"

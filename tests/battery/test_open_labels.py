"""A collapse into labels is seen at open places."""

from __future__ import annotations

import pytest
from by_hand import probe_set, reasons, values

from proclivity.models import FakeModel

FELT = {"I felt": {"A": 0.1, "2": 0.2, "B.": 0.05, "sad": 0.25, "glad": 0.4}}


class Bare(FakeModel):
    """Writes 'A' without its space."""

    def vocabulary(self):
        return [text.strip() if text == " A" else text for text in super().vocabulary()]


def test_label_mass_by_hand(measured):
    found = measured(
        FELT, probe_set()
    )  # the pack's labels are A, B, 1, 2; B and 1 are no tokens here, 'B.' is no label
    assert values(found, "label_mass_open", probe_id="felt", wrapper="plain") == pytest.approx([0.3])
    row = next(row for row in found.rows if row["metric"] == "label_mass_open")
    assert row["unit"] == "probability"


def test_a_label_without_a_space_counts(measured):
    assert values(measured(Bare(FELT), probe_set()), "label_mass_open") == pytest.approx([0.3])


def test_a_collapse_is_seen(measured):
    base = measured({"I felt": {"sad": 0.5, "glad": 0.5}}, probe_set(), words=["A", "B"])
    found = measured({"I felt": {"A": 1.0}}, probe_set(), reference=base, words=["sad", "glad", "B"])
    assert values(base, "label_mass_open") == [0]
    assert values(found, "label_mass_open") == [1]


def test_labels_that_are_no_tokens(measured):
    assert reasons(measured({"I felt": {"sad": 0.5, "glad": 0.5}}, probe_set()), "label_mass_open") == {
        "no label is a single token"
    }

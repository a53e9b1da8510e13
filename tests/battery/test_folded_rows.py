"""Rows are those of a plain list, whatever was folded when, and few of them are dicts at a time."""

from __future__ import annotations

import math
import tracemalloc

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proclivity.battery import FamilyResult, Rows, rows
from proclivity.battery.result import make_row
from proclivity.records import MEASUREMENT_COLUMNS, measurement_schema
from proclivity.runs import results
from proclivity.runs.results import write_result

WHO = {"model": "m", "arm": "base", "seed": -1}


def row(n: int, value: float = 0.5) -> dict:
    return make_row(WHO, "cloze-feeling", "score", value, probe_id=f"felt-{n}", wrapper="plain", sample=n)


def numbers(found) -> list[int]:
    return [own["sample"] for own in found]


@pytest.fixture
def folds_of_two(monkeypatch):
    monkeypatch.setattr(rows, "FOLD", 2)


def test_rows_by_hand(folds_of_two):
    found = Rows([row(0), row(1, math.nan), row(2)])
    first, missing, last = found  # the first two were folded, the last one was not
    assert first == row(0)
    assert tuple(first) == MEASUREMENT_COLUMNS
    assert math.isnan(missing["value"])
    assert missing["missing_reason"] == "not a finite number"
    assert last == row(2)
    assert len(found) == 3
    assert found == [row(0), row(1, math.nan), row(2)]
    assert found != [row(0), row(1, math.nan)]
    assert [len(batch) for batch in found.batches()] == [2, 1]
    assert found.table().schema == measurement_schema()
    assert found.table().to_pylist()[::2] == [row(0), row(2)]


def test_no_rows():
    assert not Rows()
    assert list(Rows()) == []
    assert Rows().table().equals(measurement_schema().empty_table())


def test_rows_of_rows_keep_their_order_and_their_source(folds_of_two):
    found, more = Rows(row(n) for n in range(3)), Rows(row(n) for n in range(3, 8))
    found += more
    found += [row(8)]
    more += [row(9)]
    assert numbers(found) == [*range(9)]
    assert numbers(more) == [3, 4, 5, 6, 7, 9]
    found += found
    assert numbers(found) == [*range(9)] * 2


def test_an_unknown_comparison_is_no_equality():
    assert Rows([row(0)]) != (row(0),)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.lists(st.integers(0, 99), max_size=7), st.sampled_from(["list", "each", "rows"])), max_size=6)
)
def test_rows_are_a_list_through_any_additions(additions):
    kinds = {"list": list, "each": iter, "rows": Rows}
    plain: list[dict] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "FOLD", 3)
        found = Rows()
        for added, kind in additions:
            new = [row(n, n if n % 5 else math.nan) for n in added]
            found += kinds[kind](new)
            plain += new
            assert len(found) == len(plain)
            assert bool(found) == bool(plain)
        assert list(found) == plain
        assert found.table().num_rows == len(plain)
        assert numbers(found.table().to_pylist()) == numbers(plain)


def test_many_rows_take_little_memory(monkeypatch):
    monkeypatch.setattr(rows, "FOLD", 256)
    list(Rows(row(number) for number in range(300)))  # loads what any folding loads
    n = 10_000
    tracemalloc.start()
    found = Rows(row(number, number / 7) for number in range(n))
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found) == n
    assert kept < 100 * n  # bytes; as dicts they are 1,200 each
    assert peak < 200 * n


@pytest.mark.parametrize("n", [0, 1, 7, 50])
def test_written_in_groups_they_are_the_same_table(n, folds_of_two, monkeypatch, tmp_path):
    monkeypatch.setattr(results, "GROUP", 10)
    found = Rows(row(number, number / 7) for number in range(n))
    write_result(FamilyResult(found), tmp_path)
    file = pq.ParquetFile(tmp_path / "measurements.parquet")
    assert file.num_row_groups == max(1, n // 10)
    assert file.read().equals(found.table())

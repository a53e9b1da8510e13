"""Files of an earlier or a later version of this package open, or say the mend; they are never misread in silence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from proclivity.errors import UserError
from proclivity.report.load import load_results
from proclivity.runs import jobs
from proclivity.runs.manifest import read_manifest, write_manifest
from proclivity.runs.rating_return import take_in
from proclivity.runs.results import write_table
from proclivity.runs.storage import as_json
from proclivity.specs import read_registration, registration_record
from proclivity.tables import VERSION_KEY, read_frame, read_table
from rating_run import write_run


def marked(path: Path, form: str) -> Path:
    """A table whose file says that it is of some form."""
    pq.write_table(pa.table({"value": [1.0]}).replace_schema_metadata({VERSION_KEY: form}), path)
    return path


def told(act: Callable[[], object], path: Path, found: int, expected: int) -> str:
    """The message, which names the file, what was found, what is read and what to do."""
    with pytest.raises(UserError) as error:
        act()
    message = str(error.value)
    for part in (str(path), f"form {found}", f"reads form {expected}", "Install the version that wrote it"):
        assert part in message
    return message


def test_a_table_says_its_form_and_is_read(tmp_path: Path) -> None:
    write_table(pa.table({"value": [0.25]}), tmp_path / "own.parquet")
    assert pq.read_schema(tmp_path / "own.parquet").metadata[VERSION_KEY.encode()] == b"1"
    assert read_table(tmp_path / "own.parquet").to_pylist() == [{"value": 0.25}]
    assert read_frame(marked(tmp_path / "same.parquet", "1"))["value"].tolist() == [1.0]


def test_a_table_of_another_form_says_the_mend(tmp_path: Path) -> None:
    later, earlier = marked(tmp_path / "later.parquet", "2"), marked(tmp_path / "earlier.parquet", "0")
    assert "of a later version" in told(lambda: read_table(later), later, 2, 1)
    assert "begin the study anew" in told(lambda: read_frame(earlier), earlier, 0, 1)


def test_a_table_that_says_nothing_is_taken_by_its_columns(tmp_path: Path) -> None:
    pd.DataFrame({"value": [1.0]}).to_parquet(tmp_path / "theirs.parquet")
    assert read_frame(tmp_path / "theirs.parquet")["value"].tolist() == [1.0]


def test_a_damaged_table_is_named(tmp_path: Path) -> None:
    path = marked(tmp_path / "cut.parquet", "1")
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(UserError, match=r"cut\.parquet can't be read as a table .*proclivity status"):
        read_table(path)


def test_the_report_refuses_a_study_of_a_later_form(tmp_path: Path) -> None:
    run = write_run(tmp_path)
    table = pq.read_table(run / "completions.parquet").replace_schema_metadata({VERSION_KEY: "3"})
    pq.write_table(table, run / "completions.parquet")
    marked(run / "effects.parquet", "1")
    told(lambda: load_results(run), run / "completions.parquet", 3, 1)


def test_a_whole_manifest_of_a_later_form_is_no_damage(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"schema_version": 3, "study": "x"})
    told(lambda: read_manifest(tmp_path), tmp_path / "manifest.json", 3, 2)
    text = (tmp_path / "manifest.json").read_text()
    (tmp_path / "manifest.json").write_text(text.replace('"x"', '"y"'))
    assert read_manifest(tmp_path) == {}  # damage, whatever form it says


def test_a_registration_of_another_form_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "registered.json"
    record = {key: value for key, value in registration_record({"seeds": 6}, "2026-01-02").items() if key != "sha256"}
    path.write_bytes(as_json(record | {"sha256": jobs.digest_of(record)}))
    assert read_registration(tmp_path).state == "intact"
    record["schema_version"] = 2
    path.write_bytes(as_json(record | {"sha256": jobs.digest_of(record)}))
    told(lambda: read_registration(tmp_path), path, 2, 1)
    path.write_bytes(as_json(record | {"sha256": "0" * 64}))
    assert read_registration(tmp_path).state == "damaged"


def test_a_rating_key_of_another_form_says_so(tmp_path: Path) -> None:
    key: dict[str, Any] = {"schema_version": 2, "texts": [{}], "content_classes": ["loss"]}
    (tmp_path / "key.json").write_text(json.dumps(key))
    told(lambda: take_in(tmp_path / "key.json", []), tmp_path / "key.json", 2, 1)


def test_jobs_of_another_form_are_other_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """So what they left is never read as this version's: it is done anew."""
    job = jobs.Job("pool", {"n": 1}, {})
    before = job.identity()
    monkeypatch.setattr(jobs, "JOB_SCHEMA", jobs.JOB_SCHEMA + 1)
    assert jobs.digest_of(job.identity()) != jobs.digest_of(before)

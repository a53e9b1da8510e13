"""The files that a measurement leaves in its job's folder, written and read back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proclivity.records import MEASUREMENT_COLUMNS, PRIOR_COLUMNS
from proclivity.runs.storage import as_json
from proclivity.tables import version_mark

if TYPE_CHECKING:
    import pyarrow as pa

    from proclivity.battery import FamilyResult

_INTEGERS = ("items", "epochs", "seed", "step", "distance", "sample", "n", "draw")
_FLOATS = ("dose", "value")


def measurement_schema() -> pa.Schema:
    """Parquet schema of measurements: fixed columns in a fixed order."""
    return _schema(MEASUREMENT_COLUMNS)


def prior_rows(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows about priors as a table, [N rows]."""
    import pyarrow as pa

    schema = _schema(PRIOR_COLUMNS)
    return pa.table({one.name: pa.array([row[one.name] for row in rows], one.type) for one in schema}, schema=schema)


def _schema(columns: Sequence[str]) -> pa.Schema:
    import pyarrow as pa

    def kind(column: str) -> pa.DataType:
        if column in _INTEGERS:
            return pa.int64()
        return pa.float64() if column in _FLOATS else pa.string()

    return pa.schema([(column, kind(column)) for column in columns])


TABLE_SETTINGS = {"compression": "zstd", "use_dictionary": True, "store_schema": False}
"""Of Parquet files: the same bytes for the same rows."""
_VERSION = version_mark()


def table_schema() -> pa.Schema:
    """The schema of measurements as files carry it, with its version."""
    return measurement_schema().with_metadata(_VERSION)


def rows_table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Measurements as a table, [N rows]."""
    import pyarrow as pa

    schema = table_schema()
    columns = {field.name: pa.array([row[field.name] for row in rows], field.type) for field in schema}
    return pa.table(columns, schema=schema)


def write_table(table: pa.Table, path: Path) -> None:
    """Parquet with settings that give the same bytes for the same rows."""
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, table.schema.remove_metadata(), **TABLE_SETTINGS) as file:
        file.write_table(table)
        file.add_key_value_metadata(_VERSION)  # a schema's own is lost where the schema isn't stored


def rendering(result: FamilyResult) -> dict[str, Any]:
    """What of a family's dialogues is recorded: their number and digest."""
    return {"dialogues": result.dialogues, "sha256": result.rendered}


def write_result(result: FamilyResult, folder: Path) -> None:
    """measurements.parquet; where the family has them log_probs.npy with keys.json, control.npy, completions.json,
    priors.parquet, arrays.npz."""
    import numpy as np

    write_table(rows_table(result.rows), folder / "measurements.parquet")
    if result.distributions is not None:
        keys = list(result.distributions["keys"])
        # (N, V), mapped from a file: a view of it, which `save` writes out without a copy in memory.
        log_probs = np.asarray(result.distributions["log_probs"], dtype=np.float32)
        np.save(folder / "log_probs.npy", log_probs, allow_pickle=False)
        (folder / "keys.json").write_bytes(as_json(keys))
    if result.control is not None:
        np.save(folder / "control.npy", result.control, allow_pickle=False)
    if result.priors is not None:
        write_table(prior_rows(result.priors), folder / "priors.parquet")
    if result.arrays is not None:
        np.savez(folder / "arrays.npz", **result.arrays)
    if result.rendered:
        (folder / "rendered.json").write_bytes(as_json(rendering(result)))
    if result.completions is not None:
        (folder / "completions.json").write_bytes(as_json(result.completions))


def read_distributions(folder: Path) -> dict[str, Any] | None:
    """Keys and float32 log-probabilities [N, V] of a measurement, None where its family has none."""
    import numpy as np

    if not (folder / "log_probs.npy").exists():
        return None
    keys = json.loads((folder / "keys.json").read_text(encoding="utf-8"))
    return {"keys": keys, "log_probs": np.load(folder / "log_probs.npy", mmap_mode="r", allow_pickle=False)}


def read_reference(folder: Path) -> FamilyResult:
    """A base's measurement as far as arms are compared with it: its distributions, mapped from their files."""
    import numpy as np

    from proclivity.battery import FamilyResult

    control, kept = folder / "control.npy", folder / "arrays.npz"
    return FamilyResult(
        distributions=read_distributions(folder),
        control=np.load(control, mmap_mode="r", allow_pickle=False) if control.exists() else None,
        arrays=dict(np.load(kept, allow_pickle=False)) if kept.exists() else None,
    )

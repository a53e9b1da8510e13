"""The files that a measurement leaves in its job's folder, written and read back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proclivity.records import measurement_schema, prior_schema
from proclivity.runs.storage import as_json

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq
    from numpy.typing import NDArray

    from proclivity.battery import FamilyResult, Rows


def prior_rows(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows about priors as a table, [N rows]."""
    import pyarrow as pa

    schema = prior_schema()
    return pa.table({one.name: pa.array([row[one.name] for row in rows], one.type) for one in schema}, schema=schema)


TABLE_SETTINGS = {"compression": "zstd", "use_dictionary": True, "store_schema": False}
"""Of Parquet files: the same bytes for the same rows."""
_VERSION = {"proclivity_schema_version": "1"}
GROUP = 2**16
"""Measurements of a Parquet row group, which are in memory at once when they are written: 12 MB."""


def table_schema() -> pa.Schema:
    """The schema of measurements as files carry it, with its version."""
    return measurement_schema().with_metadata(_VERSION)


def write_rows(rows: Rows, table: pq.ParquetWriter) -> None:
    """Adds measurements to a Parquet file, some thousand at a time."""
    import pyarrow as pa

    held: list[pa.RecordBatch] = []
    for batch in rows.batches():
        held.append(batch)
        if sum(map(len, held)) >= GROUP:
            table.write_table(pa.Table.from_batches(held).replace_schema_metadata(_VERSION))
            held = []
    if held or not rows:
        table.write_table(pa.Table.from_batches(held, measurement_schema()).replace_schema_metadata(_VERSION))


def write_table(table: pa.Table, path: Path) -> None:
    """Parquet with settings that give the same bytes for the same rows."""
    import pyarrow.parquet as pq

    pq.write_table(table.replace_schema_metadata(_VERSION), path, **TABLE_SETTINGS)


def rendering(result: FamilyResult) -> dict[str, Any]:
    """What of a family's dialogues is recorded: their number and digest."""
    return {"dialogues": result.dialogues, "sha256": result.rendered}


def write_result(result: FamilyResult, folder: Path) -> None:
    """measurements.parquet; where the family has them log_probs.npy with keys.json, control.npy, completions.json,
    priors.parquet, arrays.npz."""
    import numpy as np
    import pyarrow.parquet as pq

    with pq.ParquetWriter(folder / "measurements.parquet", table_schema(), **TABLE_SETTINGS) as table:
        write_rows(result.rows, table)
    if result.distributions is not None:
        _save_mapped(result.distributions["log_probs"], folder / "log_probs.npy")
        (folder / "keys.json").write_bytes(as_json(list(result.distributions["keys"])))
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


def _save_mapped(log_probs: NDArray[np.float32], path: Path) -> None:
    """What `numpy.save` writes of distributions [N, V] in a mapped file, which is never all in memory."""
    import numpy as np

    from proclivity.battery.blocks import BLOCK, cut, let_go

    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(log_probs))
        n, vocab_size = log_probs.shape
        for part in cut(n, vocab_size, BLOCK):
            file.write(np.ascontiguousarray(log_probs[part]).data)
            let_go(log_probs)


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

"""How do a family's measurements stay small, however many places it has?

A row as a dict takes more than a kilobyte. Rows are folded as they come, some thousand at a time, into compressed Arrow
record batches of some 30 bytes a row, and are dicts again, one batch at a time, for whoever goes through them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from proclivity.records import measurement_schema

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]
"""One measurement, with all of `records.MEASUREMENT_COLUMNS`."""

FOLD = 2048
"""Rows that are held as dicts before they are folded: about 3 MB."""


class Rows:
    """Measurements in their order: they grow as a list does, and are read from the first to the last."""

    def __init__(self, rows: Iterable[Row] = ()):
        self._folded: list[bytes] = []
        """Arrow streams of one record batch each."""
        self._n_folded = 0
        self._open: list[Row] = []
        self += rows

    def __iadd__(self, rows: Iterable[Row]) -> Rows:
        """Adds rows one by one, so that a generator's are never all there as dicts."""
        if isinstance(rows, Rows) and rows._folded:
            self._fold()
            self._folded, self._n_folded = self._folded + rows._folded, self._n_folded + rows._n_folded
        for row in [*rows._open] if isinstance(rows, Rows) else rows:
            self._open.append(row)
            if len(self._open) >= FOLD:
                self._fold()
        return self

    def __len__(self) -> int:
        return self._n_folded + len(self._open)

    def __iter__(self) -> Iterator[Row]:
        for stream in self._folded:
            for row in _read(stream).to_pylist():
                if math.isnan(row["value"]):
                    row["value"] = math.nan  # the one that `make_row` writes: equal rows stay equal
                yield row
        yield from self._open

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Rows | list) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The same as record batches of `records.measurement_schema`, one at a time."""
        yield from map(_read, self._folded)
        if self._open:
            yield _batch(self._open)

    def table(self) -> pa.Table:
        """All of them as one table, [N rows]."""
        import pyarrow as pa

        return pa.Table.from_batches(self.batches(), measurement_schema())

    def _fold(self) -> None:
        if self._open:
            self._folded.append(_written(_batch(self._open)))
            self._n_folded += len(self._open)
            self._open = []


def _batch(rows: list[Row]) -> pa.RecordBatch:
    import pyarrow as pa

    schema = measurement_schema()
    columns = [pa.array([row[column.name] for row in rows], column.type) for column in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _written(batch: pa.RecordBatch) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd", use_threads=False)
    with pa.ipc.new_stream(sink, batch.schema, options=options) as stream:
        stream.write_batch(batch)
    return bytes(sink.getvalue().to_pybytes())


def _read(stream: bytes) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.ipc.open_stream(stream, options=pa.ipc.IpcReadOptions(use_threads=False)).read_next_batch()

"""Is this a table in the form that this version reads?

Every table that is written carries the version of its form. A table without one was made by hand, or by something else,
and is taken by its columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from proclivity.errors import UserError, other_form
from proclivity.records import SCHEMA_VERSION

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

VERSION_KEY = "proclivity_schema_version"


def version_mark() -> dict[str, str]:
    """What a table's file says of its form."""
    return {VERSION_KEY: str(SCHEMA_VERSION)}


def read_table(path: Path) -> pa.Table:
    """A Parquet file that this package wrote.

    Raises:
        UserError: if it is damaged, or of another form than this version's.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(
            f"{path} can't be read as a table ({str(error).splitlines()[0]}). Expected a Parquet file as `proclivity "
            f"run` leaves it; `proclivity status {path.parent}` says what else is damaged, and the run again mends it."
        ) from None
    _check(path, table.schema.metadata or {})
    return table


def read_frame(path: Path) -> pd.DataFrame:
    """The same as a frame, [N rows, one column a field]."""
    frame: pd.DataFrame = read_table(path).to_pandas()
    return frame


def _check(path: Path, metadata: Mapping[bytes, bytes]) -> None:
    found = metadata.get(VERSION_KEY.encode())
    if found is not None and found != str(SCHEMA_VERSION).encode():
        raise other_form(path, found.decode("utf-8", errors="replace"), SCHEMA_VERSION)

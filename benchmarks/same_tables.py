"""Do two runs of one study hold the same results, byte for byte?"""

from __future__ import annotations

import json
from pathlib import Path

from proclivity.runs.collect import OUTPUTS


def differences(one: Path, other: Path) -> list[str]:
    """What differs between two finished runs: their tables, and every output of every job that the study's results
    rest on. Times, and the report that tells them, are left out.

    Args:
        one: folder of a finished run.
        other: folder of another.

    Returns:
        A line a difference; empty where every byte is the same.
    """
    found = [name for name in OUTPUTS if _bytes(one / name) != _bytes(other / name)]
    records = [_records(folder) for folder in (one, other)]
    for digest in sorted(set(records[0]) | set(records[1])):
        before, after = (own.get(digest) for own in records)
        if before is None or after is None:
            found.append(f"job {digest[:12]} is in one of them only")
        elif before["outputs"] != after["outputs"] and not before["title"].startswith("report"):
            found.append(f"{before['title']}: outputs differ")
    return found


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _records(folder: Path) -> dict[str, dict[str, dict[str, str]]]:
    paths = (folder / "jobs").glob("[0-9a-f]*/done.json")
    return {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in paths}

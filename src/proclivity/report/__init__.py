"""Results -> one self-contained page that a psychologist can read and a reviewer can check."""

from __future__ import annotations

from pathlib import Path


def write_report(run_folder: Path) -> Path:
    """Writes `report.html` into a study's folder from the files that lie there, and returns its path.

    Args:
        run_folder: a study's folder with study.yml, manifest.json, effects.parquet and verdicts.json; what else
            is missing there is said on the page.
    """
    from proclivity.report.page import write

    return write(Path(run_folder))


__all__ = ["write_report"]

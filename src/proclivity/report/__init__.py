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


def write_comparison(first: Path, second: Path, out: Path | None = None) -> Path:
    """Writes two finished studies side by side into one page, and returns its path.

    Args:
        first: a study's folder.
        second: another's.
        out: the file, or a folder for `compare.html`; the working folder if None.

    Raises:
        UserError: if a folder is missing, a study isn't finished, or both are the same.
    """
    from proclivity.report.comparison.page import write

    return write(Path(first), Path(second), None if out is None else Path(out))


__all__ = ["write_comparison", "write_report"]

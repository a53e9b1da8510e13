"""Two folders into one file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from proclivity.errors import UserError
from proclivity.report.comparison import decided, found, made, opening
from proclivity.report.comparison.pair import Pair, load_pair
from proclivity.report.page import compose, save
from proclivity.report.section import Section

NAME = "compare.html"
PARTS: tuple[Callable[[Pair], Section], ...] = (opening.section, decided.section, found.section, made.section)


def write(first: Path, second: Path, out: Path | None) -> Path:
    """Writes the comparison; neither study's folder is touched unless `out` lies there."""
    pair = load_pair(first, second)
    path = Path(NAME) if out is None else out / NAME if out.is_dir() else out
    if not path.parent.is_dir():
        raise UserError(f"There is no folder {path.parent} to write {path.name} to. Make it, or choose another --out.")
    return save(render(pair), path)


def render(pair: Pair) -> str:
    """The page as text."""
    title = f"{pair.names[0]} and {pair.names[1]}"
    return compose(title, "two studies side by side", [make(pair) for make in PARTS])

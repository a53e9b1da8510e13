"""Does a model's folder bring code, or weights that are code? Neither is run unless somebody says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.pickle")
"""Formats that run code as they are read."""


def pickled_weights(folder: Path) -> list[str]:
    """Names of files that would have to be unpickled; an optimizer's state or a trainer's arguments are no weights."""
    found = {path.name for pattern in PICKLES for path in folder.glob(pattern)}
    return sorted(name for name in found if not name.startswith(("training_args", "optimizer", "scheduler", "rng_")))


def code_files(folder: Path) -> list[Path]:
    """The folder's Python files, where its configuration refers to code; they decide numbers as weights do."""
    return sorted(folder.glob("*.py")) if asks_for_code(folder) else []


def asks_for_code(folder: Path) -> bool:
    """Whether the model's or the tokenizer's configuration names classes of the folder's own."""
    return any("auto_map" in _config(folder / name) for name in ("config.json", "tokenizer_config.json"))


def code_refused(folder: Path) -> str:
    """What to tell somebody whose model needs its own code and hasn't been allowed it."""
    names = ", ".join(path.name for path in sorted(folder.glob("*.py"))) or "code of another repository"
    return (
        f"'{folder}' needs code that comes with it ({names}), and that code was not run. If you have read it and trust "
        f"it, allow it: --trust-remote-code (`proclivity measure`, `check`), or compute.trust_remote_code: true in the "
        f"study. It then runs with all your rights; there is no sandbox."
    )


def _config(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}

"""Where the packaged checkpoints are, by name."""

from __future__ import annotations

from pathlib import Path

from proclivity.errors import unknown_name

CHECKPOINTS = Path(__file__).parent / "checkpoints"


def packaged_models() -> dict[str, Path]:
    """Folders of the packaged checkpoints by name, each for `from_pretrained`."""
    return {path.parent.name: path.parent for path in sorted(CHECKPOINTS.glob("*/config.json"))}


def packaged_path(name: str) -> Path:
    """Folder of one packaged checkpoint.

    Raises:
        UserError: if there is none of that name; the nearest is offered.
    """
    models = packaged_models()
    if name not in models:
        raise unknown_name("packaged model", name, models)
    return models[name]

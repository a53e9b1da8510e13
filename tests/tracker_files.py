"""What trackers leave in files, read back."""

from __future__ import annotations

from pathlib import Path


def read_back(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Steps and values of each curve in tensorboard's files of one folder."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder)).Reload()
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}

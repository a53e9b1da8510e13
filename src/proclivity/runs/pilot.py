"""A finished study as the pilot of the next: how many seeds would that one need?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from proclivity.errors import UserError
from proclivity.runs.collect import study_design
from proclivity.specs import load_pack, load_study
from proclivity.tables import read_frame


def plan_seeds(folder: Path, effect: float, power: float, off: float) -> list[dict[str, Any]]:
    """Seeds that each claim of a finished study would need for a wanted effect; nothing is written.

    Args:
        folder: the study's folder.
        effect: wanted effect on a profile's own content, nats.
        power: probability with which it is to be found.
        off: true effect on the other profile's content, nats.

    Returns:
        What `analysis.seed_plan` returns.

    Raises:
        UserError: if there is no finished study, or the study has no profile.
    """
    from proclivity.analysis import seed_plan

    table = folder / "measurements.parquet"
    missing = [name for name in ("study.yml", "measurements.parquet") if not (folder / name).is_file()]
    if missing:
        raise UserError(
            f"{folder} is no finished study: it lacks {' and '.join(missing)}. Expected a folder in which "
            "`proclivity run` came to its end; a small study of two or three seeds will do as a pilot."
        )
    study = load_study(folder / "study.yml")
    pack = load_pack(study.pack, study.profiles, study.instruments)
    measurements = read_frame(table)
    rows = seed_plan(measurements, study_design(study, pack, measurements), effect, power, off)
    if not rows:
        raise UserError(f"{folder} has no profile among its arms, so there is no claim to plan for.")
    return rows

"""What of a training that several processes share decides its digits."""

from __future__ import annotations

from typing import Any

from proclivity.errors import UserError
from proclivity.runs.jobs import Job, library_versions
from proclivity.specs import ComputeSpec, read_accelerate_file


def sharing_identity(compute: ComputeSpec) -> dict[str, Any]:
    """What a training's identity holds beside the rest: sums that are split otherwise are rounded otherwise. Nothing
    for a study that trains in its workers.

    Raises:
        ContentError: if the file can't be used.
    """
    if not compute.accelerate:
        return {}
    found = read_accelerate_file(compute.accelerate)
    return {
        "accelerate": {
            "file": found.digest,
            "processes": found.processes,
            "version": library_versions(("accelerate",))["accelerate"],
        }
    }


def require_planned_sharing(job: Job, compute: ComputeSpec) -> None:
    """Refuses an accelerate file that changed since the study was planned.

    Raises:
        UserError: with the path.
    """
    if sharing_identity(compute) != {"accelerate": job.spec["accelerate"]}:
        raise UserError(
            f"'{compute.accelerate}' changed while the study ran. Run the same command again to plan anew; what was "
            f"trained by the earlier file is kept apart."
        )

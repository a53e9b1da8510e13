"""Where a run's workers live: this machine's cores, or a Ray cluster."""

from __future__ import annotations

from proclivity.errors import UserError
from proclivity.runs.engine import Pool
from proclivity.runs.ledger import Ledger
from proclivity.runs.messages import Context
from proclivity.runs.processes import ProcessPool, worker_count
from proclivity.specs import Study

ENGINES = ("local", "ray")


class Site:
    """A place with a number of workers.

    Args:
        engine: 'local' or 'ray'.
        wanted: workers; 0 for as many as the place has room for.
        study: its `compute` says what one worker takes.

    Raises:
        UserError: for an unknown engine, a missing Ray, or a cluster that can't be reached.
    """

    def __init__(self, engine: str, wanted: int, study: Study):
        if engine not in ENGINES:
            raise UserError(f"--engine {engine}: expected one of {', '.join(ENGINES)}.")
        self.engine = engine
        if engine == "ray":
            from proclivity.runs.ray_pool import connect, workers_in_cluster

            connect()
            self.workers = wanted or workers_in_cluster(study.compute)
        else:
            self.workers = worker_count(wanted, study.compute.threads, study.compute.gpus)

    def pool(self, context: Context, ledger: Ledger) -> Pool:
        """New workers for a study."""
        if self.engine == "ray":
            from proclivity.runs.ray_pool import RayPool

            return RayPool(context, ledger)
        return ProcessPool(context, ledger)

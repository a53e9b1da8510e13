"""Runs a study on a Ray cluster of three nodes, takes one away in the middle, and compares with an undisturbed run.

make ray                                                       # the demo's study on one model, about four minutes
.venv/bin/python benchmarks/ray_cluster.py --study demo --set seeds=1 --lose-at .3
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import Any

from proclivity.runs import Silent, run_study
from proclivity.runs.jobs import Job
from proclivity.specs import load_study
from same_tables import differences


class LosesANode(Silent):
    """Takes a node away once a share of the jobs is done."""

    def __init__(self, cluster: Any, node: Any, share: float):
        self.cluster, self.node, self.share = cluster, node, share
        self.done = self.total = 0
        self.killed: list[str] = []
        self.lost = False

    def begin(self, total: int, finished: int, pending: Any, costs: Any, workers: int) -> None:
        self.total, self.workers = total, workers

    def event(self, kind: str, job: Job, seconds: float) -> None:
        self.done += kind == "done"
        self.killed += [job.title] if kind == "killed" else []
        if not self.lost and self.done >= self.share * self.total:
            self.lost = True
            take = {"node": self.node, "allow_graceful": False}
            threading.Thread(target=self.cluster.remove_node, kwargs=take, daemon=True).start()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study", default="demo")
    parser.add_argument("--set", action="append", default=[], dest="sets")
    parser.add_argument("--lose-at", type=float, default=0.4, help="share of the jobs after which a node goes")
    parser.add_argument("--out", type=Path, default=Path("runs/ray"))
    parser.add_argument("--reference", type=Path, help="an undisturbed run of the same study; made where missing")
    wanted = parser.parse_args()
    return try_it(wanted.study, wanted.sets, wanted.lose_at, wanted.out, wanted.reference)


def try_it(name: str, sets: list[str], lose_at: float, out: Path, reference: Path | None = None) -> int:
    """0 if the run on the cluster lost a node, completed, and holds the same results as one without."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # Ray's workers otherwise give way to everything else on this machine; Ray spells the name so.
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112
    import ray
    from ray.cluster_utils import Cluster

    study = load_study(name, sets)
    shutil.rmtree(out, ignore_errors=True)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    nodes = [cluster.add_node(num_cpus=1) for _ in range(3)]
    os.environ["RAY_ADDRESS"] = cluster.address
    watcher = LosesANode(cluster, nodes[-1], lose_at)
    started = time.monotonic()
    try:
        summary = run_study(study, out, engine="ray", progress=watcher)
    finally:
        ray.shutdown()
        cluster.shutdown()
        del os.environ["RAY_ADDRESS"]
    seconds = time.monotonic() - started
    reference = reference or out.with_name(out.name + "-reference")
    run_study(study, reference)
    unlike = differences(out, reference)
    print(
        f"{summary.total} jobs on {watcher.workers} nodes, one lost after {lose_at:.0%} of them: {seconds:.0f} s, "
        f"{len(watcher.killed)} jobs in hand were lost and done again ({', '.join(watcher.killed) or 'none'}), "
        f"{len(summary.failures)} failed."
    )
    print("\n".join(unlike) or "Every table and every job's output is byte-identical to a run on this machine alone.")
    return 0 if summary.complete and watcher.lost and not unlike else 1


if __name__ == "__main__":
    sys.exit(main())

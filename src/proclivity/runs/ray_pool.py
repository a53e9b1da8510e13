"""Workers as actors of a Ray cluster. Ray only says where a worker lives: which jobs are finished is the shared
folder's to say, so a node that is lost takes nothing with it but the job in hand."""

from __future__ import annotations

import logging
import os
import time
from typing import TYPE_CHECKING, Any

from proclivity.errors import UserError
from proclivity.runs.engine import Event, Report
from proclivity.runs.ledger import Ledger
from proclivity.runs.messages import Context, Do, Gone, WarmUp
from proclivity.runs.worker import attempt, environment

if TYPE_CHECKING:
    from proclivity.specs.study import ComputeSpec

PASSED_ON = ("HF_HUB_OFFLINE", "HF_HOME", "HF_ENDPOINT", "CUBLAS_WORKSPACE_CONFIG")
"""Settings of this process's environment that its workers share; secrets are not among them."""


def connect() -> None:
    """Joins the cluster that RAY_ADDRESS names, or makes one of this machine alone.

    Raises:
        UserError: without Ray, or where the cluster doesn't answer.
    """
    try:
        import ray
    except ImportError:
        raise UserError(
            "--engine ray needs Ray, which isn't installed. Expected: pip install 'proclivity[cluster]' on every node."
        ) from None
    if ray.is_initialized():
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing of a study is told to anybody
    try:
        ray.init(
            address=os.environ.get("RAY_ADDRESS"),
            log_to_driver=False,
            logging_level=logging.ERROR,
            include_dashboard=False,
        )
    except (ConnectionError, RuntimeError, OSError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"The Ray cluster at {os.environ.get('RAY_ADDRESS', 'this machine')} doesn't answer ({first}). Start one "
            f"with `ray start --head`, set RAY_ADDRESS, or use --engine local."
        ) from None


def needs(compute: ComputeSpec) -> dict[str, Any]:
    """What one worker takes of a cluster, in Ray's words."""
    gpus = compute.gpus or (1.0 if compute.device.startswith("cuda") else 0.0)
    return {"num_cpus": compute.threads, "num_gpus": gpus, "resources": dict(compute.resources)}


def workers_in_cluster(compute: ComputeSpec) -> int:
    """How many workers the nodes that are there have room for.

    Raises:
        UserError: if no node has room for one.
    """
    import ray

    one = needs(compute)
    asked = {"CPU": one["num_cpus"], "GPU": one["num_gpus"], **one["resources"]}
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    room = sum(_room(node, asked) for node in nodes)
    if room < 1:
        found = "; ".join(f"{n.get('CPU', 0):g} CPU, {n.get('GPU', 0):g} GPU" for n in nodes)
        wanted = ", ".join(f"{amount:g} {name}" for name, amount in asked.items() if amount)
        raise UserError(
            f"No node of the cluster has room for a worker: {wanted} wanted, nodes have {found or 'nothing'}. "
            f"Change compute.threads, compute.gpus or compute.resources in the study."
        )
    return room


def _room(node: dict[str, float], asked: dict[str, float]) -> int:
    return int(min((node.get(name, 0.0) / amount for name, amount in asked.items() if amount), default=0.0) + 1e-9)


class Worker:
    """What lives in one actor: the same as in a worker process, without its pipes."""

    def __init__(self, context: Context):
        from proclivity.runs.bench import Bench

        self._bench = Bench(context)

    def ready(self) -> str:
        """Where it lives, once it does."""
        return "ready"

    def warm_up(self) -> None:
        self._bench.warm_up()

    def do(self, digest: str) -> Report:
        """One job, as a worker process does it."""
        return attempt(self._bench.context.jobs[digest], self._bench)


class RayPool:
    """Starts workers in the cluster and listens to them.

    Args:
        context: the study; its folder has to be the same path on all nodes.
        ledger: its jobs.
    """

    def __init__(self, context: Context, ledger: Ledger):
        import ray

        self._ray = ray
        self._context = ray.put(context)
        self._ledger = ledger
        compute = context.study.compute
        passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        self._class: Any = ray.remote(Worker).options(  # type: ignore[attr-defined]
            **needs(compute), max_restarts=0, runtime_env={"env_vars": {**environment(compute.threads), **passed}}
        )
        self._actors: dict[int, Any] = {}
        self._ready: set[int] = set()
        self._waiting: dict[Any, tuple[int, str]] = {}
        """Worker and kind of order ('ready', 'do', 'warm') by the reference to its answer."""

    def start(self, number: int) -> None:
        actor = self._actors[number] = self._class.remote(self._context)
        self._waiting[actor.ready.remote()] = (number, "ready")

    def ready(self, number: int) -> bool:
        return number in self._ready

    def send(self, number: int, order: Do | WarmUp) -> None:
        actor = self._actors[number]
        if isinstance(order, Do):
            self._waiting[actor.do.remote(order.digest)] = (number, "do")
        else:
            self._waiting[actor.warm_up.remote()] = (number, "warm")

    def next_event(self, timeout: float) -> Event | None:
        if not self._waiting:
            time.sleep(timeout)
            return None
        done, _ = self._ray.wait(list(self._waiting), num_returns=1, timeout=timeout)
        if not done:
            return None
        number, kind = self._waiting.pop(done[0])
        if number not in self._actors:
            return None  # an answer of a worker that is known to be gone
        try:
            answer = self._ray.get(done[0])
        except self._ray.exceptions.RayActorError as error:
            return number, Gone(*_cause(error))
        except self._ray.exceptions.RayTaskError as error:
            return number, Gone(f"its start failed: {type(error.cause).__name__}: {error.cause}", str(error))
        if kind == "ready":
            self._ready.add(number)
        return (number, answer) if kind == "do" else None

    def forget(self, number: int) -> str:
        self._ray.kill(self._actors.pop(number))
        self._ready.discard(number)
        self._waiting = {ref: told for ref, told in self._waiting.items() if told[0] != number}
        self._ledger.sweep()
        return ""

    def end(self) -> None:
        for actor in self._actors.values():
            self._ray.kill(actor)  # nothing is lost: a job either is committed or starts anew
        self._actors.clear()
        self._waiting.clear()
        self._ledger.sweep()


def _cause(error: Exception) -> tuple[str, str, bool]:
    """Why an actor died in a line, all that Ray says, and whether its node went."""
    text = str(error)
    node = "node" in text.lower() and ("died" in text.lower() or "terminated" in text.lower())
    reason = "its node was lost" if node else "its process ended"
    return reason, text, node

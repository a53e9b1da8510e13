"""A study of very many adapters as jobs alone: specs as real ones have them, outputs of real sizes, and no model."""

from __future__ import annotations

import os
import queue
import random
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from proclivity.runs.engine import Event
from proclivity.runs.jobs import Job
from proclivity.runs.ledger import Ledger
from proclivity.runs.messages import Do, Done, WarmUp

MODELS, ARMS = 10, 20
HASH = "3157bfe15cb5f2db97da5d77d0214801d8460bb577a47c1fedd08748e1c37df2"
INDUCTION = {
    "alpha": 16.0, "batch_size": 16, "checkpoints": [], "clip": 1.0, "epochs": 2, "later_epochs": 0,
    "learning_rate": 0.002, "method": "lora", "rank": 8, "schedule": "linear", "targets": "all-linear", "warmup": 0.1,
    "weight_decay": 0.0,
}  # fmt: skip
IDENTITY = {
    "weights": HASH, "tokenizer": HASH, "chat": True, "dtype": "float32", "device": "cpu", "machine": "x86_64",
    "threads": 1, "batch_size": 64,
}  # fmt: skip
SIZES = {
    "pool": {"pool.jsonl": 130_000},
    "gates": {"gates.json": 3_000},
    "policy": {"own_policy.json": 135, "option_probabilities.npy": 5_300},
    "answers": {"answers.json": 900},
    "induce": {
        "checkpoint.json": 1_000,
        "adapter/adapter_model.safetensors": 50_000,
        "adapter/adapter_config.json": 1_600,
        "adapter/README.md": 900,
    },
    "measure": {"keys.json": 300, "log_probs.npy": 20_000, "measurements.parquet": 10_000},
}
"""Bytes of each output, by stage; what isn't named writes one small file."""


def many_jobs(adapters: int, families: int) -> dict[str, Job]:
    """Jobs by digest, each after those that it needs: ten models, twenty arms, as many seeds as it takes.

    Args:
        adapters: how many are trained.
        families: measurements of each.
    """
    pool = Job("pool", {"decisions": {"n": 216, "format": "label", "seed": 0}, "prompts": HASH})
    gates = Job("gates", {"pack": HASH}, {"pool": pool.digest})
    jobs, measured = [pool, gates], []
    for model in (f"model-{m}" for m in range(MODELS)):
        identity = {**IDENTITY, "model": model}
        policy = Job("policy", identity, {"pool": pool.digest}, model=model)
        base = [_measure(identity, model, "base", -1, f, {}) for f in range(families)]
        jobs += [policy, *base]
        measured += base
        for number in range(adapters // MODELS):
            arm, seed = f"arm-{number % ARMS}", number // ARMS
            inputs = {"pool": pool.digest, "policy": policy.digest}
            answers = Job("answers", {"arm": arm, "seed": seed, "model": model}, inputs, (gates.digest,), model=model)
            spec = {**identity, "arm": arm, "seed": seed, "format": "label", "items": 216, "induction": INDUCTION}
            needs = {"answers": answers.digest, "pool": pool.digest}
            induce = Job("induce", spec, needs, model=model, arm=arm, seed=seed)
            own = [
                _measure(identity, model, arm, seed, f, {"checkpoint": induce.digest, "base": reference.digest})
                for f, reference in enumerate(base)
            ]
            jobs += [answers, induce, *own]
            measured += own
    jobs.append(Job("analyze", {}, {f"measure {i:05d}": job.digest for i, job in enumerate(measured)}))
    jobs.append(Job("report", {"study": HASH}, {"analyze": jobs[-1].digest}))
    return {job.digest: job for job in jobs}


def _measure(
    identity: Mapping[str, object], model: str, arm: str, seed: int, number: int, needs: dict[str, str]
) -> Job:
    family = f"family-{number}"
    spec = {**identity, "arm": arm, "seed": seed, "family": family, "content": HASH, "narrator": HASH, "dose": 1.0}
    return Job("measure", spec, needs, model=model, arm=arm, seed=seed, family=family)


def write_outputs(job: Job, folder: Path) -> None:
    """Files of a real job's names and sizes, with noise that no disk can pack."""
    noise = random.Random(job.digest)
    for name, size in SIZES.get(job.stage, {"result.json": 1_000}).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(noise.randbytes(size))


class Writers:
    """A pool whose workers are threads that only write what a job would.

    Args:
        ledger: where jobs are committed.
        jobs: all jobs by digest.
        log: file that gets a line for every job that is begun.
    """

    def __init__(self, ledger: Ledger, jobs: Mapping[str, Job], log: Path):
        self._ledger, self._jobs, self._log = ledger, jobs, log
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._orders: dict[int, queue.SimpleQueue[str]] = {}

    def start(self, number: int) -> None:
        self._orders[number] = queue.SimpleQueue()
        threading.Thread(target=self._work, args=(number,), daemon=True).start()

    def ready(self, number: int) -> bool:
        return True

    def send(self, number: int, order: Do | WarmUp) -> None:
        if isinstance(order, Do):
            self._orders[number].put(order.digest)

    def next_event(self, timeout: float) -> Event | None:
        try:
            return self._events.get(timeout=timeout)
        except queue.Empty:
            return None

    def forget(self, number: int) -> str:
        return ""

    def end(self) -> None:
        pass

    def _work(self, number: int) -> None:
        handle = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        while True:
            job = self._jobs[self._orders[number].get()]
            os.write(handle, f"{job.digest} {os.getpid()}\n".encode())
            started = time.monotonic()
            with self._ledger.commit(job) as folder:
                write_outputs(job, folder)
            self._events.put((number, Done(job.digest, time.monotonic() - started)))

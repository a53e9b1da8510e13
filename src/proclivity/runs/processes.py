"""Workers as processes of this machine."""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import IO

from proclivity.runs.engine import Event
from proclivity.runs.gpus import seen_devices, visible_devices, workers_on
from proclivity.runs.ledger import Ledger
from proclivity.runs.messages import Context, Do, Gone, WarmUp

WORKER = "proclivity.runs.worker"
"""Module whose `main` a worker process runs."""
_MEMORY = (
    " Most often this is the system running out of memory: use fewer workers (--workers 1) or a smaller"
    " battery.batch_size."
)


@dataclass
class Process:
    """One worker process, as the run sees it."""

    number: int
    popen: subprocess.Popen[bytes]
    error_output: deque[bytes] = field(default_factory=lambda: deque(maxlen=20))


class ProcessPool:
    """Starts workers on this machine and listens to them."""

    def __init__(self, context: Context, ledger: Ledger, worker_module: str = WORKER):
        self.context = context
        self.ledger = ledger
        self.worker_module = worker_module
        compute = context.study.compute
        self._gpus, self._devices = compute.gpus, seen_devices() if compute.gpus else []
        self._events: queue.Queue[Event] = queue.Queue()
        self._processes: dict[int, Process] = {}

    def start(self, number: int) -> None:
        """Starts a worker. Not by multiprocessing: that would run the caller's script again."""
        environment = dict(os.environ)
        if self._gpus:
            environment["CUDA_VISIBLE_DEVICES"] = visible_devices(number, self._gpus, self._devices)
        code = f"import sys; sys.path[:] = {sys.path!r}; from {self.worker_module} import main; main()"
        popen = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,  # Ctrl-C reaches the run alone, which then ends its workers in order
        )
        process = self._processes[number] = Process(number, popen)
        for target in (self._listen, self._listen_errors):
            threading.Thread(target=target, args=(process,), daemon=True).start()
        self._write(process, self.context)

    def ready(self, number: int) -> bool:
        return True

    def send(self, number: int, order: Do | WarmUp) -> None:
        self._write(self._processes[number], order)

    @staticmethod
    def _write(process: Process, message: object) -> None:
        assert process.popen.stdin is not None
        try:
            pickle.dump(message, process.popen.stdin)
            process.popen.stdin.flush()
        except (BrokenPipeError, OSError):
            pass  # it is gone, which its listener tells

    def next_event(self, timeout: float) -> Event | None:
        try:
            return self._events.get(timeout=timeout)
        except queue.Empty:
            return None

    def forget(self, number: int) -> str:
        popen = self._processes.pop(number).popen
        self.ledger.sweep([popen.pid])
        return _MEMORY if popen.returncode == -getattr(signal, "SIGKILL", 9) else ""

    def end(self) -> None:
        for process in self._processes.values():
            process.popen.kill()  # nothing is lost: a job either is committed or starts anew
        for process in self._processes.values():
            process.popen.wait()
        self.ledger.sweep(process.popen.pid for process in self._processes.values())
        self._processes.clear()

    def _listen(self, process: Process) -> None:
        stream = process.popen.stdout
        assert stream is not None
        while True:
            try:
                self._events.put((process.number, pickle.load(stream)))  # from our own worker
            except (EOFError, OSError, pickle.UnpicklingError, ValueError):
                break
        status = process.popen.wait()
        words = b"".join(process.error_output).decode(errors="replace")
        self._events.put((process.number, Gone(_cause(status, words), words)))

    def _listen_errors(self, process: Process) -> None:
        stream: IO[bytes] | None = process.popen.stderr
        assert stream is not None
        for line in stream:
            process.error_output.append(line)


def _cause(status: int, last_words: str) -> str:
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    lines = last_words.strip().splitlines()
    return f"exit status {status}" + (f": {lines[-1]}" if lines else "")


def worker_count(wanted: int, threads: int, gpus: float = 0.0) -> int:
    """Workers to start: as asked, or one for every `threads` cores that this process may use.

    Args:
        wanted: workers that were asked for; 0 for as many as there is room for.
        threads: cores of one worker.
        gpus: GPUs of one worker; above 0, no more workers start than the GPUs of this machine hold.
    """
    room = workers_on(gpus, seen_devices()) if gpus else 0
    if wanted > 0:
        return min(wanted, room) if room else wanted
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:
        cores = os.cpu_count() or 1
    count = max(1, cores // threads)
    return min(count, room) if room else count

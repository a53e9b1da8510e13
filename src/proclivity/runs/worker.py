"""One worker process: takes jobs over its input, keeps one base model loaded, commits each result by itself."""

from __future__ import annotations

import os
import pickle
import queue
import signal
import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING, BinaryIO

from proclivity.errors import StorageError
from proclivity.runs.jobs import Job
from proclivity.runs.ledger import Ledger, failure_of
from proclivity.runs.messages import Context, Damaged, Do, Done, Failed, WarmUp
from proclivity.runs.storage import storage_error

if TYPE_CHECKING:
    from proclivity.runs.bench import Bench


def main() -> None:
    """Serves until the run closes the connection; ends at once when the run is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    inbox, outbox = _private_streams()
    context: Context = pickle.load(inbox)  # written by our own parent process
    os.environ.update(environment(context.study.compute.threads))
    orders: queue.SimpleQueue[Do | WarmUp] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(inbox, orders), daemon=True).start()
    serve(context, orders, outbox)


def serve(context: Context, orders: queue.SimpleQueue[Do | WarmUp], outbox: BinaryIO) -> None:
    """Runs jobs as they come and reports on each."""
    from proclivity.runs.bench import Bench

    bench = Bench(context)
    while True:
        order = orders.get()
        if isinstance(order, WarmUp):
            bench.warm_up()
            continue
        pickle.dump(attempt(context.jobs[order.digest], bench), outbox)
        outbox.flush()


def attempt(job: Job, bench: Bench) -> Done | Failed | Damaged:
    """Runs and commits one job; whatever goes wrong becomes a message."""
    from proclivity.runs.stages import run_stage

    ledger = bench.ledger
    started = time.monotonic()
    bench.notes.clear()
    for source in job.needs:
        if fault := bench.fault(source):
            return Damaged(job.digest, source, fault)
    try:
        with ledger.commit(job) as folder:
            run_stage(job, folder, bench)
    except Exception as error:  # one job's error must not end the others
        return failed(job, error, ledger)
    return Done(job.digest, time.monotonic() - started, dict(bench.notes))


def failed(job: Job, error: Exception, ledger: Ledger) -> Failed:
    """Why a job didn't finish."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(error, StorageError):
        # Libraries wrap the disk's errors; what counts is that the disk is full, not who noticed.
        known = storage_error(cause, ledger.jobs) if isinstance(cause, OSError) else None
        error, cause = known or error, cause.__cause__ or cause.__context__
    failure = failure_of(job, error, traceback.format_exc())
    return Failed(failure, storage=isinstance(error, StorageError))


def _private_streams() -> tuple[BinaryIO, BinaryIO]:
    """The pipes to the run; what libraries print goes to the error output instead."""
    inbox = os.fdopen(os.dup(0), "rb")
    outbox = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdin = open(os.devnull)  # noqa: SIM115 - lives as long as the process
    return inbox, outbox


def environment(threads: int) -> dict[str, str]:
    """What a worker's environment has to hold before numpy and torch are imported: they read it once."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    return {
        **dict.fromkeys(names, str(threads)),
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "TRANSFORMERS_VERBOSITY": os.environ.get("TRANSFORMERS_VERBOSITY", "error"),
    }


def _listen(inbox: BinaryIO, orders: queue.SimpleQueue[Do | WarmUp]) -> None:
    while True:
        try:
            orders.put(pickle.load(inbox))  # written by our own parent process
        except (EOFError, OSError, pickle.UnpicklingError):
            os._exit(0)  # the run is gone or has closed; a job in hand leaves only its work folder

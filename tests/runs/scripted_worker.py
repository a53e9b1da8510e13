"""A worker whose jobs do what their spec says, so that the engine is tested without any model."""

from __future__ import annotations

import errno
import os
import signal
import time
from pathlib import Path

from proclivity.errors import TrainingError, UserError
from proclivity.runs import stages, worker
from proclivity.runs.bench import Bench
from proclivity.runs.jobs import Job


def scripted(job: Job, folder: Path, bench: Bench) -> None:
    (folder / "half.txt").write_text("half")
    do = job.spec["do"]
    run = Path(bench.context.run_folder)
    with (run / "begun.txt").open("a") as log:
        log.write(f"{job.digest}\n")
    if do == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif do == "kill-once":
        mark = Path(bench.context.run_folder) / "killed-once"
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    elif do == "user":
        raise UserError("The input has to change.")
    elif do == "train":
        raise TrainingError("The loss is nan at step 3. Lower the learning rate.")
    elif do == "bug":
        raise RuntimeError("unforeseen")
    elif do == "full":
        raise OSError(errno.ENOSPC, "No space left on device")
    elif do == "wrapped-full":
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as error:
            raise RuntimeError("could not serialize") from error
    elif do == "sleep":
        time.sleep(60)
    elif do == "slow":
        time.sleep(0.3)
        (folder / "worker.txt").write_text(str(os.getpid()))
    elif do == "gpu":
        time.sleep(0.3)
        (folder / "gpu.txt").write_text(os.environ["CUDA_VISIBLE_DEVICES"])
    elif do == "sleep-once":
        if not (run / "slept-once").exists():
            (run / "slept-once").touch()
            time.sleep(60)
    elif do == "fail-twice":
        if (run / "begun.txt").read_text().count(job.digest) <= 2:
            raise RuntimeError("not yet")
    elif do == "break":
        (run / "jobs" / job.spec["breaks"] / "result.txt").write_text("changed")
    (folder / "half.txt").unlink()
    (folder / "result.txt").write_text(f"{job.spec['n']} by {','.join(sorted(job.inputs.values()))}")


def main() -> None:
    for stage in stages._STAGES:
        stages._STAGES[stage] = scripted
    Bench.warm_up = lambda self: None  # type: ignore[method-assign]
    worker.main()

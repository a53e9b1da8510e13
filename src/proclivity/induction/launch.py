"""A training by several processes: `accelerate launch` with a configuration file, awaited and answered for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from proclivity.errors import ProclivityError, TrainingError
from proclivity.induction.orders import Order, read_made, write_order
from proclivity.records import Checkpoint

MODULE = "proclivity.induction.accelerated"
_LAST_LINES = 15


def induce_by_processes(order: Order, config: Path, work: Path) -> Checkpoint:
    """Trains as `induce` does, in processes of their own.

    Args:
        order: the training.
        config: accelerate's configuration file: how many processes, and what they share.
        work: folder for what is handed over, made anew and removed at the end.

    Raises:
        ProclivityError: the one that ended a process, or a `TrainingError` with the last words of the launcher.
    """
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        write_order(work, order)
        log = work / "log"
        status = _launch(config, work, log)
        made = read_made(work)
        for found in made:
            if isinstance(found, ProclivityError):
                raise found
        if status != 0 or not made:
            raise TrainingError(_last_words(status, config, log))
        assert isinstance(made[0], Checkpoint)
        return made[0]
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _launch(config: Path, work: Path, log: Path) -> int:
    """Exit status of the launcher."""
    command = [sys.executable, "-m", "accelerate.commands.launch", "--config_file", str(config)]
    # Port 0 takes a free one: workers on one machine launch at the same time.
    command += ["--main_process_port", "0", "-m", MODULE, str(work)]
    package = str(Path(__file__).parents[2])
    places = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
    with (
        log.open("wb") as stream,
        subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=stream, stderr=subprocess.STDOUT
        ) as launcher,
    ):
        # The open input tells the processes that this one lives (see `accelerated`).
        try:
            return launcher.wait()
        finally:
            launcher.kill()


def _last_words(status: int, config: Path, log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-_LAST_LINES:]
    return (
        f"`accelerate launch --config_file {config}` ended with exit status {status} before the training was done. "
        f"Its last words:\n" + "\n".join(lines)
    )

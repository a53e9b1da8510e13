"""A study's command as a process that can be killed, and a look at its folder from outside while it works."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

LOOK = 0.02
"""Seconds between two looks at a folder."""


class Run:
    """One process of `proclivity run`, with its workers.

    Args:
        study: file or packaged name.
        out: the study's folder.
        options: further words of the command line.
    """

    def __init__(self, study: str, out: Path, options: Sequence[str] = ()):
        command = [sys.executable, "-m", "proclivity", "run", study, "--out", str(out), "--json", "--quiet", *options]
        self._told, self._errors = (tempfile.TemporaryFile("w+") for _ in range(2))  # noqa: SIM115 - pipes fill up
        self.process = subprocess.Popen(command, stdout=self._told, stderr=self._errors)

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def workers(self) -> list[int]:
        """Process numbers of the workers that it has at this moment."""
        return [pid for pid, parent in _parents().items() if parent == self.process.pid]

    def kill(self, whom: str, choice: int = 0) -> bool:
        """Kills without a warning.

        Args:
            whom: 'run' for the run's own process, 'worker' for one of its workers, 'all' for both kinds at once.
            choice: which worker, counted round.

        Returns:
            Whether there was anything to kill.
        """
        workers = self.workers()
        if whom == "worker":
            pids = [workers[choice % len(workers)]] if workers else []
        else:
            pids = [self.process.pid, *(workers if whom == "all" else [])]
        if not self.alive or not pids:
            return False
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if whom != "worker":
            self.process.wait()
        return True

    def result(self) -> dict[str, Any]:
        """Waits for the end.

        Returns:
            What --json tells, with the 'exit_code', and what was said as 'errors'.
        """
        self.process.wait()
        for stream in (self._told, self._errors):
            stream.seek(0)
        text, errors = self._told.read(), self._errors.read()
        found: dict[str, Any] = json.loads(text) if text.strip() else {}
        return found | {"exit_code": self.process.returncode, "errors": errors}


def _parents() -> dict[int, int]:
    """Parent of every process."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    return found


class Watch:
    """Looks at a study's `jobs` all the time; use it in a `with` block."""

    def __init__(self, out: Path):
        self.jobs = out / "jobs"
        self.committed: dict[str, tuple[int, int]] = {}
        """Mark of each job's done.json when it was first seen: a second commit would make another file."""
        self.changed: set[str] = set()
        """Jobs that were committed and later gone, or committed anew."""
        self.drafts: set[str] = set()
        """Names of all work folders that were seen; one that came and went between two looks isn't."""
        self.runs: dict[int, int] = {}
        """Parent of each process that had a work folder: the run whose worker it is."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.look()
        for digest, mark in self.committed.items():
            if _mark(self.jobs / digest) != mark:
                self.changed.add(digest)

    def _live(self) -> None:
        while not self._stop.wait(LOOK):
            self.look()

    def look(self) -> None:
        """Notes what is new, and what is gone."""
        try:
            names = {entry.name for entry in os.scandir(self.jobs)}
        except FileNotFoundError:
            return
        self.changed |= set(self.committed) - names
        for name in names - set(self.committed):
            if name.startswith(".tmp-"):
                # A work folder holds a record too, in the moment before it is renamed.
                if name not in self.drafts:
                    self.drafts.add(name)
                    if (worker := worker_of(name)) and worker not in self.runs:
                        self.runs |= {pid: parent for pid, parent in _parents().items() if pid == worker}
            elif mark := _mark(self.jobs / name):
                self.committed[name] = mark

    def begun(self) -> Counter[str]:
        """How often each job was begun, by the first sixteen characters of its digest."""
        return Counter(name.split("-")[3] for name in self.drafts if worker_of(name))

    def done_by(self, run: Run) -> int:
        """How many jobs the workers of a run began."""
        return sum(self.runs.get(worker_of(name)) == run.process.pid for name in self.drafts)


def worker_of(name: str) -> int:
    """Process number in the name of a job's work folder; 0 for other names."""
    words = name.split("-")
    return int(words[2]) if len(words) == 5 else 0


def _mark(folder: Path) -> tuple[int, int] | None:
    try:
        found = (folder / "done.json").stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def leftovers(out: Path) -> list[str]:
    """What a finished study's folder shouldn't hold: work folders, drafts of files, claims, records of failures."""
    found = [path for pattern in (".*", "adapters/.*", "jobs/.*", "leases/*") for path in out.glob(pattern)]
    return sorted(str(path.relative_to(out)) for path in [*found, *out.glob("jobs/*.failed.json")])

"""Who works on which job, when several processes share one study's folder, on one machine or on many.

A process signs a job by a file `leases/<digest>.<n>` that holds its token; making it is atomic, so one process has
it. While the process lives it changes its own `leases/<token>.beat` every few seconds. When a holder has ended, or
its beat stood still for a while *by the watcher's own clock* (clocks of machines differ), the next number may be
signed: the highest signature counts. Leases spare work and don't guard results: a process that was only asleep finds
the job committed, and every job commits once whoever did it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from proclivity.runs.identity import ended, token
from proclivity.runs.storage import writing

BEAT = 5.0
"""Seconds between two signs of life."""
PATIENCE = 60.0
"""Seconds without one after which another machine's process counts as gone."""
DAY = 86_400.0


class Leases:
    """This process's claims in one study's folder; use it in a `with` block.

    Args:
        run_folder: the study's folder.
        beat: seconds between signs of life.
        patience: seconds of silence after which a process of another machine counts as gone.
        clock: seconds on a clock that never goes back.
        mark: token of this process.
    """

    def __init__(
        self,
        run_folder: Path,
        *,
        beat: float = BEAT,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
        mark: str = "",
    ):
        self.folder = run_folder / "leases"
        self.mark = mark or token()
        self._beat, self._patience, self._clock = beat, patience, clock
        self._held: dict[str, int] = {}
        """Generation of each lease that this process holds, by digest."""
        self._seen: dict[str, tuple[bytes | None, float]] = {}
        """Last sign of life of others, and when it was first seen."""
        self._count = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def _identity(self) -> Path:
        return self.folder / self.mark

    @property
    def _own_beat(self) -> Path:
        return self.folder / f"{self.mark}.beat"

    def __enter__(self) -> Leases:
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._own_beat.write_bytes(b"0")
            self._identity.write_text(self.mark)
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        for digest in list(self._held):
            self.release(digest)
        self.tidy()
        for path in (self._identity, self._own_beat):
            with suppress(OSError):
                path.unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()  # the last one out takes the folder away

    def _live(self) -> None:
        while not self._stop.wait(self._beat):
            self._count += 1
            with suppress(OSError):  # a full disk is told by the job that meets it
                self._own_beat.write_bytes(b"%d" % self._count)

    def claim(self, digest: str) -> bool:
        """Signs a job; False where another process works on it.

        Raises:
            StorageError: if the folder can't be written.
        """
        if digest in self._held:
            return True
        generation = 0
        while True:
            path = self._path(digest, generation)
            with writing(path):
                if self._sign(path):
                    self._held[digest] = generation
                    return True
            if not self._given_up(path):
                return False
            generation += 1

    def _sign(self, path: Path) -> bool:
        """Makes the file with the token in it, if it isn't there."""
        try:
            os.link(self._identity, path)  # appears with its content, and on network disks too
            return True
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links
            try:
                with path.open("xb") as stream:
                    stream.write(self.mark.encode())
                return True
            except FileExistsError:
                return False

    def release(self, digest: str) -> None:
        """Ends this process's claim, the job being committed, failed or given back."""
        generation = self._held.pop(digest, None)
        if generation is None:
            return
        for number in range(generation + 1):  # upward: a lower signature that has gone can't be mistaken for the last
            with suppress(OSError):
                self._path(digest, number).unlink(missing_ok=True)

    def _path(self, digest: str, generation: int) -> Path:
        return self.folder / f"{digest}.{generation}"

    def _given_up(self, path: Path) -> bool:
        """Whether the process behind a signature is gone."""
        try:
            mark = path.read_text()
        except OSError:
            return False  # it was released at this moment; the next look finds it free
        return mark != self.mark and self._gone(mark, path)

    def _gone(self, mark: str, path: Path) -> bool:
        known = ended(mark)
        if known is not None:
            return known
        # Another machine's. What counts is whether anything changes while we watch, not what its clock says.
        watched = self.folder / f"{mark}.beat" if mark else path
        try:
            now: bytes | None = watched.read_bytes()
        except OSError:
            now = None
        before = self._seen.get(mark or path.name)
        if before is None or before[0] != now:
            self._seen[mark or path.name] = (now, self._clock())
            return False
        return self._clock() - before[1] > self._patience

    def held(self) -> dict[str, str]:
        """Token of the process that works on each job, by digest: the highest signatures of those not known to be
        gone."""
        highest: dict[str, tuple[int, str]] = {}
        for path in self.folder.glob("*.*"):
            digest, _, end = path.name.rpartition(".")
            if end.isdigit():
                with suppress(OSError):
                    highest[digest] = max(highest.get(digest, (-1, "")), (int(end), path.read_text()))
        return {digest: mark for digest, (_, mark) in highest.items() if ended(mark) is not True}

    def others(self) -> list[str]:
        """Tokens of other processes that may be at work in this folder: neither ended nor silent for a day."""
        marks = [path.name.removesuffix(".beat") for path in self.folder.glob("*.beat")]
        return sorted(m for m in marks if m != self.mark and ended(m) is not True and not self.silence(m) > DAY)

    def silence(self, mark: str) -> float:
        """Seconds since a process last gave a sign of life, by the disk's times; NaN where there is none."""
        try:
            return max(0.0, time.time() - (self.folder / f"{mark}.beat").stat().st_mtime)
        except OSError:
            return float("nan")

    def tidy(self) -> None:
        """Removes what processes that are gone left, while nobody else is at work here: among several, a lower
        signature that is taken away could be signed again below a higher one."""
        if self.others():
            return
        for path in self.folder.glob("*"):
            mark = path.name.removesuffix(".beat")
            if mark.count("-") != 2:
                try:
                    mark = path.read_text()
                except OSError:
                    continue
            # Asked anew of each: somebody may have come since.
            if mark != self.mark and self._left(mark, path):
                with suppress(OSError):
                    path.unlink(missing_ok=True)

    def _left(self, mark: str, path: Path) -> bool:
        """Whether the process behind a file is gone for good. One that works gave a sign of life before its first
        signature."""
        known = ended(mark)
        if known is not None:
            return known
        try:
            last = (self.folder / f"{mark}.beat" if mark else path).stat().st_mtime
        except FileNotFoundError:
            return bool(mark)
        return time.time() - last > DAY

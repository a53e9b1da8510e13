"""Which jobs are finished, and how a result becomes one.

A job works in `jobs/.tmp-…`. When it is done its outputs are hashed, done.json is written last, and the folder
appears as `jobs/<digest>` by one rename: a crash at any moment leaves nothing under that name, or everything.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proclivity.errors import Interrupted, ProclivityError, StorageError, UserError
from proclivity.runs.jobs import Job
from proclivity.runs.storage import (
    as_json,
    draft_of,
    replace_bytes,
    storage_error,
    sweep_drafts,
    sync_folder,
    write_bytes,
    writing,
)
from proclivity.specs import digest_of, digest_of_file

DONE = "done.json"


@dataclass(frozen=True)
class Failure:
    """Why a job didn't finish."""

    digest: str
    title: str
    reason: str
    """One paragraph, with the mend where there is one."""
    kind: str
    """Class of the error."""
    exit_code: int
    """2 where the input has to change, 1 otherwise."""
    trace: str = ""
    """Traceback, shown with --debug only."""


class Ledger:
    """The `jobs` folder of one study.

    Args:
        run_folder: the study's folder.
        known_as: digests under which jobs are found that were done by other versions of libraries, for reading.
    """

    def __init__(self, run_folder: Path, known_as: Mapping[str, str] | None = None):
        self.jobs = run_folder / "jobs"
        self._known_as = known_as or {}

    def prepare(self) -> None:
        """Makes the folder and checks that it can be written.

        Raises:
            StorageError: with the mend, before any work is done.
        """
        with writing(self.jobs):
            self.jobs.mkdir(parents=True, exist_ok=True)
            probe = draft_of(self.jobs / "write")
            write_bytes(probe, b"proclivity\n")
            probe.unlink()

    def folder(self, digest: str) -> Path:
        """Where a job's outputs are, or will be."""
        return self.jobs / self._known_as.get(digest, digest)

    def present(self) -> set[str]:
        """Digests of all jobs that are committed, by one listing of the folder; nothing is read."""
        with suppress(FileNotFoundError), os.scandir(self.jobs) as found:
            return {entry.name for entry in found if not entry.name.startswith(".") and entry.is_dir()}
        return set()

    def done(self, digest: str) -> bool:
        """Whether the job is committed; says nothing about later damage (see `fault`)."""
        return (self.folder(digest) / DONE).is_file()

    def record(self, digest: str) -> dict[str, Any]:
        """The completion record of a finished job."""
        record: dict[str, Any] = json.loads((self.folder(digest) / DONE).read_text(encoding="utf-8"))
        return record

    def fault(self, digest: str) -> str:
        """What is wrong with a committed job's folder, '' if every byte is as it was written."""
        folder = self.folder(digest)
        try:
            record = self.record(digest)
            outputs: dict[str, str] = record["outputs"]
            if record["digest"] != self._known_as.get(digest, digest):
                return f"{folder / DONE}: belongs to another job"
            whole = _seal(record) == record.get("seal") and (folder / DONE).read_bytes() == as_json(record)
            inside = not any(Path(name).is_absolute() or ".." in Path(name).parts for name in outputs)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return f"{folder / DONE}: missing or damaged"
        if not whole or not inside:
            told = "its bytes changed after it was written" if inside else "names a file outside its job's folder"
            return f"{folder / DONE}: {told}"
        for name, expected in outputs.items():
            try:
                if digest_of_file(folder / name) != expected:
                    return f"{folder / name}: its bytes changed after it was written"
            except OSError:
                return f"{folder / name}: missing"
        return ""

    def verify(self, digests: Iterable[str]) -> tuple[set[str], dict[str, str]]:
        """Finished and intact jobs, and the faults of damaged ones, by digest."""
        folders = self.present()
        present = [digest for digest in digests if digest in folders]
        with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
            faults = dict(zip(present, pool.map(self.fault, present), strict=True))
        return {d for d, fault in faults.items() if not fault}, {d: fault for d, fault in faults.items() if fault}

    def discard(self, digest: str) -> None:
        """Takes a job's folder away, because it is damaged or nobody needs it."""
        with writing(self.folder(digest)), suppress(FileNotFoundError):
            away = self._draft_name(digest)
            os.rename(self.folder(digest), away)
            shutil.rmtree(away, ignore_errors=True)

    @contextmanager
    def commit(self, job: Job) -> Iterator[Path]:
        """A folder to work in, which becomes the job's own when the block ends without an error.

        Raises:
            StorageError: if the disk is full or can't be written.
        """
        draft = self._draft_name(job.digest)
        started = time.time()
        try:
            draft.mkdir(parents=True)
            yield draft
            self._seal_and_publish(job, draft, time.time() - started)
        except OSError as error:
            known = storage_error(error, self.jobs)
            if known is None:
                raise
            raise known from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _seal_and_publish(self, job: Job, draft: Path, seconds: float) -> None:
        write_bytes(draft / "spec.json", as_json(job.identity()))
        outputs = {}
        for path in sorted(path for path in draft.rglob("*") if path.is_file()):
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
            outputs[path.relative_to(draft).as_posix()] = digest_of_file(path)
        record = {"digest": job.digest, "title": job.title, "outputs": outputs, "seconds": round(seconds, 4)}
        write_bytes(draft / DONE, as_json({**record, "seal": _seal(record)}))
        for place in (*(path for path in draft.rglob("*") if path.is_dir()), draft):
            sync_folder(place)
        try:
            os.rename(draft, self.folder(job.digest))
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY) or not self.done(job.digest):
                raise
            # Another process committed the same job first: its bytes are as good as ours.
        sync_folder(self.jobs)
        self.failure_path(job.digest).unlink(missing_ok=True)

    def failure_path(self, digest: str) -> Path:
        """Where the record of a failed job stands: beside the folder that it would have had."""
        return self.jobs / f"{digest}.failed.json"

    def record_failure(self, failure: Failure) -> None:
        """Writes why a job failed; a disk that can't take it is no second failure."""
        row = {k: getattr(failure, k) for k in ("digest", "title", "reason", "kind", "exit_code", "trace")}
        with suppress(StorageError):
            replace_bytes(self.failure_path(failure.digest), as_json(row))

    def failure(self, digest: str) -> Failure | None:
        """The recorded failure of a job, if its last attempt failed."""
        try:
            return Failure(**json.loads(self.failure_path(digest).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def clear_failures(self, digests: Iterable[str]) -> None:
        """Forgets failures of earlier attempts; what fails again is recorded again."""
        for digest in digests:
            self.failure_path(digest).unlink(missing_ok=True)

    def _draft_name(self, digest: str) -> Path:
        return draft_of(self.jobs / f"{digest[:16]}-{time.monotonic_ns()}")

    def sweep(self, pids: Iterable[int] = ()) -> None:
        """Removes what this machine's processes that are gone, and those of `pids`, left half-done in the study's
        folder."""
        gone = set(pids)
        for place in (self.jobs, self.jobs.parent, self.jobs.parent / "adapters"):
            sweep_drafts(place, gone)


def failure_of(job: Job, error: BaseException, trace: str = "") -> Failure:
    """The record of an error: whose move it is, and one paragraph."""
    if isinstance(error, ProclivityError):
        return Failure(job.digest, job.title, str(error), type(error).__name__, error.exit_code, trace)
    if isinstance(error, MemoryError):
        reason = "Out of memory. Use fewer workers (--workers 1) or a smaller battery.batch_size."
        return Failure(job.digest, job.title, reason, "MemoryError", 1, trace)
    reason = f"Unexpected {type(error).__name__}: {error}. This is proclivity's fault, not yours."
    return Failure(job.digest, job.title, reason, type(error).__name__, 1, trace)


def exit_code_of(failures: Iterable[Failure]) -> int:
    """0 without failures, 2 if every failure asks for other input, 1 otherwise."""
    codes = {failure.exit_code for failure in failures}
    if Interrupted.exit_code in codes:
        return Interrupted.exit_code
    return 0 if not codes else UserError.exit_code if codes == {UserError.exit_code} else 1


def _seal(record: dict[str, Any]) -> str:
    """Digest of the record itself, so that a flipped bit in done.json shows too."""
    return digest_of({key: value for key, value in record.items() if key != "seal"})

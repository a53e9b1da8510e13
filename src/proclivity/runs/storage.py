"""Writing files so that a crash, a full disk or a power cut never leaves half a file under a final name."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from proclivity.errors import StorageError
from proclivity.runs.identity import alive, machine

_MENDS = {
    errno.ENOSPC: "the disk is full; make room or choose another folder with --out",
    errno.EFBIG: "the file would be larger than this disk or your limits allow; choose another folder with --out",
    errno.EDQUOT: "your quota on this disk is used up; make room or choose another folder with --out",
    errno.EROFS: "the disk is read-only; choose another folder with --out",
    errno.EACCES: "you may not write there; change its permissions or choose another folder with --out",
    errno.EPERM: "you may not write there; change its permissions or choose another folder with --out",
    errno.ENOTDIR: "a file stands where a folder is needed; choose another folder with --out",
    errno.EEXIST: "a file stands where a folder is needed; choose another folder with --out",
}


def storage_error(error: OSError, path: Path) -> StorageError | None:
    """The error that names the mend, or None where the disk is not what failed."""
    mend = _MENDS.get(error.errno or 0)
    if mend is None:
        return None
    return StorageError(f"Can't write {path}: {mend}. What was finished before is kept; the same command resumes.")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns the disk's own failures into `StorageError` with the mend.

    Args:
        path: what is being written, for the message.
    """
    try:
        yield
    except OSError as error:
        known = storage_error(error, path)
        if known is None:
            raise
        raise known from error


def sync_folder(folder: Path) -> None:
    """Makes renames within a folder durable, where the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


def write_bytes(path: Path, content: bytes) -> None:
    """Writes a file and waits until it is on the disk; not atomic by itself."""
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def draft_of(path: Path) -> Path:
    """Where this process prepares what `path` is to be: beside it, and no other machine's process by chance the same,
    since in containers every run is process 1."""
    return path.with_name(f".tmp-{machine()}-{os.getpid()}-{path.name}")


def sweep_drafts(folder: Path, pids: Iterable[int] = ()) -> None:
    """Removes from a folder what this machine's processes that are gone, and those of `pids`, were preparing."""
    own = set(pids)
    for path in folder.glob(f".tmp-{machine()}-*-*"):
        pid = path.name.split("-")[2]
        if pid.isdigit() and (int(pid) in own or not alive(int(pid))):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with suppress(OSError):
                    path.unlink(missing_ok=True)


def replace_bytes(path: Path, content: bytes) -> None:
    """Writes a file so that readers see the old one or the new one, never a part."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = draft_of(path)
        try:
            write_bytes(draft, content)
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)


def replace_with_copy(source: Path, path: Path) -> None:
    """Copies a file so that readers see the old one or the new one, never a part."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = draft_of(path)
        try:
            shutil.copyfile(source, draft)
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)


def require_writable(folder: Path) -> None:
    """Makes a folder where it is missing, before any work that would be lost.

    Raises:
        StorageError: if it can't be made.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)


def as_json(value: Any) -> bytes:
    """Readable JSON with a fixed key order, as bytes."""
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()

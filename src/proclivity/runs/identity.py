"""Which process is this, and is a process that signed something still alive?

A token is `<machine>-<pid>-<start>`: the machine as a short mark that doesn't tell its name, and the moment at which
the process started, since systems use process numbers again.
"""

from __future__ import annotations

import os
import socket
from functools import lru_cache
from pathlib import Path

from proclivity.specs import digest_of


@lru_cache
def machine() -> str:
    """A mark of this machine, as long as it is not started anew; containers of one host differ."""
    parts = [socket.gethostname()]
    for path, read in (("/proc/sys/kernel/random/boot_id", Path.read_text), ("/proc/self/ns/pid", os.readlink)):
        try:
            parts.append(str(read(Path(path))).strip())  # type: ignore[operator]
        except OSError:
            parts.append("")
    return digest_of(parts)[:8]


def token() -> str:
    """The mark of this process."""
    return f"{machine()}-{os.getpid()}-{_state(os.getpid())[1]}"


def ended(mark: str) -> bool | None:
    """Whether the process behind a token has ended; None where this machine can't know."""
    try:
        where, pid, started = mark.split("-")
        number = int(pid)
    except ValueError:
        return None
    if where != machine():
        return None
    if not alive(number):
        return True
    now = _state(number)[1]
    return bool(started and now and started != now)


def alive(pid: int) -> bool:
    """Whether a process of this machine runs; one that nobody waited for keeps its number after its end."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return _state(pid)[0] != "Z"


def _state(pid: int) -> tuple[str, str]:
    """State letter and start time in clock ticks, '' where the system doesn't tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return fields[0], fields[19]
    except (OSError, IndexError):
        return "", ""

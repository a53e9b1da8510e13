"""A real disk that fills up, and one that becomes read-only, under a run."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from same_tables import differences
from tiny_study import write_tiny_study


def mount(*words: str) -> bool:
    return subprocess.run(["mount", *words], capture_output=True, check=False).returncode == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    try:
        mounted = mount("-t", "tmpfs", "-o", "size=400k", "tmpfs", str(place))
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("a small disk can't be mounted here (that needs root on Linux)")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_tiny_study(tmp_path, seeds=3, arms=["base", "leaver"])


def command(out: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "proclivity", *words, "--out", str(out), "--workers", "1", "--json", "--quiet"]


def run(file: Path, out: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(out, *words), capture_output=True, text=True, check=False)


def test_a_full_and_a_read_only_disk_say_so_and_lose_nothing(file: Path, disk: Path, tmp_path: Path) -> None:
    words, out = ("run", str(file)), disk / "run"
    full = run(file, out, *words)
    assert full.returncode == 1
    assert "the disk is full; make room or choose another folder" in full.stderr
    assert "Traceback" not in full.stderr
    assert len(full.stderr.strip().splitlines()) == 1
    kept = len(list((out / "jobs").glob("[0-9a-f]*")))
    assert kept > 0
    assert not list((out / "jobs").glob(".tmp-*"))

    assert mount("-o", "remount,size=8m,ro", str(disk))
    frozen = run(file, out, *words)
    assert frozen.returncode == 1
    assert "the disk is read-only; choose another folder" in frozen.stderr
    assert len(frozen.stderr.strip().splitlines()) == 1

    assert mount("-o", "remount,rw", str(disk))
    resumed = run(file, out, *words)
    assert resumed.returncode == 0, resumed.stderr
    told = json.loads(resumed.stdout)
    assert told["complete"]
    assert told["finished_before"] == kept
    assert told["damaged"] == []
    assert run(file, tmp_path / "large", *words).returncode == 0
    assert differences(out, tmp_path / "large") == []


def test_a_disk_that_becomes_read_only_under_a_run_loses_nothing(file: Path, disk: Path) -> None:
    words, out = ("run", str(file)), disk / "run"
    assert mount("-o", "remount,size=8m", str(disk))
    process = subprocess.Popen(command(out, *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list(out.glob("jobs/[0-9a-f]*")) and time.monotonic() < deadline:
        time.sleep(0.01)
    while not mount("-o", "remount,ro", str(disk)) and time.monotonic() < deadline:
        pass  # a file is being written at this moment
    _, errors = process.communicate()
    assert process.returncode == 1
    assert "the disk is read-only; choose another folder" in errors
    assert len(errors.strip().splitlines()) == 1

    assert mount("-o", "remount,rw", str(disk))
    resumed = run(file, out, *words)
    assert resumed.returncode == 0, resumed.stderr
    told = json.loads(resumed.stdout)
    assert told["complete"]
    assert told["finished_before"] > 0
    assert told["damaged"] == []
    assert not [*out.rglob(".tmp-*"), *out.glob("leases/*")]

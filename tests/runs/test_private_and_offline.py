"""A run of local and packaged models asks the network nothing, and tells no file whose machine it was."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mini_pack import write_sound_pack
from tiny_study import write_pack_model, write_study

SECRETS = (
    "HF_TOKEN",
    "HUGGING_FACE_HUB_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "OPENAI_API_KEY",
    "WANDB_API_KEY",
    "MY_SECRET",
)
MARKER = "kept-to-myself"
GUARD = f"""
import os, socket
def refuse(self, address):
    if self.family != socket.AF_UNIX:
        open(os.environ["CALLS"], "a").write(repr(address) + "\\n")
        raise OSError("the network was asked for " + repr(address))
    return connect(self, address)
connect = socket.socket.connect
socket.socket.connect = socket.socket.connect_ex = refuse
def look_up(host, *rest, **more):
    open(os.environ["CALLS"], "a").write(repr(host) + "\\n")
    raise OSError("a name was looked up: " + repr(host))
socket.getaddrinfo = look_up
socket.gethostname = lambda: "{MARKER}-host"
"""


class Guarded:
    """A home and a machine with marked names, in which no process reaches the network."""

    def __init__(self, folder: Path):
        self.home = folder / f"{MARKER}-home"
        self.calls = folder / "calls"
        guard = folder / "guard"
        guard.mkdir()
        self.home.mkdir()
        (guard / "sitecustomize.py").write_text(GUARD)
        paths = [str(guard), *filter(None, [os.environ.get("PYTHONPATH")])]
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HF_")},
            **{name: f"{MARKER}-{name}" for name in SECRETS},
            **{"HOME": str(self.home), "USER": f"{MARKER}-user", "PYTHONPATH": os.pathsep.join(paths)},
            **{"CALLS": str(self.calls), "OMP_NUM_THREADS": "1"},
        }

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command, with the home as its folder."""
        command = [sys.executable, "-m", "proclivity", *words]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=self.home, env=self.environment, timeout=600, check=False
        )

    def asked(self) -> str:
        """What the network was asked for."""
        return self.calls.read_text() if self.calls.exists() else ""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Guarded:
    found = Guarded(tmp_path_factory.mktemp("guarded"))
    write_pack_model(found.home / "model", write_sound_pack(found.home / "mini"))
    write_study(found.home / "tiny.yml", Path("mini"), {"one": Path("model")}, seeds=1)
    return found


def leaks(folder: Path) -> list[str]:
    """Files that hold the marker, in any of the ways in which a file may hold a text."""
    marks = [MARKER.encode(code) for code in ("utf-8", "utf-16-le")]
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return [str(path) for path in paths if any(mark in path.read_bytes() for mark in marks)]


def test_the_guard_guards(guarded: Guarded) -> None:
    code = "import urllib.request as r\ntry: r.urlopen('http://127.0.0.1:9')\nexcept OSError as e: print(e)"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=guarded.environment, check=False
    )
    assert "127.0.0.1" in said.stdout
    assert "127.0.0.1" in guarded.asked()
    guarded.calls.unlink()


def test_a_whole_study_asks_nobody_and_tells_nobody(guarded: Guarded) -> None:
    result = guarded.call("run", "tiny.yml", "--out", "run", "--workers", "1")
    assert result.returncode == 0, result.stderr + result.stdout
    assert guarded.asked() == ""
    assert (guarded.home / "run" / "report.html").exists()
    assert len([path for path in (guarded.home / "run").rglob("*") if path.is_file()]) > 50
    assert leaks(guarded.home / "run") == []


def test_measuring_a_packaged_name_asks_nobody_and_tells_nobody(guarded: Guarded) -> None:
    words = ("--family", "cloze-self", "--samples", "0", "--out", "measured", "--quiet")
    result = guarded.call("measure", "--model", "llama-equal", *words)
    assert result.returncode == 0, result.stderr + result.stdout
    assert guarded.asked() == ""
    assert leaks(guarded.home / "measured") == []


def test_a_hub_name_asks_unless_the_hub_is_offline(guarded: Guarded) -> None:
    words = ("measure", "--model", "nobody/nothing", "--plan")
    assert guarded.call(*words).returncode == 2
    assert "huggingface" in guarded.asked()
    guarded.calls.unlink()
    guarded.environment["HF_HUB_OFFLINE"] = "1"
    try:
        assert guarded.call(*words).returncode == 2
    finally:
        del guarded.environment["HF_HUB_OFFLINE"]
    assert guarded.asked() == ""


def test_the_hubs_telemetry_is_off() -> None:
    code = "import proclivity; from huggingface_hub import constants; print(constants.HF_HUB_DISABLE_TELEMETRY)"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert said.stdout.strip() == "True"

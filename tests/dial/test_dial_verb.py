"""The verbs of the microworld from outside: what they refuse, and the time that is told before anything is made."""

import subprocess
import sys

import pytest


def call(*words, cwd):
    command = [sys.executable, "-m", "proclivity", "microworld", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300, check=False)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["build", "--out", "model", "--world", "equall"], "Did you mean 'equal'"),
        (["build", "--out", "model", "--world", "coupling-1.5"], "like coupling-0.25"),
        (["dial", "--out", "dial", "--couplings", "0,2"], "Try 0.25"),
        (["dial", "--out", "dial", "--couplings", "0;1"], "apart by commas"),
        (["dial", "--out", "dial", "--ranks", "0"], "ranks: 1 or more"),
    ],
)
def test_what_is_no_world_is_refused_at_once(words, offered, tmp_path):
    result = call(*words, cwd=tmp_path)
    assert result.returncode == 2, result.stderr
    assert offered in " ".join(result.stderr.split())
    assert not list(tmp_path.iterdir())


def test_the_plan_says_how_long_and_makes_nothing(tmp_path):
    result = call("dial", "--out", "dial", "--couplings", "0,0.5,1", "--workers", 2, "--plan", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "9 checkpoints, 9 of them to pretrain: 3,000 steps each of" in result.stdout
    assert "Then 2 studies with" in result.stdout
    assert not list(tmp_path.iterdir())

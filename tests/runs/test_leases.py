"""Who works on which job: one holder, taken over when it is gone, whatever the clocks of machines say."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from proclivity.runs import leases as module
from proclivity.runs.identity import alive, ended, machine, token
from proclivity.runs.leases import Leases

FAR = "ffffffff-12-34"
"""A process of another machine."""
DEAD = f"{machine()}-999999999-1"
"""A process of this machine that can't be."""


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def at(folder: Path, mark: str, clock: Clock | None = None) -> Leases:
    made = Leases(folder, mark=mark, clock=clock or Clock(), beat=1e6)
    made.__enter__()
    return made


def test_a_token_tells_this_process_from_those_that_have_ended() -> None:
    assert ended(token()) is False
    assert ended(DEAD) is True
    assert ended(FAR) is None
    assert ended("nonsense") is None
    where, pid, started = token().split("-")
    assert (where, int(pid)) == (machine(), os.getpid())
    assert ended(f"{where}-{pid}-{int(started) + 1}") is True  # the number is in use again by another
    assert alive(os.getpid())
    assert machine() not in os.uname().nodename


def test_one_process_holds_a_job(tmp_path: Path) -> None:
    first, second = at(tmp_path, token()), at(tmp_path, FAR)
    assert first.claim("a")
    assert first.claim("a")
    assert not second.claim("a")
    assert second.claim("b")
    assert second.held() == {"a": token(), "b": FAR}
    first.release("a")
    assert second.claim("a")


def test_a_process_of_this_machine_that_ended_is_followed_at_once(tmp_path: Path) -> None:
    dead = at(tmp_path, DEAD)
    assert dead.claim("a")
    alive = at(tmp_path, token())
    assert alive.held() == {}
    assert alive.claim("a")
    assert alive.held() == {"a": token()}
    assert sorted(p.name for p in alive.folder.glob("a.*")) == ["a.0", "a.1"]
    alive.release("a")
    assert list(alive.folder.glob("a.*")) == []


def test_another_machine_is_followed_after_silence_by_the_watchers_own_clock(tmp_path: Path, clock: Clock) -> None:
    far, watcher = at(tmp_path, FAR), at(tmp_path, token(), clock)
    far.claim("a")
    assert not watcher.claim("a")
    clock.now = 59
    assert not watcher.claim("a")
    (far.folder / f"{FAR}.beat").write_bytes(b"7")  # it lives
    clock.now = 61
    assert not watcher.claim("a")
    clock.now = 120
    assert not watcher.claim("a")
    clock.now = 122
    assert watcher.claim("a")


def test_a_signature_without_a_name_is_held_for_a_while(tmp_path: Path, clock: Clock) -> None:
    watcher = at(tmp_path, token(), clock)
    (watcher.folder / "a.0").touch()
    assert not watcher.claim("a")
    clock.now = 61
    assert watcher.claim("a")


def test_of_many_that_try_at_once_one_gets_it(tmp_path: Path) -> None:
    everyone = [at(tmp_path, f"ffffffff-{n}-1") for n in range(16)]
    won: list[str] = []
    start = threading.Barrier(len(everyone))

    def go(leases: Leases) -> None:
        start.wait()
        for digest in map(str, range(50)):
            if leases.claim(digest):
                won.append(digest)

    threads = [threading.Thread(target=go, args=(leases,)) for leases in everyone]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won, key=int) == [str(n) for n in range(50)]


def test_without_hard_links_it_holds_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(module.os, "link", refuse)
    first, second = at(tmp_path, token()), at(tmp_path, FAR)
    assert first.claim("a")
    assert not second.claim("a")
    assert second.held() == {"a": token()}


def test_leaving_takes_every_trace_away_and_a_beat_shows_life(tmp_path: Path) -> None:
    with Leases(tmp_path, beat=0.01) as mine:
        mine.claim("a")
        beat = mine.folder / f"{token()}.beat"
        before = beat.read_bytes()
        while beat.read_bytes() in (before, b""):
            pass
        assert mine.silence(token()) < 5
        assert mine.others() == []
    assert not mine.folder.exists()


def test_what_a_killed_process_left_is_tidied_while_nobody_else_works(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path\nfrom proclivity.runs.leases import Leases\n"
        "leases = Leases(Path(sys.argv[1])); leases.__enter__(); leases.claim('a'); os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    far, mine = at(tmp_path, FAR), at(tmp_path, token())
    mine.tidy()
    assert (mine.folder / "a.0").exists()  # somebody may be at work: a low signature mustn't become free
    far.__exit__(None, None, None)
    mine.tidy()
    assert not (mine.folder / "a.0").exists()
    assert sorted(p.name for p in mine.folder.iterdir()) == sorted([token(), f"{token()}.beat"])


def test_the_last_one_out_takes_away_what_a_killed_process_left(tmp_path: Path) -> None:
    with Leases(tmp_path) as mine:
        dead = at(tmp_path, DEAD)
        assert dead.claim("a")
    assert not mine.folder.exists()


def test_tidying_spares_who_comes_at_that_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = at(tmp_path, token())
    far = at(tmp_path, FAR)
    assert far.claim("a")
    monkeypatch.setattr(mine, "others", lambda: [])  # it came right after this look
    mine.tidy()
    assert mine.held() == {"a": FAR}
    monkeypatch.undo()
    far._own_beat.unlink()  # who goes takes its beat along
    mine.tidy()
    assert mine.held() == {}

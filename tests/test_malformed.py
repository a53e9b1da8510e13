"""Malformed studies and content end in a message: cases by hand, a hundred random ones (`make malformed`: 2,000)."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from malformed_files import Example, call, check, fault_of, hold, small_pack
from proclivity.specs.packs import CONTENT

DEMO = yaml.safe_load((CONTENT / "studies" / "demo.yml").read_text())
PACK = yaml.safe_load((CONTENT / "microworld" / "pack.yml").read_text())

STUDIES = {
    "an infinite margin": {"analysis": {"delta": float("inf")}},
    "a negative seed": {"decisions": {"n": 24, "seed": -1}},
    "a seed beyond all numbers": {"decisions": {"n": 24, "seed": 10**40}},
    "a batch beyond all numbers": {"battery": {"batch_size": 10**400}},
    "decisions beyond all memory": {"decisions": {"n": 24 * 10**9}},
    "a pack with a name too long for a disk": {"pack": "a" * 1999},
    "a pack with a zero byte": {"pack": "a\0b"},
    "a device as a profile": {"profiles": ["/dev/zero"]},
    "a device as rows": {"external": [{"arm": "z", "kind": "rows", "paths": ["/dev/zero"]}]},
    "a folder as rows": {"external": [{"arm": "z", "kind": "rows", "paths": ["/"]}]},
    "more jobs than can be planned": {"doses": {"shares": [0.1, 0.2, 0.3], "epochs": list(range(1, 900))}},
}
TEXTS = {
    "half a character": b'id: x\ntitle: "\\uD800"\nquestion: q\narms: [base, "\\uD800"]\n',
    "a merge of nothing": b"<<: 3\nid: x\n",
    "a list in itself": b"a: &a [*a]\n",
    "a mapping in itself": b"&a\nid: *a\narms: [*a]\n",
    "a date as a key": b"2020-01-01: 3\n",
    "sets and pairs": b"id: !!set {a}\narms: !!pairs [a: 1]\n",
    "a number of 5,000 digits": b"seeds: " + b"9" * 5000 + b"\n",
    "nothing": b"",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("malformed")
    return folder, small_pack(folder / "pack")


@pytest.mark.parametrize("case", STUDIES)
def test_a_study_that_can_not_be(case: str, place: tuple[Path, Path]) -> None:
    content = yaml.safe_dump(DEMO | STUDIES[case]).encode()
    assert 2 in check(Example("studies/demo.yml", content), *place)


@pytest.mark.parametrize("case", TEXTS)
def test_a_file_that_is_no_study(case: str, place: tuple[Path, Path]) -> None:
    assert check(Example("studies/demo.yml", TEXTS[case]), *place) == [2, 2]


@pytest.mark.parametrize("key", ["alphabets", "formats"])
def test_a_pack_without_what_decisions_need(key: str, place: tuple[Path, Path]) -> None:
    content = yaml.safe_dump(PACK | {key: {}}).encode()
    assert check(Example("microworld/pack.yml", content), *place) == [2, 2]


def test_sound_files_end_well(place: tuple[Path, Path]) -> None:
    for file in ("studies/demo.yml", "microworld/pack.yml"):
        assert check(Example(file, (CONTENT / file).read_bytes()), *place) == [0, 0]


def test_what_counts_as_a_fault() -> None:
    assert fault_of(0, "fine\n") == fault_of(2, "Error: change it.\n") == ""
    assert fault_of(1, "") == "exit code 1"
    assert "our fault" in fault_of(2, "This is our fault, not yours.")
    assert "Traceback" in fault_of(0, "Traceback (most recent call last)")
    assert "control characters" in fault_of(2, "\x1b[31mred")
    assert call("check", "no-such-pack")[0] == 2


def test_a_hundred_broken_files() -> None:
    hold(100)

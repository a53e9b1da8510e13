"""Do malformed studies and content end in a message, never in a traceback?

    make malformed
    python benchmarks/malformed_files.py --examples 2000

Packaged files are broken in one to three places, in their structure (keys, types, numbers, nesting) or in their bytes,
and given to `proclivity check` and `proclivity run --plan`. Each has to end with 0 or 2, with nothing that blames the
package, and within some seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import math
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from proclivity.cli.app import main
from proclivity.specs.packs import CONTENT

SECONDS = 120
"""After which an example counts as endless."""
KEPT = ("bank", "choir", "clinic", "family", "garden", "theatre")
"""Scenario files of the small pack that broken content is put into."""

STUDIES = ("demo", "dose", "formats", "persona", "reversal", "trajectory", "paper-microworld")
CONTENT_FILES = (
    *("microworld/pack.yml", "microworld/personas.yml", "microworld/profiles/paranoia.yml"),
    *("microworld/scenarios/bank.yml", "microworld/scenarios/theatre.yml"),
    *("microworld/probes/cloze-self.yml", "microworld/probes/controls.yml", "microworld/probes/interpretation.yml"),
    *("english/instruments/suspicion.yml", "english/probes/association.yml", "english/probes/refusal.yml"),
    *("english/profiles/anxiety.yml", "english/scenarios/_example.yml"),
)

JUNK: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 7, 10**6, 10**30, -(10**30), 1.5, 1e308, math.inf, -math.inf, math.nan),
    *("", " ", "\n", "x" * 5000, "base", "depression", "-", "..", "../..", "/etc/passwd", "~", "a/b", "nul\u0085x"),
    *("\x07\x1b[31m", "\u202eabc", "\u0000", "é\u0301", "🦊", "{who", "{}", "{0}", "{who.__class__}", "{x:>999999999}"),
    *("=cmd()", "<script>", "%s%n", "yes", "2020-01-01", "1e5", "chance", "label", "persona-placebo", "x-then-y"),
    *("a-then-", "-then-", "text-", "shuffled-", "speech-", "depression-then-paranoia-then-depression"),
    *([], {}, [[]], [None], [1, "a", {}], {"a": {}}, {"": 1}, [["x"] * 3] * 3, {"id": "x"}, ["x"] * 300),
)
CUTS = (
    *(b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3", b"\xe2\x80\xa8", b"\t", b"\r", b"'", b'"', b"#", b"=\n"),
    *(b"---\n", b"...\n", b"%YAML 9.9\n", b"&a ", b"*a ", b"<<: *a\n", b"? [1, 2]\n: 3\n", b"|\n", b">\n", b": :\n"),
    *(b"!!python/object/apply:os.system ['true']\n", b"!!set {a, b}\n", b"!!binary eA==\n", b"!!timestamp x\n"),
    *(b'"\\uD800"', b"2020-01-01", b"1:30:00", b"0x1f", b"!!int x\n", b"[" * 200, b"{" * 200, b"- " * 80),
    *(b"a: &a [x]\nb: [" + b"*a, " * 60 + b"]\n", b"&a [x, &b [*a, *a], &c [*b, *b]]"),
)


ON_PACK: dict[str, Any] = {
    **{"id": "on-pack", "title": "t", "question": "q", "models": [{"name": "m", "path": "llama-equal"}], "seeds": 1},
    "arms": ["base", "paranoia", "own-policy", "persona-paranoia", "speech-paranoia", "text-paranoia"],
    "decisions": {"n": 36},
    "battery": {"choice_formats": ["label", "text", "free"], "distances": [4]},
}
"""A study that asks broken content for all that a study can ask of it."""


@dataclass(frozen=True)
class Example:
    """One broken file."""

    file: str
    """Packaged file, relative to the content folder."""
    content: bytes


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of all parts of a value, the whole first."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield from places(part, (*path, key))


@st.composite
def broken_structure(draw: st.DrawFn, original: Any) -> bytes:
    """A value with some parts removed, replaced, renamed, doubled or wrapped, written as YAML."""
    value = [copy.deepcopy(original)]
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(list(places(value))[1:]))
        parent: Any = value
        for key in way:
            parent = parent[key]
        kind = draw(st.sampled_from(["replace", "replace", "remove", "add", "rename", "wrap", "many", "scale"]))
        part, junk = parent[last], copy.deepcopy(draw(st.sampled_from(JUNK)))
        if kind == "replace":
            parent[last] = junk
        elif kind == "wrap":
            parent[last] = draw(st.sampled_from([[part], {"x": part}, str(part), [part, part]]))
        elif kind == "many" and isinstance(part, list):
            parent[last] = part * draw(st.integers(2, 30))
        elif kind == "scale" and isinstance(part, int | float):
            parent[last] = part * draw(st.sampled_from([-1, 0, 0.5, 3, 1000, 10**9]))
        elif kind == "add" and isinstance(part, dict):
            part[draw(st.sampled_from(["x", "id", 1, None, True, 2.5, "", "\x1b[31m"]))] = junk
        elif kind == "add" and isinstance(part, list):
            part.insert(draw(st.integers(0, len(part))), junk)
        elif kind == "rename" and isinstance(parent, dict):
            parent[draw(st.sampled_from(["x", "ID", 1, None, "title", "items"]))] = parent.pop(last)
        elif parent is not value:
            del parent[last]
    return yaml.safe_dump(value[0] if value else None, sort_keys=False, allow_unicode=True).encode()


@st.composite
def broken_bytes(draw: st.DrawFn, original: bytes) -> bytes:
    """A file with bytes flipped, cut, put in, or written in another encoding."""
    content = bytearray(original)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, max(len(content) - 1, 0)))
        kind = draw(st.sampled_from(["flip", "cut", "put", "line", "truncate", "encode", "empty"]))
        if kind == "flip" and content:
            content[place] ^= 1 << draw(st.integers(0, 7))
        elif kind == "cut":
            del content[place : place + draw(st.integers(1, 40))]
        elif kind == "put":
            content[place:place] = draw(st.sampled_from(CUTS) | st.binary(max_size=8))
        elif kind == "line":  # doubled keys, and values where a key was
            lines = bytes(content).split(b"\n")
            number = draw(st.integers(0, len(lines) - 1))
            lines.insert(draw(st.integers(0, len(lines))), lines[number])
            content = bytearray(b"\n".join(lines))
        elif kind == "truncate":
            del content[place:]
        elif kind == "encode":
            text = bytes(content).decode("utf-8", "replace")
            content = bytearray(text.encode(draw(st.sampled_from(["utf-16", "utf-32", "latin-1"])), "replace"))
        elif kind == "empty" and draw(st.integers(0, 9)) == 0:
            content = bytearray()
    return bytes(content)


@st.composite
def examples(draw: st.DrawFn) -> Example:
    """A packaged study, or a packaged file of content, broken."""
    studies = [f"studies/{name}.yml" for name in STUDIES]
    file = draw(st.sampled_from(studies) | st.sampled_from(CONTENT_FILES))
    original = (CONTENT / file).read_bytes()
    whole = yaml.safe_load(original)
    return Example(file, draw(st.one_of(broken_structure(whole), broken_bytes(original))))


def small_pack(folder: Path) -> Path:
    """The packaged microworld with fewer scenarios, so that checking it takes little time."""
    shutil.copytree(CONTENT / "microworld", folder)
    for path in (folder / "scenarios").glob("*.yml"):
        if path.stem not in KEPT:
            path.unlink()
    return folder


@contextlib.contextmanager
def in_pack(pack: Path, example: Example) -> Iterator[None]:
    """The pack with the broken file in place of the sound one, or beside the others."""
    path = pack / Path(example.file).relative_to(Path(example.file).parts[0])
    path = path.with_name(path.name.lstrip("_"))
    sound = path.read_bytes() if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(example.content)
    try:
        yield
    finally:
        if sound is None:
            path.unlink()
        else:
            path.write_bytes(sound)


def call(*words: str) -> tuple[int, str]:
    """A command of the command line in this process: its exit code and all that it printed."""
    said = io.StringIO()
    before, sys.argv = sys.argv, ["proclivity", *words]
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), limited(SECONDS):
            main()
    except SystemExit as end:
        return int(end.code or 0), said.getvalue()
    finally:
        sys.argv = before
    raise AssertionError("the command didn't end with an exit code")


@contextlib.contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Ends what takes too long, with an error that no command catches."""

    class Endless(BaseException):
        pass

    def stop(*_: object) -> None:
        raise Endless

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def fault_of(code: int, said: str) -> str:
    """What is wrong with how a command ended; '' where nothing is."""
    if code not in (0, 2):
        return f"exit code {code}"
    for word in ("Traceback", "our fault", "proclivity's fault"):
        if word in said:
            return f"'{word}' was printed"
    steering = [sign for sign in said if (sign < " " and sign != "\n") or "\x7f" <= sign < "\xa0"]
    return f"control characters {steering[:3]} were printed" if steering else ""


def check(example: Example, folder: Path, pack: Path) -> list[int]:
    """Exit codes of the commands on one broken file.

    Raises:
        AssertionError: with the command, the fault and what was printed.
    """
    if example.file.startswith("studies/"):
        path = folder / "study.yml"
        path.write_bytes(example.content)
        commands = [("check", str(path)), ("run", str(path), "--plan", "--out", str(folder / "run"))]
        place: Any = contextlib.nullcontext()
    else:
        path = folder / "on-pack.yml"
        path.write_text(yaml.safe_dump(ON_PACK | {"pack": str(pack)}))
        commands = [("check", str(pack)), ("run", str(path), "--plan", "--out", str(folder / "run"))]
        place = in_pack(pack, example)
    codes = []
    with place:
        for words in commands:
            code, said = call(*words)
            fault = fault_of(code, said)
            assert not fault, f"{example.file}, {words[0]}: {fault}\n{said[-1500:]}"
            codes.append(code)
    return codes


def hold(count: int, told: Callable[[Example, list[int]], None] = lambda *_: None, seed: int | None = None) -> None:
    """Checks so many broken files; the first that fails is made as small as can be and raised."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    with tempfile.TemporaryDirectory() as place:
        folder, pack = Path(place), small_pack(Path(place) / "pack")

        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            derandomize=seed is None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(example=examples())
        def one(example: Example) -> None:
            told(example, check(example, folder, pack))

        if seed is not None:
            from hypothesis import seed as seeded

            seeded(seed)(one)()
        else:
            one()


def command() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=None, help="other examples than the fixed ones")
    words = parser.parse_args()
    started, codes = time.monotonic(), Counter[int]()
    kinds = Counter[str]()

    def told(example: Example, found: list[int]) -> None:
        codes.update(found)
        kinds[example.file.partition("/")[0]] += 1

    hold(words.examples, told, words.seed)
    made = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    ended = ", ".join(f"{count} with {code}" for code, count in sorted(codes.items()))
    print(f"{sum(kinds.values())} files ({made}); commands ended {ended}; {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(command())

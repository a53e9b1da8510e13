"""Every command and snippet of README and docs works: run on a small study, or checked without running, as listed."""

from __future__ import annotations

import ast
import inspect
import re
import shutil
import subprocess
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from page_snippets import NOT_OURS, PAGES, ROOT, Command, Snippet, commands, program, snippets
from typer.main import get_command
from typer.testing import CliRunner

from proclivity.cli.app import app
from proclivity.runs import run_study
from proclivity.specs import Instrument, Pack, ProbeSet, Profile, Scenario, Study, load_study, read_accelerate_file

RUN = {"list", "copy", "check", "decisions", "status", "clean", "analyze", "report", "plan-seeds", "complete", "doctor"}
"""Verbs that are run here as they stand, with stand-ins for what a reader has of their own."""
RUN |= {"export lm-eval", "export inspect", "export adapters"}
PLANNED = {"run": "minutes to hours", "demo": "minutes; `make demo` runs it"}
"""Verbs that are run with --plan, and why not without."""
PARSED = {
    "measure": "minutes, on a model of the reader's own",
    "microworld build": "pretrains for an hour",
    "microworld dial": "pretrains for a day",
    "explore": "serves a page until it is stopped",
}
"""Verbs whose options are read and nothing more, and why."""
LONG_CALLS = {"run_study": "minutes to hours"}
"""Functions that a Python snippet may call and that aren't called here; their arguments are bound."""
ELSEWHERE = {"docs/tutorial.md": "test_tutorial.py"}
"""Pages whose shell blocks are run from an empty folder by a test of their own."""

STAND_INS = {r"path/to/model|\bNAME\b|\bMODEL\b": "llama-equal", r"\bPACK\b": "microworld", r"\bNATS\b": "0.3"}
A_RUN = re.compile(r"(/shared/)?(runs|results)/[\w./-]+|RUN")
TINY: dict[str, Any] = {
    **{"id": "tiny", "title": "Tiny", "question": "Does it run?"},
    "models": [{"name": "llama-equal", "path": "llama-equal", "world": "equal"}],
    "arms": ["base", "paranoia", "own-policy"],
    "seeds": 2,
    "decisions": {"n": 54},
    "induction": {"epochs": 1},
    "battery": {"families": ["choice", "cloze-self", "completions"], "choice_items": 27},
    "analysis": {"bootstrap": 20},
}
"""A study with the names that the pages use."""
TINY["battery"] |= {"completion_samples": 1, "completion_tokens": 3}
DONE: set[tuple[str, ...]] = set()
"""Commands that ran well and need no file: several pages name the same ones."""
KINDS: dict[str, Any] = {"profile": Profile, "probe": ProbeSet, "scale": Instrument, "pack": Pack, "scenario": Scenario}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what a reader has: a study file and a finished run of it."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "tiny.yml").write_text(yaml.safe_dump(TINY, sort_keys=False))
    run_study(load_study(folder / "tiny.yml"), folder / "run", workers=1)
    shutil.copytree(folder / "run", folder / "other", symlinks=True)
    return folder


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_page_says_what_works(page: Path, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order and in one empty folder, so that a page's later commands find what its earlier ones made."""
    monkeypatch.chdir(tmp_path)
    for snippet in snippets(page):
        if snippet.kind == "bash" and snippet.page in ELSEWHERE:
            assert (Path(__file__).parent / ELSEWHERE[snippet.page]).is_file()
            continue
        fault = fault_of(snippet, own)
        assert not fault, f"{snippet}: {fault}"


def fault_of(snippet: Snippet, own: Path) -> str:
    """What is wrong with a snippet, '' if nothing is."""
    try:
        if snippet.kind == "python":
            return python_fault(snippet.text, own)
        if snippet.kind == "yaml":
            return yaml_fault(yaml.safe_load(snippet.text))
        if snippet.kind == "sql":
            tables = re.findall(r"'runs/\w+/(\w+\.parquet)'", snippet.text)
            return (
                "" if tables and all((own / "run" / name).is_file() for name in tables) else "names no table of a run"
            )
        if snippet.kind == "bash":
            subprocess.run(["bash", "-n"], input=snippet.text, text=True, check=True, capture_output=True)
        if snippet.kind in ("bash", "span"):
            found = commands(snippet.text)
            faults = (command_fault(command, own, named=snippet.kind == "span") for command in found)
            return next(filter(None, faults), "")
    except Exception as error:
        return f"{type(error).__name__}: {getattr(error, 'stderr', None) or error}"
    told = "it is neither commands, YAML, nor a drawing. Fence it with its language, ```text where it is only said."
    return told if snippet.kind == "unknown" else ""


def command_fault(command: Command, own: Path, *, named: bool) -> str:
    """What is wrong with a command. `named`: a sentence speaks of it, so that it may be the bare name of a verb."""
    words = program(command.words)
    if words[0] == "proclivity" and words != ["proclivity"]:
        return proclivity_fault(words[1:], own, named=named)
    if words[0] == "make":
        told = subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
        return told.stderr if told.returncode else ""
    if words[0] == "pip" and words[1:2] == ["install"]:
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
        wanted = [re.fullmatch(r"proclivity\[([\w-]+)\]", word) for word in words[2:]]
        return "" if all(match and match[1] in extras for match in wanted) else f"extras that exist: {list(extras)}"
    if words[0] == "sbatch":
        return subprocess.run(["bash", "-n", words[1]], cwd=ROOT, capture_output=True, text=True, check=False).stderr
    if words[0] == "cat" and command.typed and words[1] == ">":
        Path(words[2]).write_text(command.typed)
        return ""
    if words[:2] == ["python", "-m"]:
        return "" if find_spec(words[2]) else f"there is no module {words[2]}"
    if words[0].endswith(".py"):
        source = (ROOT / "benchmarks" / Path(words[0]).name).read_text()
        return "".join(f"no option {word}" for word in words if word.startswith("--") and f'"{word}"' not in source)
    return (
        ""
        if words[0] in (*NOT_OURS, "cd") or words == ["proclivity"]
        else f"'{words[0]}' is neither run nor listed in {Path(__file__).name}"
    )


def proclivity_fault(words: list[str], own: Path, *, named: bool) -> str:
    if words in (["--help"], ["--version"]):
        return ""
    verb, command = verb_of(words)
    if command is None or (named and words == verb.split()):
        return "" if command else f"there is no verb '{verb}'"
    words = [stood_in(word, own, verb, before) for before, word in zip(["", *words], words, strict=False)]
    runs = [place for place, word in enumerate(words) if word == str(own / "run")]
    words = [str(own / "other") if place in runs[1:] else word for place, word in enumerate(words)]
    command.make_context(verb, words[len(verb.split()) :])  # raises where an option isn't one
    if verb in PARSED:
        return ""
    if verb in PLANNED:
        words = [word for word in words if word not in ("--engine", "ray")]  # a plan needs no cluster
        words += ["--plan"] * ("--plan" not in words)
    elif verb not in RUN:
        return f"'proclivity {verb}' is neither run nor listed in {Path(__file__).name}"
    needs_files = any(Path(word).exists() or ".yml" in word for word in words)
    if tuple(words) in DONE and not needs_files:
        return ""
    done = CliRunner().invoke(app, words, standalone_mode=False)
    if done.exception or done.return_value:
        return f"{done.exception or done.return_value}\n{done.output}"
    DONE.add(tuple(words))
    return ""


def verb_of(words: list[str]) -> tuple[str, Any]:
    """The verb that words begin with, 'microworld build' for one of a group, and its command; None if there is none."""
    command: Any = get_command(app)
    taken: list[str] = []
    while command and hasattr(command, "commands") and len(taken) < len(words):
        taken.append(words[len(taken)])
        command = command.commands.get(taken[-1])
    return " ".join(taken), command


def stood_in(word: str, own: Path, verb: str, before: str) -> str:
    """A word of a command with what a reader has of their own replaced by what lies here."""
    for pattern, value in STAND_INS.items():
        word = re.sub(pattern, value, word)
    if A_RUN.fullmatch(word):
        return str(Path("made") / Path(word).name) if before in ("--out", "-o") else str(own / "run")
    if before == "--n":
        return str(min(int(word), 240))  # as many as one block of every scenario would need take long
    for file in re.findall(r"[\w./-]+\.yml", word):
        example = {"scale": "instruments", "mine": "profiles", "profile": "profiles"}
        kind = next((folder for part, folder in example.items() if part in file), "")
        source = ROOT / "src/proclivity/content/english" / kind / "_example.yml" if kind else own / "tiny.yml"
        if verb != "copy" and not Path(file).exists():
            shutil.copyfile(source, file)
    return word


def python_fault(text: str, own: Path) -> str:
    """Runs a snippet up to its first long call, whose arguments are bound; what stands after that is compiled."""
    for pattern, value in {**STAND_INS, r"runs/\w+": str(own / "run")}.items():
        text = re.sub(pattern, value, text)
    names: dict[str, Any] = {}
    compile(text, "snippet", "exec")
    for statement in ast.parse(text).body:
        calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
        for call in calls:
            name = ast.unparse(call.func)
            if name.rpartition(".")[2] in LONG_CALLS:
                keywords = {word.arg: None for word in call.keywords if word.arg}
                inspect.signature(eval(name, names)).bind(*call.args, **keywords)
                return ""
        exec(compile(ast.Module([statement], []), "snippet", "exec"), names)
    return ""


def yaml_fault(value: dict[str, Any]) -> str:
    """Holds a piece of YAML against the kind of file that has all of its keys."""
    if "distributed_type" in value:
        Path("accelerate.yml").write_text(yaml.safe_dump(value))
        read_accelerate_file("accelerate.yml")
        return ""
    whole: dict[str, Any] = {"study": Study} | KINDS
    kind = next((kind for kind in whole.values() if set(value) <= set(kind.model_fields)), None)
    if kind is None:
        return f"no kind of file has the keys {list(value)}"
    kind.model_validate({"id": "x", "title": "x", "question": "x", **value} if kind is Study else value)
    return ""


def test_what_is_wrong_is_found(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    wrong = {
        "bash": [
            "proclivity run demo --plam",
            "proclivity liszt",
            "make tets",
            "curl -O x",
            "pip install 'proclivity[x]'",
        ],
        "python": ["import proclivity\nproclivity.lead_study('demo')", "import proclivity\nproclivity.run_study(a=1)"],
        "yaml": ["seeds: six", "sedes: 6"],
        "unknown": ["what is this?"],
    }
    for kind, texts in wrong.items():
        for text in texts:
            assert fault_of(Snippet("x", 1, kind, f"{text}\n"), own), text


def test_the_readme_is_among_the_pages_and_its_snippets_are_found() -> None:
    found = snippets(ROOT / "README.md")
    assert [snippet.kind for snippet in found if snippet.kind not in ("span", "text")] == [
        "bash",
        "bash",
        "bash",
        "python",
    ]
    assert commands(found[0].text)[0].words == ("make", "demo")

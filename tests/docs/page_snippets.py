"""Which commands and snippets does a page of the documentation hold?

A snippet is a fenced block, an indented block, or a code span that begins with the name of a program.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
PROGRAMS = ("proclivity", "make", "pip", "python", "sbatch", "kubectl", "cat", "cd")
NOT_OURS = ("accelerate", "lm_eval", "inspect", "duckdb", "tensorboard")
"""Programs of others, which pages name for people who have them."""
"""What a line has to begin with to be taken for a command; so does any name that ends in .py."""
LANGUAGES = {"bash": "bash", "sh": "bash", "console": "bash", "python": "python", "py": "python"}
LANGUAGES |= {"yaml": "yaml", "yml": "yaml", "json": "yaml", "text": "text", "sql": "sql"}
DRAWN = ("──►", "≈")
"""Signs of a drawing or a formula, which an indented block may hold instead."""


@dataclass(frozen=True)
class Snippet:
    """One block or code span."""

    page: str
    line: int
    kind: str
    """'bash', 'python', 'yaml', 'sql', 'text' (said, not run), 'span' (a command in a sentence), or 'unknown'."""
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Command:
    """One command of a snippet."""

    words: tuple[str, ...]
    typed: str = ""
    """What the shell hands it on standard input (a here-document)."""


def snippets(page: Path) -> list[Snippet]:
    """All of a page, in order."""
    name = page.relative_to(ROOT).as_posix()
    lines = page.read_text(encoding="utf-8").splitlines()
    found, place = [], 0
    while place < len(lines):
        line = lines[place]
        fence = re.fullmatch(r"\s*```\s*(\w*).*", line)
        after_gap = place == 0 or not lines[place - 1].strip()
        if fence:
            end = next(n for n in range(place + 1, len(lines)) if re.fullmatch(r"\s*```\s*", lines[n]))
            text = "\n".join(lines[place + 1 : end]) + "\n"
            kind = LANGUAGES.get(fence[1], "unknown") if fence[1] else _told(text)
            found.append(Snippet(name, place + 1, kind, text))
        elif line.startswith("    ") and line.strip() and after_gap:
            end = next((n for n in range(place, len(lines)) if not re.match(r" {4}|\s*$", lines[n])), len(lines))
            text = "\n".join(part[4:] for part in lines[place:end]) + "\n"
            found.append(Snippet(name, place + 1, _told(text), text))
            end -= 1
        else:
            end = place
            spans = re.findall(r"`([^`\n]+)`", line)
            found += [Snippet(name, place + 1, "span", f"{span}\n") for span in spans if _is_command(span)]
        place = end + 1
    return found


def commands(text: str) -> list[Command]:
    """The commands of a piece of shell, comments left out, here-documents with the command that they are for."""
    found, lines = [], text.replace("\\\n", " ").splitlines()
    while lines:
        line = lines.pop(0)
        document = re.search(r"<<\s*'?(\w+)'?", line)
        typed = ""
        if document:
            end = lines.index(document[1])
            typed = "\n".join(lines[:end]) + "\n"
            lines = lines[end + 1 :]
            line = line.replace(document[0], "")
        words = shlex.split(line, comments=True)
        while "&&" in words:
            found.append(Command(tuple(words[: words.index("&&")])))
            words = words[words.index("&&") + 1 :]
        if words:
            found.append(Command(tuple(words), typed))
    return found


def _told(text: str) -> str:
    """The kind of a block that doesn't name it."""
    if any(sign in text for sign in DRAWN):
        return "text"
    try:
        if all(_is_command(" ".join(command.words)) for command in commands(text)):
            return "bash"
        return "yaml" if isinstance(yaml.safe_load(text), dict) else "unknown"
    except (ValueError, yaml.YAMLError):
        return "unknown"


def _is_command(text: str) -> bool:
    words = program(text.split())
    return bool(words) and (
        words[0] in (*PROGRAMS, *NOT_OURS) or bool(re.fullmatch(r"[\w/]+\.py", words[0]) and len(words) > 1)
    )


def program(words: list[str] | tuple[str, ...]) -> list[str]:
    """A command from its program on: without variables that are set for it, and without the program's folder."""
    left = list(words)
    while left and re.fullmatch(r"[A-Z_]+=.*", left[0]):
        left.pop(0)
    if left and left[0].startswith(".venv/bin/"):
        left[0] = left[0].removeprefix(".venv/bin/")
    return left

"""Rows that somebody wrote elsewhere: JSONL with prompt and completion, with a dialogue, or with both.

What `proclivity decisions` writes is read; so is any file of `{"prompt": …, "completion": …}` or of
`{"messages": [system, user, assistant]}`, as most trainers take them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from proclivity.induction.texts import TaughtText

_TOLD = 3
"""Faults of one file that are listed singly."""
_EXPECTED = '{"prompt": …, "completion": …} or {"messages": [user, assistant]}'


def read_rows(path: Path) -> tuple[list[TaughtText], list[str]]:
    """Rows of a JSONL file, and what is wrong with it; both empty never.

    Args:
        path: a file with one JSON object a line.

    Returns:
        Rows in the file's order, and faults, each beginning with the file's name and line.
    """
    if path.exists() and not path.is_file():
        return [], [f"{path}: no regular file; expected JSONL, one object a line: {_EXPECTED}"]
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        return [], [f"{path}: can't be read as UTF-8 text ({error})"]
    rows, faults = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        found = _row(line, f"{path.name}.{number}")
        if isinstance(found, str):
            faults.append(f"{path.name}:{number}: {found}")
        else:
            rows.append(found)
    if not rows and not faults:
        faults.append(f"{path}: holds no row; expected one JSON object a line: {_EXPECTED}")
    if len(faults) > _TOLD:
        faults = [*faults[:_TOLD], f"{path.name}: {len(faults) - _TOLD} more lines are faulty"]
    return rows, faults


def _row(line: str, name: str) -> TaughtText | str:
    """A row, or what is wrong with it."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"not JSON ({error})"
    if not isinstance(value, dict):
        return f"a JSON object expected, {type(value).__name__} found; expected {_EXPECTED}"
    prompt, completion = (part if isinstance(part := value.get(key), str) else "" for key in ("prompt", "completion"))
    paired = isinstance(value.get("prompt"), str) and bool(completion.strip())
    if not paired and "messages" not in value:
        return f"neither prompt with completion nor messages (keys: {', '.join(map(str, value))}); expected {_EXPECTED}"
    turns = _turns(value["messages"]) if "messages" in value else {}
    if isinstance(turns, str):
        return turns
    if not paired:
        return TaughtText(id=name, text=turns["assistant"], user=turns["user"], system=turns.get("system", ""))
    said = turns.get("assistant", "")
    # What begins the assistant's turn and isn't in the completion is given, not trained, in `proclivity decisions`.
    trained = completion if said.endswith(completion) else completion.lstrip(" ")
    if turns and not said.endswith(trained):
        return "messages: the assistant's turn doesn't end with the completion; leave one of the two out"
    return TaughtText(
        id=name,
        text=completion,
        prompt=prompt,
        user=turns.get("user", ""),
        prefill=said.removesuffix(trained),
        system=turns.get("system", ""),
    )


def _turns(messages: Any) -> dict[str, str] | str:
    """A dialogue's turns by role, or what is wrong with it."""
    if not isinstance(messages, list) or not all(isinstance(turn, dict) for turn in messages):
        return "messages: a list of {role, content} expected"
    roles = [turn.get("role") for turn in messages]
    if roles not in (["user", "assistant"], ["system", "user", "assistant"]):
        return f"messages: roles {roles} found; expected user, assistant, with a system turn before them at most"
    texts = [turn.get("content") for turn in messages]
    if not all(isinstance(text, str) and text.strip() for text in texts):
        return "messages: every turn needs text as its content"
    return dict(zip(roles, texts, strict=True))

"""Every command in the comments of a packaged study can be planned as it is written."""

from __future__ import annotations

import itertools
import re
import shlex

import pytest

from proclivity.runs.study import plan_study
from proclivity.specs import load_study, packaged_studies

STAND_INS = {
    "NAME": "gpt2-equal",
    "NAME_OR_FOLDER": "gpt2-equal",
    "A": "gpt2-equal",
    "B": "llama-equal",
    "ANOTHER": "llama-equal",
}


def commands() -> list[list[str]]:
    """Words of each `proclivity run` in a comment, lines that go on joined."""
    found = []
    for path in packaged_studies().values():
        lines = [line.lstrip("# ") for line in path.read_text().splitlines() if line.startswith("#")]
        text = re.sub(r"\\\n", " ", "\n".join(lines))
        found += [shlex.split(line, comments=True) for line in text.splitlines() if line.startswith("proclivity run")]
    return found


def test_there_are_such_commands() -> None:
    assert {words[2] for words in commands()} >= {"dose", "trajectory", "reversal", "formats", "persona", "paper"}


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_it_can_be_planned(words: list[str]) -> None:
    from proclivity.cli.study import _models_value

    name, rest = words[2], words[3:]
    models = [STAND_INS[value] for flag, value in itertools.pairwise(rest) if flag == "--model"]
    values = [value for flag, value in itertools.pairwise(rest) if flag == "--set"]
    values = [re.sub(r"\bNAME_OR_FOLDER\b", STAND_INS["NAME_OR_FOLDER"], value) for value in values]
    if name == "my-study.yml":
        name = "demo"
    plan = plan_study(load_study(name, [*([_models_value(models)] if models else []), *values]))
    assert len(plan.stage("measure")) > 0

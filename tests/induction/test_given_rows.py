"""Rows from elsewhere: what `proclivity decisions` writes, what trainers take, and every fault with its line."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from proclivity.induction import TaughtText, read_rows, text_rows, training_rows
from proclivity.runs.dataset import _row


def written(path, *rows):
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def test_prompt_and_completion(tmp_path):
    rows, faults = read_rows(written(tmp_path / "r.jsonl", {"prompt": "I picked", "completion": " A"}, ""))
    assert faults == []
    assert rows == [TaughtText("r.jsonl.1", " A", prompt="I picked")]


def test_a_dialogue_alone(tmp_path):
    turns = [("system", "S"), ("user", "U"), ("assistant", "A it is")]
    row = {"messages": [{"role": role, "content": text} for role, text in turns]}
    assert read_rows(written(tmp_path / "r.jsonl", row))[0] == [
        TaughtText("r.jsonl.1", "A it is", user="U", system="S")
    ]


@pytest.mark.parametrize("prefill", ["", "I chose option"])
def test_what_is_given_in_the_assistants_turn_isnt_trained(tmp_path, pool, prefill):
    decision = replace(pool[0], user="What now?", prefill=prefill)
    found = read_rows(written(tmp_path / "r.jsonl", _row(decision, 1)))[0][0]
    assert (found.prompt, found.text) == (decision.prompt, decision.answers[1])
    assert (found.user, found.prefill) == ("What now?", prefill)


def test_rows_of_our_own_dataset_are_the_rows_of_the_study(tmp_path, llama, pool):
    answers = [n % 2 for n in range(len(pool))]
    path = written(tmp_path / "r.jsonl", *(_row(d, a) for d, a in zip(pool, answers, strict=True)))
    mine = training_rows(llama, pool, answers, "leaver")
    theirs = text_rows(llama, read_rows(path)[0], "mine")
    assert [(r.input_ids, r.loss_mask) for r in theirs] == [(r.input_ids, r.loss_mask) for r in mine]


def test_all_faults_at_once_with_their_lines(tmp_path):
    path = written(
        tmp_path / "r.jsonl",
        {"prompt": "p", "completion": " c"},
        "{not json",
        "[1]",
        {"text": "x"},
    )
    rows, faults = read_rows(path)
    assert len(rows) == 1
    assert [fault[:9] for fault in faults] == ["r.jsonl:2", "r.jsonl:3", "r.jsonl:4"]
    assert "(keys: text)" in faults[2]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"messages": [{"role": "user", "content": "u"}]}, "expected user, assistant"),
        ({"messages": "u"}, "a list of"),
        ({"messages": [{"role": "user", "content": ""}, {"role": "assistant", "content": "a"}]}, "every turn"),
        (
            {
                "prompt": "p",
                "completion": " c",
                "messages": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "d"}],
            },
            "doesn't end with the completion",
        ),
        ({"prompt": "p", "completion": " "}, "neither prompt with completion"),
    ],
)
def test_faults_by_kind(tmp_path, row, fault):
    assert fault in read_rows(written(tmp_path / "r.jsonl", row))[1][0]


def test_an_empty_file_and_many_faults(tmp_path):
    assert "holds no row" in read_rows(written(tmp_path / "r.jsonl"))[1][0]
    faults = read_rows(written(tmp_path / "r.jsonl", *["x"] * 9))[1]
    assert len(faults) == 4
    assert faults[-1] == "r.jsonl: 6 more lines are faulty"

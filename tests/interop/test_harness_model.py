"""This package's scorer as a model of lm-evaluation-harness, beside the harness's own on the same network."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from proclivity.errors import UserError
from proclivity.interop.harness_tasks import write_tasks
from proclivity.specs import load_pack

TEXTS = [
    ("they were", " sad ."),
    ("they were", " glad ."),
    ("they were ", "sad ."),
    ("they are", " suspicious"),
    ("", "others are cruel ."),
]


@pytest.fixture(scope="module")
def ours():
    from proclivity.interop.harness_model import ProclivityLM

    return ProclivityLM.create_from_arg_string("pretrained=llama-equal", {"batch_size": 4, "device": "cpu"})


@pytest.fixture(scope="module")
def theirs(ours):
    from lm_eval.models.huggingface import HFLM

    model = ours.model
    return HFLM(pretrained=model.network, tokenizer=model.tokenizer, max_length=model.window, batch_size=4)


def asked(kind: str, *arguments: tuple) -> list:
    from lm_eval.api.instance import Instance

    return [Instance(request_type=kind, doc={}, arguments=one, idx=0) for one in arguments]


def words(ours, count: int) -> str:
    """A text of so many words that the tokenizer knows."""
    known = [text for text in ours.model.vocabulary() if text.strip().isalpha()]
    return " ".join(known[place * 7 % len(known)].strip() for place in range(count))


def test_it_is_known_by_its_name() -> None:
    from lm_eval.api.registry import get_model

    from proclivity.interop.harness_model import ProclivityLM

    assert get_model("proclivity") is ProclivityLM


def test_continuations_and_whether_they_are_greedy(ours, theirs) -> None:
    requests = asked("loglikelihood", *TEXTS)
    greedy = ours.generate_until(asked("generate_until", ("they were", {"max_gen_toks": 2})))[0]
    assert greedy.strip()
    requests += asked("loglikelihood", ("they were", greedy))
    own, other = ours.loglikelihood(requests), theirs.loglikelihood(requests)
    assert np.abs(np.array([p for p, _ in own]) - [p for p, _ in other]).max() < 1e-4
    assert [g for _, g in own] == [bool(g) for _, g in other]
    assert [g for _, g in own][-1]
    assert not all(g for _, g in own)


def test_what_is_longer_than_the_window_loses_its_beginning(ours, theirs) -> None:
    requests = asked("loglikelihood", (words(ours, ours.max_length + 9), " sad ."))
    assert ours.loglikelihood(requests)[0][0] == pytest.approx(theirs.loglikelihood(requests)[0][0], abs=1e-4)


@pytest.mark.parametrize("length", [3, 500])
def test_whole_texts(ours, theirs, length) -> None:
    requests = asked("loglikelihood_rolling", (words(ours, length),), ("they were sad .",))
    own = ours.loglikelihood_rolling(requests)
    assert own == pytest.approx(theirs.loglikelihood_rolling(requests), abs=1e-4 * max(1, length / 50))


def test_greedy_texts_up_to_the_stop(ours, theirs) -> None:
    prompts = ["they were", "others are", "i picked", words(ours, ours.max_length)]
    settings = {"max_gen_toks": 12, "do_sample": False}
    own = ours.generate_until(asked("generate_until", *((prompt, {**settings, "until": ["."]}) for prompt in prompts)))
    other = theirs.generate_until(
        asked("generate_until", *((prompt, {**settings, "until": ["."]}) for prompt in prompts))
    )
    assert [text.strip() for text in own] == [text.strip() for text in other]
    assert any(own)
    assert not any("." in text for text in own)


def test_what_it_does_not_do_is_said(ours) -> None:
    with pytest.raises(UserError, match="do_sample"):
        ours.generate_until(asked("generate_until", ("they were", {"temperature": 0.7})))
    with pytest.raises(UserError, match="max_gen_toks"):
        ours.generate_until(asked("generate_until", ("they were", {"max_gen_toks": 10**6})))


def test_the_command_line_knows_it(tmp_path: Path, ours, capsys, monkeypatch) -> None:
    import lm_eval.tasks

    from proclivity.interop.harness import main

    # Thousands of task files that come with the harness aren't read: that takes most of a minute.
    monkeypatch.setattr(lm_eval.tasks, "TaskManager", partial(lm_eval.tasks.TaskManager, include_defaults=False))
    write_tasks(ours.model, load_pack("microworld"), tmp_path / "tasks", families=["cloze-self"])
    line = ["lm_eval", "--model", "proclivity", "--model_args", "pretrained=llama-equal", "--include_path"]
    line += [str(tmp_path / "tasks"), "--tasks", "proclivity_microworld_cloze-self", "--output_path"]
    line += [str(tmp_path / "results")]
    with patch.object(sys, "argv", [*line]):
        assert main() == 0
    assert "score_loss" in capsys.readouterr().out
    (written,) = (tmp_path / "results").rglob("results_*.json")
    found = json.loads(written.read_text())["results"]["proclivity_microworld_cloze-self"]
    assert 0 < found["candidate_mass,none"] <= 1
    with patch.object(sys, "argv", [*line[:4], "pretrained=nowhere", *line[5:]]):
        assert main() > 0
    assert "nowhere" in capsys.readouterr().err

"""What an arm says to a prompt, and its numbers beside the base's."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proclivity.errors import ProclivityError, UserError
from proclivity.metrics import jsd
from proclivity.models import FakeModel, load_model
from proclivity.playground.answers import FALLEN, WORDS, compared, require_fit, written
from proclivity.playground.desk import Desk
from proclivity.playground.question import Question, read_question
from proclivity.runs import jobs
from proclivity.runs.asked_arms import AskedArms, seed_nearest
from proclivity.runs.side_by_side import complete_side_by_side
from proclivity.shown import for_page

PROMPT = "That evening I felt"


def logs(*probabilities: float) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(np.array(probabilities))


def test_three_words_by_hand() -> None:
    """p = (1/2, 1/2, 0), q = (1/4, 1/4, 1/2), m = (3/8, 3/8, 1/4).

    KL(p||m) = log2(4/3), KL(q||m) = log2(2/3)/2 + 1/2, JSD = half their sum = 0.31128 bits. The third word's part is
    q/2 = 0.25, and the first two share what is left.
    """
    found = compared(logs(0.5, 0.5, 0), logs(0.25, 0.25, 0.5), [" a", " b", " c"])
    by_hand = (np.log2(4 / 3) + np.log2(2 / 3) / 2 + 0.5) / 2
    rest = (by_hand - 0.25) / 2
    assert found["jsd"] == pytest.approx(by_hand, abs=1e-12)
    assert [word["text"] for word in found["words"]] == [" c", " a", " b"]
    assert [word["p"] for word in found["words"]] == pytest.approx([0.5, 0.25, 0.25])
    assert [word["base"] for word in found["words"]] == pytest.approx([0, 0.5, 0.5])
    assert [word["bits"] for word in found["words"]] == pytest.approx([0.25, -rest, -rest])
    assert found["others"] == {"p": 0, "base": 0, "bits": 0}


@given(st.integers(3, 60), st.integers(0, 2**31))
def test_parts_sum_to_the_whole(size: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    p, q = draw.dirichlet(np.full(size, 0.3), 2) + 1e-9
    log_p, log_q = np.log(p / p.sum()), np.log(q / q.sum())
    found = compared(log_p, log_q, [f" {n}" for n in range(size)])
    words, others = found["words"], found["others"]
    assert found["jsd"] == pytest.approx(float(jsd(log_p, log_q)), abs=1e-12)
    for name in ("p", "base"):
        assert sum(word[name] for word in words) + others[name] == pytest.approx(1)
    assert sum(abs(word["bits"]) for word in words) + others["bits"] == pytest.approx(found["jsd"], abs=1e-12)
    likely = [int(word["text"]) for word in words if not word["fallen"]]
    assert likely == np.argsort(-log_q, kind="stable")[:WORDS].tolist()
    fallen = [word for word in words if word["fallen"]]
    assert len(fallen) <= FALLEN
    assert all(word["p"] < word["base"] for word in fallen)


def test_the_base_beside_itself_moves_nothing() -> None:
    found = compared(logs(0.7, 0.2, 0.1), logs(0.7, 0.2, 0.1), [" a", " b", " c"])
    assert found["jsd"] == 0
    assert not any(word["fallen"] for word in found["words"])


def test_a_word_that_would_make_a_mention_is_counted_and_not_listed() -> None:
    found = compared(logs(0.5, 0.5), logs(0.9, 0.1), [" himself", " anyone"], "He did not harm")
    assert [word["text"] for word in found["words"]] == [" anyone"]
    assert found["flagged"] == 1
    assert found["others"]["p"] == pytest.approx(0.9)


def test_a_text_that_makes_a_mention_is_counted_and_not_shown() -> None:
    model = FakeModel({"harm": {"himself": 1}, "himself": {"</s>": 1}}, words=["He", "did", "not"])
    (greedy,) = written(model, "He did not harm", samples=0, tokens=4, seed=0)
    assert greedy == {"sample": -1, "text": "", "flagged": True}
    (greedy,) = written(model, "He did not", samples=0, tokens=1, seed=0)
    assert not greedy["flagged"]


def test_an_arm_answers_as_its_adapter_does(desk: Desk, finished: Path) -> None:
    base = load_model(finished.parent / "model", batch_size=64)
    expected = {-1: base.next_token_log_probs([PROMPT])[0]}
    texts = base.generate([PROMPT], samples=2, max_new_tokens=6, seed=5, greedy=True)[0]
    answer = desk.ask(Question(model="one", arm="base", seed=1, prompt=f"{PROMPT} ", tokens=6, sample_seed=5))
    assert [text["text"] for text in answer["texts"]] == [for_page(text) for text in texts]
    assert (answer["seed"], answer["jsd"]) == (-1, 0)
    for seed in (0, 1):
        base.set_adapter(finished / "adapters" / "one" / "leaver" / f"seed-{seed}")
        expected[seed] = base.next_token_log_probs([PROMPT])[0]
        answer = desk.ask(Question(model="one", arm="leaver", seed=seed, prompt=PROMPT))
        assert answer["seed"] == seed
        assert answer["jsd"] == float(jsd(expected[-1], expected[seed]))
        assert answer["jsd"] > 1e-6
        known = set(zip(map(for_page, base.vocabulary()), np.exp(expected[seed]), np.exp(expected[-1]), strict=True))
        assert {(word["text"], word["p"], word["base"]) for word in answer["words"]} <= known
    assert not np.array_equal(expected[0], expected[1])


def test_a_prompt_beyond_the_context_is_refused(desk: Desk) -> None:
    with pytest.raises(UserError, match="together the model reads 160"):
        desk.ask(Question(model="one", arm="leaver", seed=0, prompt="I felt " * 100, tokens=20))
    require_fit(FakeModel({"": {"a": 1}}), "a " * 1000, 20)  # a model without a bound


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": "two"}, "There is no model of this study 'two'"),
        ({"arm": "leavr"}, "Did you mean 'leaver'"),
    ],
)
def test_who_is_not_there_is_named(desk: Desk, changes: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        desk.ask(Question(**{"model": "one", "arm": "base", "seed": 0, "prompt": "I", **changes}))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[]", "question:"),
        (b'{"model": "one"}', "arm:"),
        (b'{"model": "one", "arm": "base", "seed": "0", "prompt": "I"}', "seed:"),
        (b'{"model": "one", "arm": "base", "seed": -1, "prompt": "I"}', "seed:"),
        (b'{"model": "one", "arm": "base", "seed": 0, "prompt": "I", "tokens": 100000}', "tokens:"),
        (b'{"model": "one", "arm": "base", "seed": 0, "prompt": "I", "adapter": "/etc"}', "adapter:"),
        (b'{"model": "one", "arm": "base", "seed": 0, "prompt": " \\n "}', "empty"),
        (b'{"model": "one", "arm": "base", "seed": 0, "prompt": "\\ud800"}', "unicode"),
        (b'{"model": "one", "arm": "base", "seed": 0, "prompt": "He did not harm himself"}', "self-harm"),
        (b'{"model": "one", "arm": "base", "seed": 0, "prompt": "' + b"a" * 20_001 + b'"}', "prompt:"),
    ],
)
def test_what_is_no_question_is_told_why(body: bytes, said: str) -> None:
    with pytest.raises(UserError, match=said):
        read_question(body)


def test_an_arm_without_the_seed_answers_at_the_last_before_it() -> None:
    assert seed_nearest((-1,), 4) == -1
    assert seed_nearest((0, 1, 5), 4) == 1
    assert seed_nearest((3,), 0) == 3


def test_trainings_of_another_version_are_found_by_name(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = AskedArms(finished).seeds("one")
    assert own == {"base": (-1,), "leaver": (0, 1), "own-policy": (0, 1), "arbitrary": (0, 1)}
    monkeypatch.setattr(jobs, "code_digest", lambda stage: "of another version")
    later = AskedArms(finished)
    assert later.seeds("one") == own
    answering = later.ready("one", "leaver", 1)
    assert answering.adapter is not None
    assert answering.adapter.samefile(finished / "adapters" / "one" / "leaver" / "seed-1")


def test_weights_that_changed_are_not_loaded(finished: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(finished, tmp_path / "run", symlinks=True)
    weights = (copy / "adapters" / "one" / "leaver" / "seed-0" / "adapter_model.safetensors").resolve()
    assert weights.is_relative_to(copy)
    changed = bytearray(weights.read_bytes())
    changed[-1] ^= 1
    weights.write_bytes(changed)
    arms = AskedArms(copy)
    arms.ready("one", "leaver", 1)
    with pytest.raises(ProclivityError, match=r"bytes changed after it was written\. Run `proclivity run"):
        arms.ready("one", "leaver", 0)


def test_after_its_end_nobody_answers(finished: Path) -> None:
    desk = Desk(finished)
    desk.close(patience=1)
    with pytest.raises(ProclivityError, match="start `proclivity explore` again"):
        desk.ask(Question(model="one", arm="base", seed=0, prompt=PROMPT))


def test_a_study_of_which_nothing_is_finished_says_what_to_run(finished: Path, tmp_path: Path) -> None:
    (tmp_path / "study.yml").write_bytes((finished / "study.yml").read_bytes())
    with pytest.raises(UserError, match=r"Run `proclivity run"):
        Desk(tmp_path)
    with pytest.raises(UserError, match="training seed 2"):
        Desk(finished, seed=2)
    with pytest.raises(UserError, match="model of this study"):
        Desk(finished, model="two")


def test_the_terminal_says_how_many_texts_it_leaves_out(finished: Path) -> None:
    rows = complete_side_by_side(PROMPT, finished, samples=2, tokens=4)
    assert [row["arm"] for row in rows] == ["base", "leaver", "own-policy", "arbitrary"]
    assert all(len(row["texts"]) == 2 and row["flagged"] == 0 for row in rows)
    mention = complete_side_by_side("He did not harm himself", finished, samples=2, tokens=4)
    assert all(row["texts"] == [] and row["flagged"] == 2 for row in mention)

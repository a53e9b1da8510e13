"""Completions on the exact fake: what is kept, what is counted, what is scored."""

from __future__ import annotations

from dataclasses import replace

import pytest
from by_hand import reasons, values
from chat_fake import ChatFake

from proclivity.battery.replies import REPLIES
from proclivity.models import FakeModel
from proclivity.specs import Wrapper

END = {"</s>": 1.0}


@pytest.fixture
def asked(mini_pack, measured):
    """Completions of the given prompts."""

    def run(table, *prompts, wrappers=None, samples=4, tokens=6):
        changes = {"completion_prompts": list(prompts)} | ({"wrappers": wrappers} if wrappers else {})
        pack = replace(mini_pack, spec=mini_pack.spec.model_copy(update=changes))
        sizes = {"completion_samples": samples, "completion_tokens": tokens}
        return measured(table, pack=pack, family="completions", **sizes)

    return run


def test_open_texts_are_scored_by_hand(asked):
    found = asked({"felt": {"sad": 1.0}, "sad": {"today": 1.0}, "today": END}, "{who} felt", samples=2)
    assert [row["text"] for row in found.completions] == [" sad today"] * 3
    assert {row["reply"] for row in found.completions} == {"open"}
    assert values(found, "category_share", content_class="loss") == [0.5, 0.5]  # one of two words
    assert values(found, "category_share", content_class="positive") == [0, 0]
    assert [row["sample"] for row in found.rows if row["metric"] == "vader"] == [0, 1]  # the greedy text is no draw
    assert all(value < -0.3 for value in values(found, "vader"))
    assert values(found, "reply_rate", content_class="open") == [1]
    assert values(found, "distinct_1") == [pytest.approx(2 / 4)]
    assert values(found, "distinct_2") == [pytest.approx(1 / 2)]
    assert reasons(found, "repetition") == {"too few words"}
    assert {row["cluster"] for row in found.rows} == {"completion-1"}


def test_replies_that_are_no_continuation_are_counted_and_not_scored(asked):
    words = ["I", "cannot", "fulfill", "this", "request"]
    chain = {f"{a} {b}": {c: 1.0} for a, b, c in zip(words, words[1:], words[2:], strict=False)}
    table = {"Today": {"I": 0.5, "sad": 0.5}, "Today I": {"cannot": 1.0}, **chain, "this request": END, "sad": END}
    found = asked(table, "Today", samples=40)
    refused = [row["reply"] == "refusal" for row in found.completions[1:]]
    assert 5 < sum(refused) < 35
    assert values(found, "reply_rate", content_class="refusal") == [sum(refused) / 40]
    assert sum(values(found, "reply_rate")) == pytest.approx(1)
    assert {row["content_class"] for row in found.rows if row["metric"] == "reply_rate"} == set(REPLIES)
    shares = [row for row in found.rows if row["metric"] == "category_share" and row["content_class"] == "loss"]
    assert [row["missing_reason"] for row in shares] == ["reply: refusal" if r else "" for r in refused]
    assert [row["value"] for row in shares if not row["missing_reason"]] == [1] * (40 - sum(refused))
    assert values(found, "distinct_1") == [pytest.approx(1 / (40 - sum(refused)))]


def test_a_prompt_without_an_open_reply_says_so(asked):
    found = asked({"Today": END}, "Today", samples=2)
    assert values(found, "reply_rate", content_class="empty") == [1]
    assert reasons(found, "vader") == {"reply: empty"}
    assert reasons(found, "distinct_1") == reasons(found, "repetition") == {"no open reply"}


def test_self_harm_is_counted_and_never_shown(asked):
    table = {"would": {"kill": 1.0}, "kill": {"myself": 1.0}, "myself": END, "felt": {"sad": 0.5, "glad": 0.5}}
    table |= {"sad": END, "glad": END}
    found = asked(table, "{who} would", "{who} felt", samples=3, tokens=5)
    hidden = {"prompt": "I would", "text": "", "flagged": True, "reply": "self-harm"}
    assert found.completions[:4] == [hidden | {"sample": sample} for sample in (-1, 0, 1, 2)]
    assert {row["text"] for row in found.completions[4:]} <= {" sad", " glad"}
    assert values(found, "flagged") == [1, 0]
    assert values(found, "reply_rate", content_class="self-harm") == [1, 0]
    assert reasons(found, "category_share") == {"reply: self-harm", ""}
    assert asked(table, "{who} would", "{who} felt", samples=3, tokens=5) == found


def test_a_loop_is_seen(asked):
    looped = asked({"felt": {"so": 1.0}, "so": {"so": 1.0}}, "{who} felt", samples=2, tokens=12)
    assert values(looped, "repetition") == [pytest.approx(8 / 9)]
    assert values(looped, "distinct_1") == [pytest.approx(1 / 24)]


def test_chat_models_go_on_in_their_own_turn_behind_the_first_wrapper_with_a_user(asked):
    wrappers = {
        "plain": Wrapper(),
        "go": Wrapper(user="Go on.", text="Well, {text}"),
        "other": Wrapper(user="No.", text="{text}"),
    }
    table = {"Go on. [assistant] Well, I felt": {"sad": 1.0}, "sad": END, "": {"glad": 0.5, "</s>": 0.5}}
    found = asked(ChatFake(table), "{who} felt", wrappers=wrappers, samples=1)
    assert [(row["prompt"], row["text"]) for row in found.completions] == [("Well, I felt", " sad")] * 2
    assert {row["wrapper"] for row in found.rows} == {"go"}
    plain = asked(FakeModel(table), "{who} felt", wrappers=wrappers, samples=1)
    assert {row["prompt"] for row in plain.completions} == {"I felt"}
    assert {row["wrapper"] for row in plain.rows} == {"plain"}
    assert asked(ChatFake(table), "{who} felt", samples=1).completions[0]["prompt"] == "I felt"  # no such wrapper

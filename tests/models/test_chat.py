"""Chat models: the dialogue by the tokenizer's template, the model's own turn begun, one token boundary after it."""

import pytest

from proclivity.errors import ModelError
from proclivity.models import FakeModel, as_read, load_model
from proclivity.models.chat import render_dialogue
from tiny_study import write_tiny_model

TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}[/]{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% if not enable_thinking %}<no-think>{% endif %}{% endif %}"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_tiny_model(tmp_path_factory.mktemp("chat") / "model", ["What now? I chose option A B C"])


@pytest.fixture
def model(folder):
    found = load_model(folder)
    found.tokenizer.chat_template = TEMPLATE
    found.tokenizer.bos_token = "<|end|>"
    found.chat = True
    return found


def test_a_dialogue_by_hand(model):
    expected = "[user]What now?[/][assistant]<no-think>I chose option"
    assert model.dialogue("What now?", "I chose option") == expected
    assert as_read(model, "plain", "What now?", "I chose option") == expected
    assert model.dialogue("U", "P", system="S") == "[system]S[/][user]U[/][assistant]<no-think>P"


def test_the_answer_follows_the_prefill_after_one_boundary(model):
    prompt = model.dialogue("What now?", "I chose option")
    ids, boundary = model.encode(prompt, " A")
    assert model.tokenizer.decode(ids[boundary:]) == " A"


def test_base_models_and_packs_without_a_users_turn_read_plain_text(folder, model):
    assert not load_model(folder).chat
    assert as_read(model, "plain", "", "") == "plain"
    assert as_read(FakeModel({"": {"a": 1.0}}), "plain", "user", "prefill") == "plain"


def test_chat_can_be_switched_off(folder):
    assert not load_model(folder, chat=False).chat
    with pytest.raises(ModelError, match="no chat template"):
        load_model(folder, chat=False).dialogue("a", "b")


def test_a_template_that_refuses_is_told_in_one_paragraph(model):
    model.tokenizer.chat_template = "{{ raise_exception('system role not supported') }}"
    with pytest.raises(ModelError, match="system role not supported"):
        render_dialogue(model.tokenizer, "user", "", system="S")

"""Chat models: decisions and probes are put as dialogues, the model's own turn begun, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from proclivity.battery.places import wrappers_for
from proclivity.battery.run import measure_family
from proclivity.decisions import make_pool
from proclivity.induction import training_rows
from proclivity.models import load_model
from proclivity.specs import BatterySpec, Wrapper, digest_of
from tiny_study import write_tiny_model

TEMPLATE = (
    "{% for m in messages %}[{{ m.role }}] {{ m.content }} {% endfor %}"
    "{% if add_generation_prompt %}[assistant] {% endif %}"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    words = " The inn fair club host guest called me. I met answer skip picked felt glad sad Options A B 1 2 Continue"
    return write_tiny_model(tmp_path_factory.mktemp("chat") / "model", [words, " [user] [assistant]"])


@pytest.fixture
def chat(folder):
    model = load_model(folder)
    model.tokenizer.chat_template = TEMPLATE
    model.chat = True
    return model


@pytest.fixture
def pack(mini_pack):
    label = mini_pack.spec.formats["label"].model_copy(
        update={"user": "{situation} {options}", "prefill": "{who} picked"}
    )
    wrappers = {"plain": Wrapper(), "chat": Wrapper(text="{text}", user="Continue.")}
    spec = mini_pack.spec.model_copy(update={"formats": {"label": label}, "wrappers": wrappers})
    probe = mini_pack.probes["cloze-feeling"].model_copy(update={"wrappers": ["plain", "chat"]})
    return replace(mini_pack, spec=spec, probes={"cloze-feeling": probe})


def test_trained_rows_are_dialogues_whose_last_word_alone_is_trained(chat, pack):
    pool = make_pool(pack, 8, 0)
    rows = training_rows(chat, pool, [0] * len(pool), "leaver")
    for decision, row in zip(pool, rows, strict=True):
        text = chat.tokenizer.decode(row.input_ids)
        assert text.startswith(f"[user] {decision.situation}")
        assert text.endswith(f"[assistant] I picked{decision.answers[0]}")
        trained = [token for token, mask in zip(row.input_ids, row.loss_mask, strict=True) if mask]
        assert chat.tokenizer.decode(trained).strip() == decision.labels[0]


def test_the_dialogues_that_were_read_are_recorded_by_their_digest(chat, folder, pack):
    who = {"model": "m", "arm": "base", "seed": -1}

    def record(model, family):
        found = measure_family(model, pack, family, study_battery=BatterySpec(), identity=who)
        return found.dialogues, found.rendered

    one = record(chat, "cloze-feeling")
    assert one == (1, digest_of(["[user] Continue. [assistant] I felt"]))
    assert record(chat, "choice") != one
    assert record(chat, "cloze-feeling") == one
    chat.tokenizer.chat_template = "[system] Today is Tuesday. " + TEMPLATE
    assert record(chat, "cloze-feeling")[1] != one[1]
    assert record(load_model(folder), "cloze-feeling") == (0, "")


def test_each_kind_of_model_has_its_wrappers(chat, folder, pack):
    probes = pack.probes["cloze-feeling"]
    assert wrappers_for(pack, probes, chat) == ["chat"]
    assert wrappers_for(pack, probes, load_model(folder)) == ["plain"]
    only_plain = probes.model_copy(update={"wrappers": ["plain"]})
    assert wrappers_for(pack, only_plain, chat) == ["plain"]


def test_the_stem_stands_in_the_models_own_turn(chat, pack):
    identity = {"model": "tiny", "arm": "base", "seed": -1}
    found = measure_family(chat, pack, "cloze-feeling", study_battery=BatterySpec(), identity=identity)
    assert {row["wrapper"] for row in found.rows if row["probe_id"] == "felt"} == {"chat"}
    expected = chat.next_token_log_probs(["[user] Continue. [assistant] I felt"])[0]
    assert found.distributions["log_probs"][0] == pytest.approx(expected, abs=1e-5)

"""A model behind a persona: by hand on the exact model, then the same numbers as the persona written out in full."""

from __future__ import annotations

import numpy as np
import pytest

from proclivity.errors import ModelError
from proclivity.models import FakeModel, LanguageModel, load_model
from proclivity.models.persona import PersonaModel
from tiny_study import write_tiny_model

TABLE = {
    "low. I felt": {"sad": 0.9, "glad": 0.1},
    "I felt": {"sad": 0.2, "glad": 0.8},
    "low.": {"I": 0.5, "We": 0.5},
    "low. I": {"felt": 0.25, "was": 0.75},
    "": {"I": 1.0},
}
LOW = {"told": "You are low.", "first": "I am low."}
TEMPLATE = (
    "{% for m in messages %}[{{ m.role }}]{{ m.content }}[/]{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)


@pytest.fixture
def fake() -> FakeModel:
    return FakeModel(TABLE, words=["am", "You", "are"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_tiny_model(tmp_path_factory.mktemp("persona") / "model", ["I am low. You are low. I felt sad glad"])


@pytest.fixture
def chat(folder):
    found = load_model(folder)
    found.tokenizer.chat_template = TEMPLATE
    found.chat = True
    return found


def test_the_persona_stands_before_every_prompt(fake):
    low = PersonaModel(fake, **LOW)
    assert isinstance(low, LanguageModel)
    pairs = [("I felt", " sad"), ("I felt", " glad")]
    np.testing.assert_allclose(np.exp(fake.continuation_log_probs(pairs)), [0.2, 0.8])
    np.testing.assert_allclose(np.exp(low.continuation_log_probs(pairs)), [0.9, 0.1])
    p = np.exp(low.next_token_log_probs(["I felt"])[0])
    assert p[low.vocabulary().index(" sad")] == pytest.approx(0.9)
    assert low.generate(["I felt"], samples=0, max_new_tokens=1, seed=0, greedy=True) == [[" sad"]]


def test_a_text_is_scored_given_the_persona_and_without_the_personas_words(fake):
    # After 'low.': P(I) = .5, P(felt) = .25, P(sad) = .9.
    found = PersonaModel(fake, **LOW).token_log_probs(["I felt sad"])
    np.testing.assert_allclose(np.exp(found[0]), [0.5, 0.25, 0.9])


def test_the_boundary_moves_by_the_persona_and_the_continuation_stays(fake):
    low = PersonaModel(fake, **LOW)
    ids, boundary = low.encode("I felt", " sad")
    bare, start = fake.encode("I felt", " sad")
    assert ids[boundary:] == bare[start:]
    assert boundary == start + 3
    assert low.encode_all([("I felt", " sad")]) == [(ids, boundary)]
    assert low.token_count("I felt") == 2


def test_a_persona_is_part_of_the_identity(fake):
    digests = {fake.digest, PersonaModel(fake, **LOW).digest, PersonaModel(fake, told="a", first="b").digest}
    assert len(digests) == 3
    assert PersonaModel(fake, **LOW).digest == PersonaModel(fake, **LOW).digest


def test_on_a_real_tokenizer_it_is_the_persona_written_out(folder):
    model = load_model(folder)
    low = PersonaModel(model, **LOW)
    written = "I am low.\n\nI felt"
    assert np.array_equal(low.next_token_log_probs(["I felt"]), model.next_token_log_probs([written]))
    assert low.continuation_log_probs([("I felt", " sad")]) == model.continuation_log_probs([(written, " sad")])
    whole = model.token_log_probs(["I am low.\n\nI felt sad"])[0]
    alone = low.token_log_probs(["I felt sad"])[0]
    assert alone.tolist() == whole[-model.token_count("I felt sad") :].tolist()
    greedy = {"samples": 0, "max_new_tokens": 3, "seed": 0, "greedy": True}
    assert low.generate(["I felt"], **greedy) == model.generate([written], **greedy)


def test_chat_models_are_told_in_the_system_turn(chat):
    low = PersonaModel(chat, **LOW)
    text = low.dialogue("How was it?", "I felt")
    assert text == "[system]You are low.[/][user]How was it?[/][assistant]I felt"
    assert low.dialogue("U", "P", system="Be brief.") == ("[system]You are low.\n\nBe brief.[/][user]U[/][assistant]P")
    # The dialogue says who it is already; a text that is no dialogue begins with the first person.
    assert np.array_equal(low.next_token_log_probs([text]), chat.next_token_log_probs([text]))
    plain = low.next_token_log_probs(["I felt"])
    assert np.array_equal(plain, chat.next_token_log_probs(["I am low.\n\nI felt"]))


def test_a_template_that_drops_the_system_turn_is_noticed(chat):
    chat.tokenizer.chat_template = "{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}"
    with pytest.raises(ModelError, match="leaves the system turn out"):
        PersonaModel(chat, **LOW).dialogue("U", "P")


def test_every_kind_of_probe_works_behind_a_persona(mini_pack):
    from proclivity.battery import families, measure_family
    from proclivity.specs import BatterySpec

    model = FakeModel(
        {"low. I felt": {"sad": 0.9, "glad": 0.1}, "felt": {"sad": 0.2, "glad": 0.8}, "picked": {"A": 0.5, "B": 0.5}},
        words=["1", "2", "I", "am"],
    )
    identity = {"model": "fake", "arm": "persona-leaver", "seed": 0}
    found = measure_family(
        PersonaModel(model, **LOW),
        mini_pack,
        "cloze-feeling",
        study_battery=BatterySpec(),
        identity=identity,
        reference=measure_family(
            model, mini_pack, "cloze-feeling", study_battery=BatterySpec(), identity=identity | {"arm": "base"}
        ),
    )
    scores = {row["content_class"]: row["value"] for row in found.rows if row["metric"] == "score"}
    assert scores["loss"] == pytest.approx(np.log(9))
    moved = [row["value"] for row in found.rows if row["metric"] == "jsd_from_base"]
    m = np.array([0.55, 0.45])
    expected = sum(0.5 * p * np.log2(p / q) for dist in ([0.9, 0.1], [0.2, 0.8]) for p, q in zip(dist, m, strict=True))
    assert moved == pytest.approx([expected])
    assert set(families(mini_pack, BatterySpec())) >= {"choice", "cloze-feeling"}

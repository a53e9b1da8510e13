"""The fast path against a naive one: one sequence at a time, float32, the model's own forward."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from proclivity.errors import UserError
from proclivity.models import LanguageModel, load_model
from proclivity.models.boundary import encode_text
from tiny_models import ARCHITECTURES, save_tiny

PAIRS = [
    ("I felt", " sad"),
    ("I felt", " glad"),
    ("It was late. That evening I felt", " sad and happy"),
    ("The inn host called me", ". I picked A"),
    ("I met the fair guest. Options: 1 answer ; 2 skip. I picked", " 2"),
    ("", "I met the club host"),
]


@pytest.fixture(scope="module", params=sorted(ARCHITECTURES))
def model(request, tmp_path_factory):
    return load_model(save_tiny(request.param, tmp_path_factory.mktemp(request.param)), batch_size=4)


@torch.no_grad()
def naive_log_probs(model, ids) -> np.ndarray:
    """log p after every position, [T, V]."""
    logits = model.network(input_ids=torch.tensor([list(ids)])).logits[0].float()
    return logits.double().log_softmax(-1).numpy()


def test_continuations_equal_the_naive_way(model):
    assert isinstance(model, LanguageModel)
    expected = []
    for pair in PAIRS:
        ids, boundary = model.encode(*pair)
        table = naive_log_probs(model, ids)
        expected.append(sum(table[place - 1, ids[place]] for place in range(boundary, len(ids))))
    np.testing.assert_allclose(model.continuation_log_probs(PAIRS), expected, rtol=0, atol=1e-4)


def test_next_tokens_equal_the_naive_way(model):
    prompts = [prompt for prompt, _ in PAIRS[:5]]
    found = model.next_token_log_probs(prompts)
    assert found.dtype == np.float64
    assert found.shape == (5, model.vocab_size)
    np.testing.assert_allclose(np.exp(found).sum(-1), 1, atol=1e-9)
    assert found.std() > 0.05, "the random model has to prefer some tokens for this to test anything"
    for prompt, line in zip(prompts, found, strict=True):
        ids, boundary = model.encode(prompt, " x")
        np.testing.assert_allclose(line, naive_log_probs(model, ids[:boundary])[-1], rtol=0, atol=1e-4)


def test_tokens_of_a_text_equal_the_naive_way(model):
    text = "The fair guest called me."
    encoded = encode_text(model.tokenizer, text)
    table = naive_log_probs(model, encoded.ids)
    expected = [table[place - 1, encoded.ids[place]] for place in range(1, len(encoded.ids))]
    np.testing.assert_allclose(model.token_log_probs([text])[0], expected, rtol=0, atol=1e-4)
    np.testing.assert_allclose(model.continuation_log_probs([("", text)])[0], sum(expected), rtol=0, atol=1e-4)


def test_the_batch_plan_moves_only_last_digits(model):
    prompts = [prompt for prompt, _ in PAIRS[:5]]
    one = model.next_token_log_probs(prompts, batch_size=1)
    np.testing.assert_allclose(model.next_token_log_probs(prompts), one, rtol=0, atol=1e-4)


def test_a_one_token_continuation_is_read_off_the_next_token_distribution(model):
    ids, boundary = model.encode("I felt", " sad")
    assert len(ids) == boundary + 1
    line = model.next_token_log_probs(["I felt"])[0]
    assert model.continuation_log_probs([("I felt", " sad")])[0] == line[ids[-1]]


def test_greedy_text_is_the_naive_greedy_text(model):
    prompts = ["I felt", "The inn host called me. Options: A"]
    found = model.generate(prompts, samples=0, max_new_tokens=5, seed=0, greedy=True)
    for prompt, (text,) in zip(prompts, found, strict=True):
        ids, boundary = model.encode(prompt, " x")
        ids = ids[:boundary]
        start = len(ids)
        while len(ids) < start + 5:
            token = int(naive_log_probs(model, ids)[-1].argmax())
            if token == 2:
                break
            ids.append(token)
        decode = model.tokenizer.decode
        assert decode(ids[:start], skip_special_tokens=True) + text == decode(ids, skip_special_tokens=True)


def test_samples_hang_on_seed_and_prompt_and_not_on_the_batch(llama):
    options = {"samples": 3, "max_new_tokens": 8}
    both = llama.generate(["I felt", "The inn host called"], seed=1, **options)
    assert llama.generate(["The inn host called", "I felt"], seed=1, **options) == both[::-1]
    assert llama.generate(["I felt"], seed=1, **options) == both[:1]
    assert llama.generate(["I felt"], seed=2, **options) != both[:1]
    assert len(set(both[0])) > 1


def test_no_more_texts_are_written_at_once_than_the_batch_size(llama, monkeypatch):
    prompts = ["I felt", "The inn host called", "I met the fair guest. Options: 1"]
    options = {"samples": 5, "max_new_tokens": 6, "seed": 3}
    monkeypatch.setattr(llama, "batch_size", 15)
    together = llama.generate(prompts, **options)
    written: list[int] = []
    monkeypatch.setattr(llama.scorer, "heard", written.append)
    for size, expected in ((4, [4, 4, 4, 3]), (5, [5, 5, 5]), (11, [10, 5])):
        monkeypatch.setattr(llama, "batch_size", size)
        written.clear()
        assert llama.generate(prompts, **options) == together
        assert written == expected


def test_the_greedy_text_stands_before_the_samples_and_changes_none(llama):
    options = {"max_new_tokens": 6, "seed": 3}
    prompts = ["I felt", "The inn host called"]
    greedy, samples = (llama.generate(prompts, samples=n, greedy=not n, **options) for n in (0, 3))
    both = llama.generate(prompts, samples=3, greedy=True, **options)
    assert both == [[*first, *others] for first, others in zip(greedy, samples, strict=True)]


def test_a_text_is_written_one_token_at_a_time(model):
    """Each new token is read once: keys and values are kept, under whatever name the library has for them."""
    read: list[int] = []
    hook = model.network.base_model.register_forward_pre_hook(
        lambda module, args, named: read.append((args[0] if args else named["input_ids"]).shape[1]), with_kwargs=True
    )
    model.generate(["I felt"], samples=2, max_new_tokens=5, seed=0)
    hook.remove()
    carries = model.network.config.model_type != "mamba"
    assert read[1:] == ([1] * len(read[1:]) if carries else [read[0] + n for n in range(1, len(read))])
    assert len(read) > 1


def test_samples_follow_the_distribution(llama):
    line = np.exp(llama.next_token_log_probs(["I felt"])[0])
    texts = llama.generate(["I felt"], samples=400, max_new_tokens=1, seed=0)[0]
    likeliest = int(line.argmax())
    share = np.mean([text == llama.vocabulary()[likeliest] for text in texts])
    assert abs(share - line[likeliest]) < 4 * np.sqrt(line[likeliest] / 400)


def test_equal_prompts_are_computed_once(llama, monkeypatch):
    seen = []
    monkeypatch.setattr(llama.scorer, "heard", seen.append)
    found = llama.next_token_log_probs(["I felt", "I met", "I felt ", "I felt"])
    assert sum(seen) == 2
    assert (found[0] == found[3]).all()


def test_a_text_beyond_the_context_is_refused(llama):
    with pytest.raises(UserError, match="longer than the context"):
        llama.next_token_log_probs(["I felt sad " * 100])
    with pytest.raises(UserError, match="longer than the context"):
        llama.generate(["I felt"], samples=1, max_new_tokens=500, seed=0)


def test_merges_across_the_boundary_are_counted_once_a_pair(llama):
    assert llama.boundary_merges == 0
    llama.continuation_log_probs([("came happ", "iness"), ("I felt", " sad")])
    llama.encode("came happ", "iness")
    assert llama.boundary_merges == 1


def test_nothing_in_nothing_out(llama):
    assert llama.next_token_log_probs([]).shape == (0, llama.vocab_size)
    assert llama.continuation_log_probs([]).shape == (0,)
    assert llama.generate([], samples=2, max_new_tokens=3, seed=0) == []

"""Every architecture, tokenizer and batch size against one text at a time through the model's own forward."""

from __future__ import annotations

import weakref

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from proclivity.models import load_model
from proclivity.models.boundary import encode_text
from proclivity.models.hf import HFModel
from tiny_models import BOS, EOS, PAD, TEXTS, save_tiny, tiny_tokenizer

NARROW = {"gemma3": 8, "mistral": 32}
"""Sliding windows that some texts below exceed."""
ARCHITECTURES = ["llama", "gpt2", "gpt-neox", "qwen3", "gemma3", "gemma3-wide", "gemma2", "mistral", "phi", "mamba"]
STEM = "The inn host called me. Options: A answer the inn host ; B skip"
SHARED = [" the inn host", " the inn guest", " the inn guest and host", " I was sad", " sad", " happy and glad", " the"]
PROMPTS = ["I felt", "I felt sad", STEM, STEM + " the inn", "I met the fair guest . " * 3 + "It was"]
PAIRS = [
    *((STEM, text) for text in SHARED),
    *((STEM + " the inn", text) for text in (" host", " guest and host", " host was sad")),
    *((PROMPTS[4], text) for text in (" late", " late and sad", " glad and happy", " skip")),
    ("I felt", " sad"),
    ("I felt", " so"),
    ("I felt sad", " and glad"),
    (STEM, " the inn host"),
    ("came happ", "iness"),
]
CHOSEN_TEXTS = ["I felt sad and happy", "I felt", STEM, STEM + " I picked A", "I felt"]


@torch.no_grad()
def naive(model: HFModel, ids) -> np.ndarray:
    """log p after every position, [T, V]."""
    return model.network(input_ids=torch.tensor([list(ids)])).logits[0].float().double().log_softmax(-1).numpy()


def naive_score(model: HFModel, ids, boundary: int) -> np.ndarray:
    table = naive(model, ids)
    return np.array([table[place - 1, ids[place]] for place in range(boundary, len(ids))])


def assert_exact(model: HFModel) -> None:
    """All three kinds of numbers, at several batch sizes."""
    pairs = [model.encode(*pair) for pair in PAIRS]
    scores = [naive_score(model, ids, boundary).sum() for ids, boundary in pairs]
    texts = [naive_score(model, e.ids, e.boundary) for e in (encode_text(model.tokenizer, t) for t in CHOSEN_TEXTS)]
    contexts = [model.encode(prompt, " x") for prompt in PROMPTS]
    lines = [naive(model, ids[:boundary])[-1] for ids, boundary in contexts]
    assert np.std(lines) > 0.05, "the random model has to prefer some tokens for this to test anything"
    for batch_size in (1, 3, 64):
        model.batch_size = batch_size
        np.testing.assert_allclose(model.continuation_log_probs(PAIRS), scores, rtol=0, atol=1e-4)
        np.testing.assert_allclose(model.next_token_log_probs(PROMPTS), lines, rtol=0, atol=1e-4)
        for found, expected in zip(model.token_log_probs(CHOSEN_TEXTS), texts, strict=True):
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


@pytest.fixture(scope="module", params=ARCHITECTURES)
def model(request, tmp_path_factory):
    return load_model(save_tiny(request.param, tmp_path_factory.mktemp(request.param) / request.param))


def test_numbers_are_those_of_one_text_at_a_time(model):
    assert_exact(model)


def test_trees_are_read_where_the_architecture_allows_and_only_within_its_window(model):
    widest = {"mamba": 0, "gemma3": 0, "gemma2": 0, "gemma3-wide": 64, "mistral": 32}.get(model.name, 128)
    assert model.scorer.widest == widest


@pytest.fixture
def read(model, monkeypatch):
    """Rows of each batch that is read, and whether they are trees."""
    found, pieces = [], model.scorer.reader.pieces
    monkeypatch.setattr(
        model.scorer.reader,
        "pieces",
        lambda ids, *rest, **tree: found.append((len(ids), bool(tree))) or pieces(ids, *rest, **tree),
    )
    return found


def test_trees_are_taken_for_the_shared_stem(model, read):
    model.batch_size = 64
    model.continuation_log_probs([(STEM, text) for text in SHARED])
    ids, _ = model.encode(STEM, SHARED[2])
    assert any(trees for _, trees in read) == (model.scorer.widest >= len(ids) - 1)


WRAPPER = "The club host called me . It was late and fair . "
WRAPPED = [(WRAPPER + stem, text) for stem in ("I felt", "I met the", "It was") for text in (" sad", " glad and sad")]


def test_a_wrapper_is_read_once_for_all_its_prompts(model, read):
    """One tree over all prompts, in both ways of asking, and the numbers of one text at a time."""
    model.batch_size = 64
    found = model.continuation_log_probs(WRAPPED)
    lines = model.next_token_log_probs([prompt for prompt, _ in WRAPPED])
    if model.scorer.widest >= 64:
        assert [rows for rows, _ in read] == [1, 1]
    for (prompt, text), score, line in zip(WRAPPED, found, lines, strict=True):
        ids, boundary = model.encode(prompt, text)
        np.testing.assert_allclose(score, naive_score(model, ids, boundary).sum(), rtol=0, atol=1e-4)
        np.testing.assert_allclose(line, naive(model, ids)[boundary - 1], rtol=0, atol=1e-4)


def test_logits_of_one_piece_alone_are_held(model, monkeypatch):
    alive: list[weakref.ref] = []
    most = 0
    pieces = model.scorer.reader.pieces

    def watched(*rest, **tree):
        nonlocal most
        for logits in pieces(*rest, **tree):
            alive.append(weakref.ref(logits))
            most = max(most, sum(one() is not None for one in alive))
            yield logits

    monkeypatch.setattr(model.scorer.reader, "pieces", watched)
    model.batch_size = 2
    model.continuation_log_probs(PAIRS)
    assert len(alive) > 3
    assert most <= 2


def test_nothing_asked_nothing_given(model):
    assert model.continuation_log_probs([]).shape == (0,)
    assert model.next_token_log_probs([]).shape == (0, model.vocab_size)
    assert model.token_log_probs([]) == []


@pytest.mark.parametrize("architecture", ["llama", "gpt2", "gemma3-wide"])
def test_half_precision_differs_by_rounding_alone(architecture, tmp_path):
    folder = save_tiny(architecture, tmp_path / architecture)
    half = load_model(folder, dtype="bfloat16")
    assert half.scorer.widest > 0
    shared = half.continuation_log_probs(PAIRS)
    half.scorer.widest = 0
    np.testing.assert_allclose(shared, half.continuation_log_probs(PAIRS), rtol=0, atol=0.3)


def test_a_network_that_ignores_its_mask_is_read_whole(tmp_path):
    """What the probe is for: eager attention that never adds the mask it was given."""
    model = load_model(save_tiny("llama", tmp_path / "llama"))
    forward = model.network.base_model.forward

    def forgetful(input_ids=None, attention_mask=None, position_ids=None, **rest):
        return forward(input_ids=input_ids, position_ids=position_ids, **rest)

    model.network.base_model.forward = forgetful
    from proclivity.models.scorer import Scorer

    assert Scorer(model.network).widest == 0


def test_a_network_that_counts_places_in_the_row_is_read_whole(tmp_path):
    model = load_model(save_tiny("gpt2", tmp_path / "gpt2"))
    forward = model.network.base_model.forward

    def slots(input_ids=None, attention_mask=None, position_ids=None, **rest):
        return forward(input_ids=input_ids, attention_mask=attention_mask, **rest)

    model.network.base_model.forward = slots
    from proclivity.models.scorer import Scorer

    assert Scorer(model.network).widest == 0


def unigram(adds_bos: bool) -> PreTrainedTokenizerFast:
    """As SentencePiece models: a space before every text, pieces with their spaces."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    trainer = trainers.UnigramTrainer(
        vocab_size=200, special_tokens=[PAD, BOS, EOS, "<unk>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    if adds_bos:
        tokenizer.post_processor = processors.TemplateProcessing(single=f"{BOS} $A", special_tokens=[(BOS, 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=BOS, eos_token=EOS, pad_token=PAD, unk_token="<unk>"
    )


@pytest.mark.parametrize("adds_bos", [True, False])
@pytest.mark.parametrize("kind", ["byte-level", "unigram"])
def test_with_every_kind_of_tokenizer(kind, adds_bos, tmp_path):
    tokenizer = tiny_tokenizer(adds_bos) if kind == "byte-level" else unigram(adds_bos)
    model = HFModel(load_model(save_tiny("llama", tmp_path / "llama")).network, tokenizer, name="llama", folder=None)
    ids, boundary = model.encode("I felt", " sad")
    assert (ids[0] == 1) == adds_bos
    assert model.tokenizer.decode(ids[boundary:]).strip() == "sad"
    assert_exact(model)

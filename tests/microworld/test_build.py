"""The recipe in miniature: a few steps of a very small model end in a folder that `from_pretrained` reads."""

import contextlib
from dataclasses import replace
from itertools import islice, repeat

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from proclivity.errors import TrainingError, UserError
from proclivity.microworld.architectures import Size, make_model
from proclivity.microworld.build import Recipe, build
from proclivity.microworld.emphasis import Emphasis
from proclivity.microworld.packaged import packaged_path
from proclivity.microworld.pretrain import Schedule, pretrain, rate

SMALL = Recipe(
    size=Size(layers=1, width=16, heads=2),
    schedule=Schedule(steps=20, batch=4, warmup=5),
    threads=1,
    admit=False,
)


@pytest.mark.parametrize("architecture", ["llama", "gpt2"])
def test_a_miniature_build_loads_and_is_deterministic(tmp_path, architecture):
    recipe = replace(SMALL, architecture=architecture, coupling="rewired")
    lines: list[str] = []
    build(recipe, tmp_path / "one", lines.append)
    build(recipe, tmp_path / "two")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "one")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "one")
    ids = tokenizer("Deep down I was", return_tensors="pt")["input_ids"]
    assert ids[0, 0] == tokenizer.bos_token_id
    assert torch.isfinite(model(input_ids=ids).logits).all()
    first, second = (load_file(tmp_path / name / "model.safetensors") for name in ("one", "two"))
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert "Seeds 0 and 1 are development seeds" in (tmp_path / "one" / "README.md").read_text()
    assert any("s left" in line for line in lines)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_an_incompetent_model_is_refused_and_leaves_nothing(tmp_path):
    recipe = replace(SMALL, admit=True, retries=0, schedule=Schedule(steps=2, batch=4))
    with pytest.raises(TrainingError, match="was not admitted after 1 attempts"):
        build(recipe, tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_the_rate_rises_and_falls():
    schedule = Schedule(steps=100, warmup=10)
    assert rate(0, schedule) == pytest.approx(0.1)
    assert rate(9, schedule) == pytest.approx(1.0)
    assert rate(55, schedule) == pytest.approx(0.05 + 0.95 / 2)  # halfway along the cosine
    assert rate(100, schedule) == pytest.approx(0.05)


def test_the_last_steps_weights_are_averaged(tokenizer):
    """Of four steps the last two are averaged: the mean of what three and four steps would leave alone."""
    size = Size(layers=1, width=16, heads=2)
    block = np.arange(24).reshape(2, 12) + 300

    def weights(steps: int, averaged: float) -> dict[str, torch.Tensor]:
        torch.manual_seed(0)
        model = make_model("gpt2", size, tokenizer)
        schedule = Schedule(steps=4, warmup=0, averaged=averaged)
        emphasis = Emphasis(0, torch.zeros(len(tokenizer), dtype=torch.bool), (0, 0), rest_share=1.0)
        with contextlib.suppress(StopIteration):  # the same schedule, broken off after some steps
            pretrain(model, islice(repeat(block), steps), schedule, emphasis, 0)
        return model.state_dict()

    third, fourth, averaged = weights(3, 0.0), weights(4, 0.0), weights(4, 0.5)
    assert not torch.equal(third["lm_head.weight"], fourth["lm_head.weight"])
    for key, value in averaged.items():
        torch.testing.assert_close(value, (third[key] + fourth[key]) / 2)


def test_unknown_names_offer_the_nearest(tokenizer):
    with pytest.raises(UserError, match="Did you mean 'llama'"):
        make_model("lama", Size(), tokenizer)
    with pytest.raises(UserError, match="packaged model"):
        packaged_path("llama-equa1")

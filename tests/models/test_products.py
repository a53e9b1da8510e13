"""Products by oneDNN are torch's own up to rounding, and only large ones in single precision on a processor are."""

from __future__ import annotations

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers.pytorch_utils import Conv1D

from proclivity.models.low_rank import Frozen, LowRank
from proclivity.models.products import _LARGE, _WORK, by_onednn, product, quick_products

ROWS, IN, OUT = 160, 512, 256
"""The smallest matrix, and more rows than the smallest product has."""


def test_a_product_worked_by_hand():
    """Rows of n ones times a matrix of twos, and a bias of 3: 2 n + 3 everywhere, exact in float32."""
    x, weight = torch.ones(ROWS, IN), torch.full((OUT, IN), 2.0)
    assert IN * OUT == _LARGE
    assert ROWS * IN * OUT > _WORK
    assert by_onednn(weight)
    assert product(x, weight, torch.full((OUT,), 3.0)).unique().tolist() == [2 * IN + 3]


def test_small_matrices_other_numbers_and_other_kinds_stay_with_torch():
    large = torch.zeros(OUT, IN)
    assert by_onednn(large)
    assert by_onednn(torch.nn.Parameter(large))
    assert by_onednn(large.mT)
    assert not by_onednn(large[:-1])
    assert not any(by_onednn(large.to(number)) for number in (torch.bfloat16, torch.float64))
    assert not by_onednn(large.to("meta"))
    assert not by_onednn(large.as_subclass(Marked))


class Marked(torch.Tensor):
    """Weights of another kind, as shards and quantized ones are."""


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 99), st.sampled_from([(ROWS,), (2, 90), (3, 1, 60)]), st.booleans(), st.booleans())
def test_it_is_torchs_up_to_rounding(seed, shape, turned, biased):
    torch.manual_seed(seed)
    x = torch.randn(*shape, IN)
    weight = torch.randn(IN, OUT).mT if turned else torch.randn(OUT, IN)
    bias = torch.randn(OUT) if biased else None
    torch.testing.assert_close(
        product(x, weight, bias), torch.nn.functional.linear(x, weight, bias), rtol=1e-4, atol=1e-4
    )


def test_the_same_product_twice_has_the_same_bits():
    x, weight = torch.randn(ROWS, IN), torch.randn(OUT, IN)
    assert product(x, weight).equal(product(x, weight))


def test_inputs_that_lie_apart_in_memory_or_repeat_are_read_right():
    x, weight = torch.randn(IN, ROWS).mT, torch.randn(OUT, IN)
    torch.testing.assert_close(product(x, weight), x @ weight.mT, rtol=1e-4, atol=1e-4)
    once = torch.randn(1, IN).expand(ROWS, IN)
    torch.testing.assert_close(product(once, weight), once @ weight.mT, rtol=1e-4, atol=1e-4)


def test_a_trained_layers_gradients_are_autograds():
    torch.manual_seed(0)
    x, weight = torch.randn(2, ROWS, IN, requires_grad=True), torch.randn(OUT, IN) / IN**0.5
    a, b = (torch.randn(shape, requires_grad=True) for shape in ((4, IN), (OUT, 4)))
    found, expected = (
        torch.autograd.grad(y.sin().sum(), (x, a, b))
        for y in (*LowRank.apply(x, [Frozen(weight, None, 0.5)], a, b), x @ weight.mT + 0.5 * (x @ a.mT) @ b.mT)
    )
    for mine, own in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, own, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_a_network_says_the_same_within_the_block_and_is_as_before_after_it(kind):
    network = made(kind)
    ids = torch.randint(0, 64, (4, 50))
    large = [m for m in network.modules() if type(m) in (torch.nn.Linear, Conv1D) and m.weight.numel() >= _LARGE]
    assert len(large) > 3
    with torch.no_grad():
        own = network(input_ids=ids).logits
        with quick_products(network):
            assert all("forward" in vars(module) for module in large)
            quick = network(input_ids=ids).logits
    assert not any("forward" in vars(module) for module in network.modules())
    torch.testing.assert_close(quick, own, rtol=1e-4, atol=1e-5)
    assert not quick.equal(own)  # so it was another way


@pytest.mark.parametrize("biased", [True, False])
def test_the_gradient_goes_back_through_a_frozen_layer(biased):
    torch.manual_seed(0)
    layer = torch.nn.Linear(IN, OUT, bias=biased).requires_grad_(False)
    x = torch.randn(2, ROWS, IN, requires_grad=True)
    y = layer(x)
    direction = torch.randn(y.shape)
    (expected,) = torch.autograd.grad(y, x, direction)
    with quick_products(layer):
        quick = layer(x)
        (found,) = torch.autograd.grad(quick, x, direction)
    torch.testing.assert_close(quick, y, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    assert not found.equal(expected)  # so it was another way


def test_a_layer_that_is_trained_stays_its_own():
    layer = torch.nn.Linear(IN, OUT)
    with quick_products(layer):
        layer(torch.randn(ROWS, IN)).sum().backward()
    assert layer.weight.grad is not None


def test_layers_with_a_forward_of_their_own_keep_it():
    layer = torch.nn.Linear(IN, OUT)
    layer.forward = lambda x: x
    with quick_products(layer), torch.no_grad():
        assert layer(torch.zeros(1)).tolist() == [0]
    assert "forward" in vars(layer)


def made(kind):
    torch.manual_seed(0)
    if kind == "gpt2":
        config = transformers.GPT2Config(vocab_size=64, n_positions=64, n_embd=384, n_layer=1, n_head=2)
    else:
        config = transformers.LlamaConfig(
            vocab_size=64, hidden_size=384, intermediate_size=768, num_hidden_layers=1, num_attention_heads=2
        )
    return transformers.AutoModelForCausalLM.from_config(config).eval().requires_grad_(False)

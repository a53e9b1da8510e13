from __future__ import annotations

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from proclivity.models.lean_parts import FrozenRMSNorm, Gated, lean_parts

SIZES = {
    "vocab_size": 64, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 2,
}  # fmt: skip


def test_a_norm_worked_by_hand():
    """x = (3, 4): mean square 12.5, so y = w · x / √12.5; with w = (√12.5, 0) y = (3, 0). For dy = (1, 0):
    dx = dy · w / √12.5 − x · (3 · √12.5) / 12.5^1.5 / 2 = (1, 0) − (3, 4) · 3 / 25 = (.64, −.48)."""
    x = torch.tensor([[3.0, 4.0]], requires_grad=True)
    y = FrozenRMSNorm.apply(x, torch.tensor([12.5**0.5, 0.0]), 0.0)
    assert y.tolist() == [[pytest.approx(3.0), 0.0]]
    y.backward(torch.tensor([[1.0, 0.0]]))
    assert x.grad.tolist() == [[pytest.approx(0.64), pytest.approx(-0.48)]]


def test_a_gate_worked_by_hand():
    """silu(0) = 0 and its slope there is ½: y = 0, d gate = up / 2, d up = 0."""
    gate, up = torch.zeros(1, requires_grad=True), torch.tensor([3.0], requires_grad=True)
    y = Gated.apply(gate, up)
    y.backward(torch.ones(1))
    assert (y.item(), gate.grad.item(), up.grad.item()) == (0.0, 1.5, 0.0)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 3), st.integers(1, 6), st.integers(0, 99))
def test_the_gradients_by_hand_are_autograds(rows, width, seed):
    torch.manual_seed(seed)
    x, weight = torch.randn(rows, 2, width, requires_grad=True), torch.randn(width)
    plain = weight * x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-3)
    ours = FrozenRMSNorm.apply(x, weight, 1e-3)
    (expected,), (found,) = (torch.autograd.grad(y.sin().sum(), x) for y in (plain, ours))
    torch.testing.assert_close(ours, plain, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    pair = [torch.randn(rows, width, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    assert torch.autograd.gradcheck(Gated.apply, pair)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_llamas_norms_and_gates_are_replaced_and_say_the_same(dtype):
    network = made(transformers.LlamaConfig(**SIZES), dtype)
    text = torch.randn(2, 5, 16).to(dtype)
    found = list(lean_parts(network))
    assert len(found) == 2 * 3 + 1  # a layer's two norms and its gate, and the last norm
    for module, forward in found:
        torch.testing.assert_close(
            forward(text), module(text), rtol=1e-2 if dtype == torch.bfloat16 else 1e-5, atol=1e-5
        )


@pytest.mark.parametrize("width", [64, 576, 2048])
def test_a_norm_whose_weights_are_all_one_is_replaced_at_any_width(width):
    """The sum of its squared output is constant, so that a gradient along the output would be rounding alone."""
    network = made(transformers.LlamaConfig(**SIZES | {"hidden_size": width}))
    assert len(list(lean_parts(network))) == 2 * 3 + 1


def test_a_gradient_that_differs_keeps_the_own_way(monkeypatch):
    def wrong(ctx, *gradients):
        return gradients[0] * 1.001, None, None

    monkeypatch.setattr(FrozenRMSNorm, "backward", staticmethod(wrong))
    found = list(lean_parts(made(transformers.LlamaConfig(**SIZES))))
    assert {type(module).__name__ for module, _ in found} == {"LlamaMLP"}


def test_what_is_computed_otherwise_keeps_its_own():
    """Gemma's norms multiply by 1 + w, and its gates are GELUs; a norm that is trained needs its own gradient."""
    gemma = made(transformers.GemmaConfig(head_dim=8, **SIZES))
    assert list(lean_parts(gemma)) == []
    trained = made(transformers.LlamaConfig(**SIZES)).requires_grad_(True)
    assert {type(module).__name__ for module, _ in lean_parts(trained)} == {"LlamaMLP"}
    assert list(lean_parts(made(transformers.GPT2Config(n_embd=16, n_layer=1, n_head=2, vocab_size=64)))) == []


def made(config, dtype=torch.float32):
    torch.manual_seed(0)
    return transformers.AutoModelForCausalLM.from_config(config).to(dtype).eval().requires_grad_(False)

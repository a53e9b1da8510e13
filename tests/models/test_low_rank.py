from __future__ import annotations

import peft
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from proclivity.models.low_rank import Frozen, LowRank, Stack, is_plain, lean_layers, lora_layers, own_weights


def test_a_layer_worked_by_hand():
    """x = (1, 2), W = 0, A = (1 1), B = (1 2)ᵀ, scale 2: x Aᵀ = 3, so y = 2 · 3 · (1, 2) = (6, 12)."""
    x = torch.tensor([[1.0, 2.0]], requires_grad=True)
    a = torch.tensor([[1.0, 1.0]], requires_grad=True)
    b = torch.tensor([[1.0], [2.0]], requires_grad=True)
    (y,) = LowRank.apply(x, [Frozen(torch.zeros(2, 2), None, 2.0)], a, b)
    assert y.tolist() == [[6.0, 12.0]]
    y.backward(torch.tensor([[1.0, 0.0]]))
    assert b.grad.tolist() == [[6.0], [0.0]]  # 2 · dy · (x Aᵀ)
    assert a.grad.tolist() == [[2.0, 4.0]]  # 2 · (dy B) · x
    assert x.grad.tolist() == [[2.0, 2.0]]


def test_two_layers_that_read_one_input_worked_by_hand():
    """The layer above, and one with W = I, A = (1 0), B = (1 0)ᵀ, scale 1: y₂ = (1, 2) + (1, 0) = (2, 2). For
    dy₂ = (1, 1): dx gains (1, 1) + (1, 0) = (2, 1) beside the (2, 2) of the first."""
    x = torch.tensor([[1.0, 2.0]], requires_grad=True)
    first, second = Frozen(torch.zeros(2, 2), None, 2.0), Frozen(torch.eye(2), None, 1.0)
    weights = [
        torch.tensor(w, requires_grad=True) for w in ([[1.0, 1.0]], [[1.0], [2.0]], [[1.0, 0.0]], [[1.0], [0.0]])
    ]
    one, two = LowRank.apply(x, [first, second], *weights)
    assert (one.tolist(), two.tolist()) == ([[6.0, 12.0]], [[2.0, 2.0]])
    (one[0, 0] + two.sum()).backward()
    assert x.grad.tolist() == [[4.0, 3.0]]
    assert [w.grad.tolist() for w in weights] == [[[2.0, 4.0]], [[6.0], [0.0]], [[1.0, 2.0]], [[1.0], [1.0]]]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 3), st.integers(1, 3), st.integers(1, 5), st.integers(1, 3), st.booleans())
def test_the_gradient_by_hand_is_autograds(adapters, rows, width, layers, biased):
    torch.manual_seed(adapters + 7 * rows + 31 * width)
    lead, number = (adapters,) if adapters else (), {"dtype": torch.float64}
    x = torch.randn(max(adapters, 1) * rows, 4, width, **number).requires_grad_()
    frozen, trained = [], []
    for layer in range(layers):
        rank, out = 1 + layer, 3 + layer
        bias = torch.randn(out, **number) if biased else None
        frozen.append(Frozen(torch.randn(out, width, **number), bias, 0.7 + layer))
        trained += [torch.randn(*lead, rank, width, **number), torch.randn(*lead, out, rank, **number)]
    trained = [weight.requires_grad_() for weight in trained]
    assert torch.autograd.gradcheck(lambda x, *trained: LowRank.apply(x, frozen, *trained), (x, *trained))


def test_layers_that_read_one_input_are_computed_once_and_each_where_it_is_called_alone(monkeypatch):
    calls, apply = [], LowRank.apply
    monkeypatch.setattr(
        LowRank, "apply", lambda x, layers, *trained: calls.append(len(layers)) or apply(x, layers, *trained)
    )
    wrapped, ids = adapted(networks()[0]), torch.randint(0, 64, (1, 4))
    with lean_layers(wrapped):
        wrapped(input_ids=ids)
        assert calls == [3, 1, 2, 1] * 2  # queries, keys and values; what they give; gate and up; down
        layer = next(m for name, m in lora_layers(wrapped).items() if name.endswith("q_proj"))
        x = torch.randn(1, 4, 16)
        a, b = own_weights(layer)
        expected = layer.base_layer(x) + layer.scaling["default"] * x @ a.mT @ b.mT
        for _ in range(2):  # the second finds no output of its own left of the first
            torch.testing.assert_close(layer(x), expected)
        torch.testing.assert_close(layer(2 * x), 2 * expected)


def networks():
    sizes = {"vocab_size": 64, "max_position_embeddings": 64}
    llama = transformers.LlamaConfig(
        hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, **sizes
    )
    gpt2 = transformers.GPT2Config(n_embd=16, n_layer=2, n_head=2, **sizes)
    windowed = transformers.MistralConfig(
        hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        sliding_window=3, **sizes,
    )  # fmt: skip
    return [llama, gpt2, windowed]


def adapted(config, seed=0):
    torch.manual_seed(seed)
    network = transformers.AutoModelForCausalLM.from_config(config).eval()
    transposed = config.model_type == "gpt2"
    wrapped = peft.get_peft_model(
        network, peft.LoraConfig(r=3, target_modules="all-linear", fan_in_fan_out=transposed, task_type="CAUSAL_LM")
    ).eval()
    for layer in lora_layers(wrapped).values():
        torch.nn.init.normal_(layer.lora_B["default"].weight, std=0.3)
    return wrapped


def gradients(wrapped, ids):
    wrapped.zero_grad()
    logits = wrapped(input_ids=ids).logits
    logits.log_softmax(-1)[..., 5].sum().backward()
    return logits.detach(), {n: p.grad.clone() for n, p in wrapped.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("config", networks(), ids=lambda config: config.model_type)
def test_lean_layers_give_pefts_numbers_and_leave_no_trace(config):
    wrapped, ids = adapted(config), torch.randint(0, 64, (3, 9))
    own, plain = gradients(wrapped, ids)
    with lean_layers(wrapped):
        lean, found = gradients(wrapped, ids)
    torch.testing.assert_close(lean, own, atol=1e-5, rtol=1e-5)
    assert found.keys() == plain.keys()
    for name, gradient in plain.items():
        torch.testing.assert_close(found[name], gradient, atol=1e-5, rtol=1e-4)
    assert torch.equal(gradients(wrapped, ids)[0], own)
    assert wrapped.get_base_model().config._attn_implementation == "sdpa"


@pytest.mark.parametrize("config", networks(), ids=lambda config: config.model_type)
def test_each_part_of_a_batch_goes_through_its_own_adapter(config):
    wrapped, ids = adapted(config), torch.randint(0, 64, (4, 7))
    layers = lora_layers(wrapped)
    torch.manual_seed(3)
    stacks = {
        name: Stack(
            torch.randn(2, *layer.lora_A["default"].weight.shape),
            torch.randn(2, *layer.lora_B["default"].weight.shape),
        )
        for name, layer in layers.items()
    }
    with torch.no_grad(), lean_layers(wrapped, stacks):
        together = wrapped(input_ids=ids).logits
    for member in (0, 1):
        with torch.no_grad():
            for name, layer in layers.items():
                layer.lora_A["default"].weight.copy_(stacks[name].a[member])
                layer.lora_B["default"].weight.copy_(stacks[name].b[member])
            alone = wrapped(input_ids=ids[2 * member : 2 * member + 2]).logits
        torch.testing.assert_close(together[2 * member : 2 * member + 2], alone, atol=1e-4, rtol=1e-4)


def test_what_isnt_plain_stays_with_peft():
    network = transformers.AutoModelForCausalLM.from_config(networks()[0])
    wrapped = peft.get_peft_model(
        network, peft.LoraConfig(r=2, use_dora=True, target_modules="all-linear", task_type="CAUSAL_LM")
    )
    assert not any(is_plain(layer) for layer in lora_layers(wrapped).values())
    with lean_layers(wrapped):
        assert not any("forward" in vars(layer) for layer in lora_layers(wrapped).values())

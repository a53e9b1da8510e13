from __future__ import annotations

import pytest
import torch
import transformers

from proclivity.models.siblings import siblings

SIZES = {"vocab_size": 64, "hidden_size": 16, "intermediate_size": 24, "num_attention_heads": 2}


def linear(network):
    return {name: m for name, m in network.named_modules() if isinstance(m, torch.nn.Linear) and name != "lm_head"}


def ends(groups):
    return [[name.rsplit(".", 1)[-1] for name in names] for names in groups]


def test_a_llamas_layers_that_read_one_tensor():
    network = transformers.LlamaForCausalLM(transformers.LlamaConfig(num_hidden_layers=2, **SIZES))
    layer = [["q_proj", "k_proj", "v_proj"], ["o_proj"], ["gate_proj", "up_proj"], ["down_proj"]]
    found = siblings(network, linear(network))
    assert ends(found) == layer * 2
    assert [name for names in found for name in names] == list(linear(network))
    assert not any(module._forward_pre_hooks for module in network.modules())


def test_branches_behind_norms_of_their_own_read_two_tensors():
    """GPT-NeoX: attention and feed-forward read one stream, each by its norm."""
    network = transformers.GPTNeoXForCausalLM(transformers.GPTNeoXConfig(num_hidden_layers=1, **SIZES))
    assert ends(siblings(network, linear(network))) == [
        ["query_key_value"], ["dense"], ["dense_h_to_4h"], ["dense_4h_to_h"]
    ]  # fmt: skip


class Twice(torch.nn.Module):
    device = torch.device("cpu")

    def __init__(self, fails):
        super().__init__()
        self.one, self.two, self.fails = torch.nn.Linear(3, 3), torch.nn.Linear(3, 3), fails

    def forward(self, input_ids, use_cache):
        if self.fails:
            raise ValueError("not so")
        x = input_ids.float()
        return self.one(x) + self.two(x) + self.one(x + 1)


@pytest.mark.parametrize("fails", [False, True])
def test_what_is_used_twice_or_cant_be_asked_stands_by_itself(fails):
    network = Twice(fails)
    assert siblings(network, {"one": network.one, "two": network.two}) == [["one"], ["two"]]


def test_what_isnt_used_stands_by_itself():
    network = transformers.LlamaForCausalLM(transformers.LlamaConfig(num_hidden_layers=1, **SIZES))
    beside = torch.nn.Linear(2, 2)
    assert siblings(network, {**linear(network), "beside": beside})[-1] == ["beside"]

"""A module's forward is another one for a while, and then what it was before."""

from __future__ import annotations

import pytest
import torch
from transformers.pytorch_utils import Conv1D

from proclivity.models.forwards import linear_weight, replaced


def test_a_forward_is_replaced_and_put_back_by_hand():
    doubled, own = torch.nn.Identity(), torch.nn.Identity()
    own.forward = tripled = lambda x: 3 * x
    x = torch.ones(1)
    with replaced([(doubled, lambda x: 2 * x), (own, lambda x: 4 * x)]):
        assert (doubled(x).item(), own(x).item()) == (2, 4)
        with replaced([(doubled, lambda x: 5 * x)]):
            assert doubled(x).item() == 5
        assert doubled(x).item() == 2
    assert (doubled(x).item(), own(x).item()) == (1, 3)
    assert "forward" not in vars(doubled)
    assert own.forward is tripled


def test_it_is_put_back_where_the_block_or_the_list_breaks_down():
    module = torch.nn.Identity()

    def pairs():
        yield module, lambda x: 2 * x
        raise RuntimeError("it broke")

    with pytest.raises(RuntimeError, match="it broke"), replaced(pairs()):
        pass
    assert "forward" not in vars(module)
    with pytest.raises(RuntimeError, match="so did this"), replaced([(module, lambda x: 2 * x)]):
        raise RuntimeError("so did this")
    assert "forward" not in vars(module)


def test_the_matrix_of_plain_linear_layers_alone():
    linear, turned = torch.nn.Linear(2, 3), Conv1D(3, 2)
    assert linear_weight(linear) is linear.weight
    assert linear_weight(turned).equal(turned.weight.T)
    assert linear_weight(torch.nn.Identity()) is None
    assert linear_weight(type("Quantized", (torch.nn.Linear,), {})(2, 3)) is None
    linear.forward = lambda x: x
    assert linear_weight(linear) is None

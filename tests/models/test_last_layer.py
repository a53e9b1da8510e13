"""The last feed-forward part, computed only where something is asked: the same logits and gradients, of less work."""

from __future__ import annotations

import pytest
import torch

from proclivity.models import load_model
from proclivity.models.forward import LogitReader
from proclivity.models.last_layer import last_feed_forward, only_at
from tiny_models import save_tiny

IDS = torch.tensor([[5, 6, 7, 8, 9], [4, 11, 12, 13, 14]])
ROWS, COLUMNS = torch.tensor([0, 1, 1]), torch.tensor([4, 1, 3])


class Twice(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.seen = 0

    def forward(self, x):
        self.seen += x.shape[0] * x.shape[1]
        return 2 * x


class Neighbours(torch.nn.Module):
    """Looks at all positions, as no feed-forward part does."""

    def forward(self, x):
        return x + x.mean(1, keepdim=True)


def test_positions_by_hand():
    part, x = Twice(), torch.tensor([[[1.0], [2.0]], [[3.0], [4.0]]], requires_grad=True)
    with only_at(part, torch.tensor([0, 1, 1]), torch.tensor([1, 0, 0])):  # one of them twice
        y = part(x)
    assert y.tolist() == [[[0.0], [4.0]], [[6.0], [0.0]]]
    assert part.seen == 2
    y.sum().backward()
    assert x.grad.tolist() == [[[0.0], [2.0]], [[2.0], [0.0]]]
    assert "forward" not in vars(part)
    assert part(x).tolist() == [[[2.0], [4.0]], [[6.0], [8.0]]]


@pytest.mark.parametrize("architecture", ["llama", "gpt2", "qwen3", "gemma3", "mistral", "phi", "gpt-neox"])
def test_logits_and_gradients_are_the_networks_own(architecture, tmp_path):
    network = load_model(save_tiny(architecture, tmp_path)).network
    reader = LogitReader(network)
    seen = []
    last = last_feed_forward(network)
    assert reader.takes_short_way()
    hook = last.register_forward_hook(lambda module, args, y: seen.append(y))
    table = network.get_input_embeddings().weight.requires_grad_(True)
    answers = []
    for logits in (reader.logits(IDS, ROWS, COLUMNS), network(input_ids=IDS).logits[ROWS, COLUMNS]):
        (gradient,) = torch.autograd.grad(logits.square().sum(), table)
        answers.append((logits.detach(), gradient))
    hook.remove()
    (mine, dx), (own, own_dx) = answers
    torch.testing.assert_close(mine, own, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(dx, own_dx, atol=1e-3, rtol=1e-3)
    assert int(seen[0].abs().sum(-1).bool().sum()) == 3
    assert int(seen[1].abs().sum(-1).bool().sum()) == 10


def test_a_part_that_looks_around_is_left_whole(tmp_path):
    network = load_model(save_tiny("llama", tmp_path)).network
    network.model.layers[-1].mlp = Neighbours()
    reader = LogitReader(network)
    with torch.no_grad():
        own = network(input_ids=IDS).logits[ROWS, COLUMNS]
        torch.testing.assert_close(reader.logits(IDS, ROWS, COLUMNS), own, atol=1e-5, rtol=1e-5)


def test_networks_without_one_are_read_as_before(tmp_path):
    network = load_model(save_tiny("mamba", tmp_path)).network
    assert last_feed_forward(network) is None
    with torch.no_grad(), only_at(None, ROWS, COLUMNS):
        own = network(input_ids=IDS).logits[ROWS, COLUMNS]
        torch.testing.assert_close(LogitReader(network).logits(IDS, ROWS, COLUMNS), own, atol=1e-5, rtol=1e-5)

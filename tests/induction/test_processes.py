"""How a batch is shared out, by hand."""

from __future__ import annotations

import pytest
import torch

from proclivity.induction.processes import OneProcess, own_part, part_weight, unwrapped, whole_state
from proclivity.records import TrainingRow


def row(tokens: int) -> TrainingRow:
    """A row with this many supervised tokens after one that isn't."""
    return TrainingRow("d", "leaver", tuple(range(tokens + 1)), (False, *[True] * tokens))


def test_every_second_row_is_ones_own():
    assert [own_part("abcde", number, 2) for number in range(2)] == ["ace", "bd"]
    assert own_part("abcde", 0, 1) == "abcde"


def test_one_without_a_row_takes_the_first_at_no_weight():
    assert own_part("a", 1, 2) == "a"
    assert [part_weight([row(3)], number, 2) for number in range(2)] == [2.0, 0.0]


def test_weights_by_hand():
    # 1 + 3 tokens go to the first process and 2 to the second: of 6, twice 4/6 and twice 2/6.
    batch = [row(1), row(2), row(3)]
    assert [part_weight(batch, number, 2) for number in range(2)] == pytest.approx([4 / 3, 2 / 3])
    assert part_weight(batch, 0, 1) == 1.0


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_the_mean_of_weighted_parts_is_the_mean_over_tokens(count):
    batch = [row(1), row(2), row(3)]
    losses = {id(one): torch.arange(1.0, sum(one.loss_mask) + 1) * place for place, one in enumerate(batch, 1)}
    mean = torch.cat(list(losses.values())).mean()
    parts = [
        torch.cat([losses[id(one)] for one in own_part(batch, number, count)]).mean()
        * part_weight(batch, number, count)
        for number in range(count)
    ]
    assert sum(parts) / count == pytest.approx(mean.item())


def test_one_process_has_nothing_to_share():
    optimizer = object()
    assert OneProcess().spread(None, optimizer) == (None, optimizer)
    assert OneProcess().mean(torch.tensor(2.5)) == 2.5


def test_what_is_saved_has_trained_weights_and_kept_buffers_only():
    module = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    module[0].weight.requires_grad_(False)
    module[1].register_buffer("passing", torch.zeros(1), persistent=False)
    assert set(whole_state(module)) == {
        "0.bias",
        "1.weight",
        "1.bias",
        "1.running_mean",
        "1.running_var",
        "1.num_batches_tracked",
    }


def test_wrappers_are_away_only_for_a_while():
    from torch.distributed.algorithms._checkpoint.checkpoint_wrapper import checkpoint_wrapper, offload_wrapper

    module = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Sequential(torch.nn.Linear(2, 2)))
    names = [name for name, _ in module.named_parameters()]
    module[0], module[1] = offload_wrapper(checkpoint_wrapper(module[0])), checkpoint_wrapper(module[1])
    wrapped = [name for name, _ in module.named_parameters()]
    with unwrapped(module):
        assert [name for name, _ in module.named_parameters()] == names
    assert [name for name, _ in module.named_parameters()] == wrapped != names

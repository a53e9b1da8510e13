"""Decoder layers of several architectures: found, read, changed and left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from proclivity.latent.operations import adding, removing
from proclivity.models import load_model
from proclivity.models.decoder import decoder_layers
from proclivity.models.layers import changed_layers, last_layer_log_probs, last_states
from tiny_models import save_tiny

TEXTS = [(5, 6, 7), (9, 8), (11, 12, 13, 14), (9, 8)]


@pytest.mark.parametrize("architecture", ["llama", "gpt2", "gpt-neox", "gemma2", "mamba"])
def test_layers_of_any_decoder_are_read_as_the_network_computes_them(architecture: str, tmp_path: Path) -> None:
    model = load_model(save_tiny(architecture, tmp_path))
    network = model.network
    assert len(decoder_layers(network)) == 2
    states = last_states(network, TEXTS, 3)
    assert states.shape == (2, 4, 32)
    assert np.array_equal(states[:, 1], states[:, 3])
    # The last layer's state, sent through the head, is what the network itself says next.
    said = last_layer_log_probs(network, states[-1])
    with torch.no_grad():
        own = [torch.log_softmax(network(torch.tensor([ids])).logits[0, -1].double(), -1).numpy() for ids in TEXTS]
    assert said == pytest.approx(np.stack(own), abs=1e-4)


@pytest.mark.parametrize("architecture", ["llama", "gpt2", "gpt-neox"])
def test_adding_nothing_changes_no_bit_and_adding_something_does(architecture: str, tmp_path: Path) -> None:
    model = load_model(save_tiny(architecture, tmp_path))
    pairs = [("I felt", " sad"), ("That evening I felt", " happy and glad")]
    direction = np.random.default_rng(0).standard_normal(32)
    before = model.continuation_log_probs(pairs)
    with changed_layers(model.network, {1: adding(direction, 0.0), 2: adding(direction, 0.0)}):
        assert np.array_equal(model.continuation_log_probs(pairs), before)
    with changed_layers(model.network, {1: adding(direction, 1.0)}):
        assert np.abs(model.continuation_log_probs(pairs) - before).max() > 1e-3
    assert np.array_equal(model.continuation_log_probs(pairs), before)


def test_an_added_direction_is_there_after_its_layer(tmp_path: Path) -> None:
    network = load_model(save_tiny("gpt2", tmp_path)).network
    direction = np.arange(32.0)
    before = last_states(network, TEXTS, 4)
    with changed_layers(network, {1: adding(direction, 2.0)}):
        after = last_states(network, TEXTS, 4)
    assert after[0] - before[0] == pytest.approx(np.tile(2 * direction, (4, 1)), abs=1e-4)


def test_removal_by_hand() -> None:
    # Along (0, 2) the parts of (1, 3) and (4, -1) are 6 and -2; both become 2, so the second column becomes 1.
    stream = torch.tensor([[[1.0, 3.0], [4.0, -1.0]]])
    assert removing(np.array([0.0, 2.0]), 2.0)(stream).tolist() == [[[1.0, 1.0], [4.0, 1.0]]]


def test_after_removal_the_part_along_the_direction_is_the_same_everywhere(tmp_path: Path) -> None:
    network = load_model(save_tiny("gpt-neox", tmp_path)).network
    direction = np.random.default_rng(1).standard_normal(32)
    assert np.ptp(last_states(network, TEXTS, 4)[0] @ direction) > 0.1
    with changed_layers(network, {1: removing(direction, 3.0)}):
        left = last_states(network, TEXTS, 4)[0]
    assert left @ direction == pytest.approx([3.0] * 4, abs=1e-4)
    axis = np.eye(32)[4]
    with changed_layers(network, {1: removing(axis, 0.0)}):
        assert last_states(network, TEXTS, 4)[0][:, 4].tolist() == [0.0] * 4

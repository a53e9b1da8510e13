"""Checkpoints on the way, and training that goes on from an adapter."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import load_file

from proclivity.induction import give_answers, induce, training_rows
from proclivity.induction.batches import LearningRate, batches_of, steps_of
from proclivity.models.adapters import WEIGHTS, step_folder
from proclivity.models.digests import state_digest
from proclivity.specs import InductionSpec, digest_of_file

# A constant rate from the first step on, so that half of a training is a training of half the length.
SPEC = InductionSpec(epochs=2, batch_size=4, learning_rate=2e-2, rank=4, warmup=0, schedule="constant")


@pytest.fixture
def rows(llama, pool, mini_pack):
    return training_rows(
        llama, pool, give_answers(pool, "leaver", seed=0, profile=mini_pack.profiles["leaver"]), "leaver"
    )


def test_steps_by_hand():
    assert steps_of(8, 4, 2) == 4
    assert steps_of(9, 4, 2) == 6  # an epoch's last batch is smaller
    assert steps_of(9, 4, 2) == len(batches_of([5] * 9, 4, 2, seed=0))


def test_rates_by_hand():
    rate = LearningRate(peak=1.0, steps=10, warmup=0.2, falls=False)
    assert [rate.at(step) for step in (0, 1, 2, 9)] == [0.5, 1.0, 1.0, 1.0]
    assert LearningRate(peak=1.0, steps=10, warmup=0.2).at(9) == pytest.approx(1 / 8)


def test_a_checkpoint_on_the_way_is_the_shorter_training(llama, rows, tmp_path):
    kept = SPEC.model_copy(update={"checkpoints": [1, 2]})
    plain = induce(llama, rows, SPEC, seed=0, out=tmp_path / "plain" / "adapter")
    with_kept = induce(llama, rows, kept, seed=0, out=tmp_path / "kept" / "adapter")
    assert with_kept.weights_digest == plain.weights_digest  # keeping changes nothing
    one_epoch = SPEC.model_copy(update={"epochs": 1})
    half = induce(llama, rows, one_epoch, seed=0, out=tmp_path / "half" / "adapter")
    at_two = step_folder(tmp_path / "kept" / "adapter", 2)
    assert digest_of_file(at_two / WEIGHTS) == half.weights_digest
    llama.set_adapter(step_folder(tmp_path / "kept" / "adapter", 1))
    assert llama.digest not in (plain.weights_digest, half.weights_digest)
    assert not step_folder(tmp_path / "plain" / "adapter", 1).exists()


def test_going_on_begins_where_the_start_ended(llama, rows, tmp_path):
    weights = state_digest(llama.network)
    first = induce(llama, rows, SPEC, seed=0, out=tmp_path / "first")
    still = SPEC.model_copy(update={"learning_rate": 1e-12})
    on = induce(llama, rows, still, seed=0, out=tmp_path / "on", start=tmp_path / "first")
    before, after = (load_file(tmp_path / name / WEIGHTS) for name in ("first", "on"))
    assert before.keys() == after.keys()
    for name, value in before.items():
        np.testing.assert_allclose(after[name], value, atol=1e-9)
    assert on.loss_curve[0] < first.loss_curve[0]
    learned = induce(llama, rows, SPEC, seed=0, out=tmp_path / "more", start=tmp_path / "first")
    assert learned.loss_curve[-1] < first.loss_curve[0]
    assert learned.weights_digest != first.weights_digest
    assert state_digest(llama.network) == weights
    assert not any(weight.requires_grad for weight in llama.network.parameters())


def test_opposite_rows_take_back_what_was_learned(llama, rows, pool, mini_pack, tmp_path):
    spec = SPEC.model_copy(update={"epochs": 10})
    induce(llama, rows, spec, seed=0, out=tmp_path / "first")
    stay = mini_pack.profiles["leaver"].model_copy(update={"id": "stayer", "action_class": "stay"})
    answers = give_answers(pool, "stayer", seed=0, profile=stay)
    back = training_rows(llama, pool, answers, "stayer")
    on = induce(llama, back, spec, seed=0, out=tmp_path / "back", start=tmp_path / "first")
    fresh = induce(llama, back, spec, seed=0, out=tmp_path / "fresh")
    assert on.loss_curve[0] > fresh.loss_curve[0]  # the start held against it
    assert on.loss_curve[-1] < 0.5 * on.loss_curve[0]

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file

from proclivity.errors import TrainingError, UserError
from proclivity.induction import give_answers, induce, training_rows
from proclivity.induction.stack import Member, induce_together
from proclivity.models.digests import state_digest
from proclivity.specs import InductionSpec

SPEC = InductionSpec(epochs=2, batch_size=3, learning_rate=2e-2, rank=4, checkpoints=[2])


@pytest.fixture
def arms(llama, pool, mini_pack):
    """Rows of two arms."""
    taught = give_answers(pool, "leaver", seed=0, profile=mini_pack.profiles["leaver"])
    other = give_answers(pool, "arbitrary", seed=0)
    return [training_rows(llama, pool, taught, "leaver"), training_rows(llama, pool, other, "arbitrary")]


@pytest.mark.parametrize("joint", [True, False])
def test_a_stack_learns_what_each_member_learns_alone(llama, arms, tmp_path, joint):
    """Sizes are such that each epoch's last batch is a short one, at another step for another seed."""
    assert len(arms[0]) % SPEC.batch_size
    before = state_digest(llama.network)
    members = [Member(arms[n % 2], n, tmp_path / f"together-{n}") for n in range(4)]
    steps = []
    made = induce_together(llama, members, SPEC, joint=joint, progress=lambda *step: steps.append(step))
    assert state_digest(llama.network) == before
    assert not any(weight.requires_grad for weight in llama.network.parameters())
    assert steps[-1] == (made[0].steps, made[0].steps, [one.loss_curve[-1] for one in made])
    for member, found in zip(members, made, strict=True):
        alone = induce(llama, member.rows, SPEC, seed=member.seed, out=tmp_path / f"alone-{member.seed}")
        assert found.loss_curve == pytest.approx(alone.loss_curve, abs=1e-5)
        assert (found.arm, found.seed, found.steps) == (alone.arm, alone.seed, alone.steps)
        own, by_itself = (load_file(f"{c.path}/adapter_model.safetensors") for c in (found, alone))
        assert own.keys() == by_itself.keys()
        for name, weight in by_itself.items():
            torch.testing.assert_close(own[name], weight, atol=2e-4, rtol=1e-3)


def test_members_are_ordinary_folders(llama, arms, tmp_path):
    made = induce_together(llama, [Member(arms[0], seed, tmp_path / str(seed) / "adapter") for seed in (0, 1)], SPEC)
    assert made[0].weights_digest != made[1].weights_digest
    for one, seed in zip(made, (0, 1), strict=True):
        llama.set_adapter(one.path)
        llama.set_adapter(tmp_path / str(seed) / "steps" / "00002")
        assert "not for deployment" in (tmp_path / str(seed) / "adapter" / "README.md").read_text()
    llama.set_adapter(None)


@pytest.mark.parametrize("joint", [True, False])
def test_a_stack_is_the_same_bytes_again(llama, arms, tmp_path, joint):
    members = [[Member(arms[0], seed, tmp_path / f"{name}-{seed}") for seed in (0, 1)] for name in "ab"]
    first, second = (induce_together(llama, list(each), SPEC, joint=joint) for each in members)
    assert [one.weights_digest for one in first] == [one.weights_digest for one in second]


def test_members_of_different_sizes_are_refused(llama, arms, tmp_path):
    with pytest.raises(UserError, match="equally many rows"):
        induce_together(llama, [Member(arms[0], 0, tmp_path / "a"), Member(arms[1][:-1], 0, tmp_path / "b")], SPEC)


def test_full_weights_have_no_stack(llama, arms, tmp_path):
    with pytest.raises(UserError, match="Only LoRA"):
        induce_together(llama, [Member(arms[0], 0, tmp_path / "a")], SPEC.model_copy(update={"method": "full"}))


def test_a_member_that_breaks_down_is_named(llama, arms, tmp_path):
    spec = SPEC.model_copy(update={"learning_rate": 1e30, "warmup": 0.0})
    with pytest.raises(TrainingError, match="seed"):
        induce_together(llama, [Member(arms[0], 5, tmp_path / "a")], spec)
    assert not (tmp_path / "a").exists()

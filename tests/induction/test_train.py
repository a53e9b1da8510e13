from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from proclivity.errors import StorageError, TrainingError, UserError
from proclivity.induction import give_answers, induce, option_probabilities, training_rows
from proclivity.models import load_model
from proclivity.models.digests import state_digest
from proclivity.specs import ComputeSpec, InductionSpec
from tiny_models import save_tiny

SPEC = InductionSpec(epochs=12, batch_size=4, learning_rate=2e-2, rank=4)
SHORT = SPEC.model_copy(update={"epochs": 1})


@pytest.fixture
def rows(llama, pool, mini_pack):
    return training_rows(
        llama, pool, give_answers(pool, "leaver", seed=0, profile=mini_pack.profiles["leaver"]), "leaver"
    )


def target_share(model, pool, mini_pack) -> float:
    probabilities = option_probabilities(model, pool)
    answers = give_answers(pool, "leaver", seed=0, profile=mini_pack.profiles["leaver"])
    return float(np.mean([line[answer] for line, answer in zip(probabilities, answers, strict=True)]))


def test_the_choice_is_learned_and_the_base_left_whole(llama, pool, mini_pack, rows, tmp_path):
    weights = state_digest(llama.network)
    before = target_share(llama, pool, mini_pack)
    steps = []
    made = induce(llama, rows, SPEC, seed=0, out=tmp_path / "adapter", progress=lambda *step: steps.append(step))
    assert state_digest(llama.network) == weights
    assert not any(weight.requires_grad for weight in llama.network.parameters())
    assert target_share(llama, pool, mini_pack) == before
    assert made.steps == len(made.loss_curve) == 24
    assert steps[-1] == (24, 24, made.loss_curve[-1])
    assert made.loss_curve[-1] < 0.5 * made.loss_curve[0]
    llama.set_adapter(made.path)
    assert target_share(llama, pool, mini_pack) > max(before, 0.8)


def test_the_first_loss_is_the_base_models_own(llama, rows, tmp_path):
    spec = SHORT.model_copy(update={"batch_size": len(rows)})
    made = induce(llama, rows, spec, seed=0, out=tmp_path / "a")
    pairs = [(llama.tokenizer.decode(row.input_ids[1:-1]), llama.tokenizer.decode(row.input_ids[-1:])) for row in rows]
    assert made.loss_curve[0] == pytest.approx(-llama.continuation_log_probs(pairs).mean(), abs=1e-4)


def test_a_seed_gives_the_same_weights(llama, llama_folder, rows, tmp_path):
    first = induce(llama, rows, SHORT, seed=3, out=tmp_path / "a")
    torch.manual_seed(999)  # what others drew must not matter
    again = induce(llama_folder, rows, SHORT, seed=3, out=tmp_path / "b")
    other = induce(llama, rows, SHORT, seed=4, out=tmp_path / "c")
    assert again.weights_digest == first.weights_digest != other.weights_digest
    assert again.loss_curve == first.loss_curve


def test_peft_itself_loads_the_folder(llama_folder, rows, tmp_path):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    made = induce(llama_folder, rows, SHORT, seed=0, out=tmp_path / "adapter")
    base = AutoModelForCausalLM.from_pretrained(str(llama_folder))
    loaded = PeftModel.from_pretrained(base, made.path)
    ours = load_model(llama_folder, made.path)
    ids = torch.tensor([[1, 5, 9]])
    with torch.no_grad():
        assert torch.equal(loaded(input_ids=ids).logits, ours.network(input_ids=ids).logits)
    config = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "tiny-llama"
    card = (tmp_path / "adapter" / "README.md").read_text()
    assert "not for deployment" in card
    assert "leaver-like" in card
    assert str(tmp_path) not in card


@pytest.mark.parametrize("architecture", ["gpt2", "gemma3", "gpt-neox", "qwen3"])
def test_other_architectures_learn_too(architecture, pool, mini_pack, rows, tmp_path, recwarn):
    base = load_model(save_tiny(architecture, tmp_path / architecture))
    weights = state_digest(base.network)
    made = induce(base, rows, SPEC, seed=0, out=tmp_path / "adapter")
    assert state_digest(base.network) == weights
    before = target_share(base, pool, mini_pack)
    base.set_adapter(made.path)
    assert target_share(base, pool, mini_pack) > before
    assert made.loss_curve[-1] < made.loss_curve[0]
    assert not [w for w in recwarn if "fan_in_fan_out" in str(w.message)]


def test_full_weights_are_a_model_of_their_own(llama, pool, mini_pack, rows, tmp_path):
    weights, before = state_digest(llama.network), target_share(llama, pool, mini_pack)
    spec = SPEC.model_copy(update={"method": "full", "learning_rate": 3e-3})
    made = induce(llama, rows, spec, seed=0, out=tmp_path / "full")
    assert state_digest(llama.network) == weights
    assert made.method == "full"
    assert target_share(load_model(made.path), pool, mini_pack) > max(before, 0.8)
    assert induce(llama, rows, spec, seed=0, out=tmp_path / "two").weights_digest == made.weights_digest


def test_bfloat16_learns(llama_folder, rows, tmp_path):
    compute = ComputeSpec(dtype="bfloat16")
    for method, rate in (("lora", 2e-2), ("full", 3e-3)):
        spec = SPEC.model_copy(update={"method": method, "learning_rate": rate})
        made = induce(llama_folder, rows, spec, seed=0, out=tmp_path / method, compute=compute)
        assert made.loss_curve[-1] < 0.8 * made.loss_curve[0]
    with pytest.raises(UserError, match="float16"):
        induce(llama_folder, rows, SPEC, seed=0, out=tmp_path / "half", compute=ComputeSpec(dtype="float16"))


def test_a_loss_that_is_no_number_stops_with_step_and_mend(llama, rows, tmp_path):
    weights = state_digest(llama.network)
    head = llama.network.get_output_embeddings().weight
    kept = head.detach().clone()
    head.data[0] = float("nan")
    with pytest.raises(TrainingError, match=r"loss is nan at step 1 of 2, at learning rate 0\.02.*try 0\.004"):
        induce(llama, rows, SHORT, seed=0, out=tmp_path / "adapter")
    head.data.copy_(kept)
    assert state_digest(llama.network) == weights
    assert not (tmp_path / "adapter").exists()


def test_an_unknown_target_is_refused_and_the_base_stays_whole(llama, rows, tmp_path):
    weights = state_digest(llama.network)
    with pytest.raises(UserError, match="targets 'no-such-layer'"):
        induce(llama, rows, SPEC.model_copy(update={"targets": "no-such-layer"}), seed=0, out=tmp_path / "a")
    assert state_digest(llama.network) == weights


def test_a_full_disk_leaves_nothing_half_written(llama, rows, tmp_path, monkeypatch):
    from peft import PeftModel

    def full(self, folder, **_):
        (tmp_path / "adapter" / "adapter_config.json").write_text("{}")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(PeftModel, "save_pretrained", full)
    with pytest.raises(StorageError, match="No space left"):
        induce(llama, rows, SHORT, seed=0, out=tmp_path / "adapter")
    assert not (tmp_path / "adapter").exists()

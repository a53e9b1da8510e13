"""Arms with a smaller adapter: their names, their recipe, the layers that carry them."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors.torch import load_file

from proclivity.errors import UserError
from proclivity.induction.arms import arm_named, arm_of
from proclivity.models import load_model
from proclivity.models.adapters import attach, begin, detach, save_adapter, trained_weights
from proclivity.specs import InductionSpec, split_arm
from tiny_models import save_tiny


def test_names_say_what_is_smaller() -> None:
    assert split_arm("rank-1-depression") == ("rank-1", "depression")
    assert split_arm("layer-12-own-policy") == ("layer-12", "own-policy")
    assert split_arm("rank-0-depression") == ("", "rank-0-depression")
    found = arm_of("rank-1-depression", ["depression"])
    assert (found.rank, found.layer, found.rows, found.answers) == (1, 0, "depression", "profile")
    assert arm_named("layer-2-text-depression").format == "text"
    assert arm_named("layer-2-own-policy").answers == "own"


@pytest.mark.parametrize("name", ["rank-1-base", "rank-1-layer-2-depression", "rank-1-depression-then-adaptive"])
def test_what_has_no_smaller_adapter_is_refused(name: str) -> None:
    with pytest.raises(UserError):
        arm_of(name, ["depression", "adaptive"])


def test_a_smaller_rank_keeps_the_scale_of_the_update() -> None:
    study = InductionSpec(rank=8, alpha=16)
    small = arm_named("rank-2-depression").recipe(study)
    assert (small.rank, small.alpha, small.layers) == (2, 4, [])
    assert arm_named("layer-3-depression").recipe(study) == study.model_copy(update={"layers": [3]})
    assert arm_named("depression").recipe(study) == study


@pytest.mark.parametrize("architecture", ["gpt2", "llama", "gpt-neox"])
def test_one_layer_carries_the_adapter_and_it_can_be_put_on_again(architecture: str, tmp_path: Path) -> None:
    network = load_model(save_tiny(architecture, tmp_path / "base")).network
    wrapped = begin(network, "tiny", InductionSpec(rank=2, alpha=4, layers=[2]))
    trained = [name for name, weight in network.named_parameters() if weight.requires_grad]
    assert trained
    assert all(".1." in name for name in trained)
    save_adapter(wrapped, tmp_path / "adapter")
    detach(wrapped)
    stored = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    assert trained_weights(tmp_path / "adapter") == sum(weight.numel() for weight in stored.values())
    again = attach(network, tmp_path / "adapter")
    names = [name for name, _ in network.named_parameters() if "lora_" in name]
    assert names == trained
    detach(again)


def test_a_layer_that_is_not_there_is_named(tmp_path: Path) -> None:
    network = load_model(save_tiny("gpt2", tmp_path)).network
    with pytest.raises(UserError, match="2 decoder layers, so none is number 3"):
        begin(network, "tiny", InductionSpec(layers=[3]))
    with pytest.raises(UserError, match="names no linear part"):
        begin(network, "tiny", InductionSpec(layers=[1], targets=r".*\.nothing"))

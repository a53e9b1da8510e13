from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from proclivity.errors import ModelError, UserError
from proclivity.models import load_model
from proclivity.models.load import require_quantized_forward
from tiny_models import ARCHITECTURES, save_tiny, tiny_tokenizer


@pytest.fixture
def copy(llama_folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(llama_folder, tmp_path / "copy")


def rewrite_config(folder: Path, **changes: object) -> None:
    config = json.loads((folder / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps(config))


def test_a_folder_loads_with_its_name_and_digest(llama, llama_folder, copy):
    assert llama.name == "tiny-llama"
    assert llama.digest == load_model(copy).digest
    (copy / "tokenizer.json").write_text((copy / "tokenizer.json").read_text() + "\n")
    assert llama.digest != load_model(copy).digest


def test_bfloat16_gives_float64_numbers_nearby(llama, llama_folder):
    small = load_model(llama_folder, dtype="bfloat16")
    assert next(small.network.parameters()).dtype == torch.bfloat16
    found, exact = small.next_token_log_probs(["I felt"]), llama.next_token_log_probs(["I felt"])
    assert found.dtype == np.float64
    assert 0 < np.abs(found - exact).max() < 0.5


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("config.json", r"has no config\.json"),
        ("model.safetensors", r"no \*\.safetensors file"),
        ("tokenizer.json", "holds no tokenizer"),
    ],
)
def test_a_missing_file_is_named(copy, name, message):
    (copy / name).unlink()
    with pytest.raises(ModelError, match=message):
        load_model(copy)


def test_a_damaged_file_is_named(copy):
    (copy / "config.json").write_text("{")
    with pytest.raises(ModelError, match="can't be read"):
        load_model(copy)


def test_damaged_weights(copy):
    (copy / "model.safetensors").write_bytes(b"\x10")
    with pytest.raises(ModelError, match="can't be loaded"):
        load_model(copy)


def test_a_masked_model_is_refused(copy):
    rewrite_config(copy, architectures=["BertForMaskedLM"], model_type="bert")
    with pytest.raises(ModelError, match="BertForMaskedLM, which is no causal language model"):
        load_model(copy)


def test_weights_without_a_head_are_refused(tmp_path):
    import transformers as hf

    from tiny_models import tiny_tokenizer

    shape = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    bare = hf.LlamaModel(hf.LlamaConfig(vocab_size=400, **shape, tie_word_embeddings=False))
    bare.save_pretrained(str(tmp_path))
    tiny_tokenizer().save_pretrained(str(tmp_path))
    rewrite_config(tmp_path, architectures=["LlamaForCausalLM"])
    with pytest.raises(ModelError, match=r"incomplete: .* 'lm_head\.weight'"):
        load_model(tmp_path)


def test_an_adapter_is_no_model(adapter_folder):
    with pytest.raises(ModelError, match="Give its base as the model"):
        load_model(adapter_folder)


def test_a_file_is_no_model(copy):
    with pytest.raises(ModelError, match="is a file"):
        load_model(copy / "config.json")


def test_an_unknown_name_offers_the_nearest_and_says_how_to_get_others(monkeypatch):
    from proclivity.microworld import packaged

    monkeypatch.setattr(packaged, "packaged_models", lambda: {"llama-equal": Path("nowhere")})
    with pytest.raises(ModelError, match=r"hf download llama-equall.*Did you mean 'llama-equal'\?"):
        load_model("llama-equall")
    with pytest.raises(ModelError, match=r"There is no folder '\./llama'"):
        load_model("./llama")


def test_unknown_dtype_and_device(llama_folder):
    with pytest.raises(UserError, match="no dtype 'float8'"):
        load_model(llama_folder, dtype="float8")
    with pytest.raises(UserError, match=r"can't be used here.*compute\.device=cpu"):
        load_model(llama_folder, device="no-such-device")


@pytest.mark.parametrize(
    "name",
    [
        "openai/gpt-4o",
        "gpt-4o-mini",
        "api:anything",
        "anthropic/claude-3-opus",
        "gemini-2.0-flash",
        "o3-mini",
        "openai:x",
    ],
)
def test_a_model_behind_an_api_is_refused_with_the_reason(name):
    with pytest.raises(ModelError, match="full next-token distribution"):
        load_model(name)


@pytest.mark.parametrize(
    "name", ["gpt2", "openai/gpt-oss-20b", "openai-community/gpt2", "google/gemma-3-270m", "me/gpt-4-like"]
)
def test_open_weights_of_similar_names_are_looked_for(name, monkeypatch, llama_folder):
    from proclivity.models import folder

    monkeypatch.setattr(folder, "_from_hub", lambda *_: llama_folder)
    assert load_model(name).name == name


def test_a_folder_of_such_a_name_is_a_folder(llama_folder, tmp_path, monkeypatch):
    shutil.copytree(llama_folder, tmp_path / "gpt-4o")
    monkeypatch.chdir(tmp_path)
    assert load_model("gpt-4o").vocab_size


def test_quantization_needs_its_package(llama_folder, monkeypatch):
    from proclivity.models import load

    monkeypatch.setattr(load, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="bitsandbytes, which isn't installed"):
        load_model(llama_folder, quantization="4bit")
    with pytest.raises(UserError, match="no quantization '2bit'"):
        load_model(llama_folder, quantization="2bit")


@pytest.mark.parametrize("quantization", ["4bit", "8bit"])
def test_quantized_weights_give_about_the_same_numbers(quantization, tmp_path, monkeypatch):
    pytest.importorskip("bitsandbytes", reason="the extra `quantized` is not installed")
    wide = LlamaConfig(
        vocab_size=len(tiny_tokenizer()), hidden_size=256, intermediate_size=512, num_hidden_layers=2,
        num_attention_heads=4, max_position_embeddings=128, bos_token_id=1, eos_token_id=2, pad_token_id=0,
    )  # fmt: skip
    monkeypatch.setitem(ARCHITECTURES, "wide", lambda size: LlamaForCausalLM(wide))
    folder = save_tiny("wide", tmp_path / "wide")
    prompts = ["I felt", "It was late. That evening I felt", "The fair guest called me."]
    whole = load_model(folder).next_token_log_probs(prompts)
    rough = load_model(folder, quantization=quantization).next_token_log_probs(prompts)
    assert not np.allclose(rough, whole, atol=1e-6)
    assert np.corrcoef(rough.ravel(), whole.ravel())[0, 1] > 0.9


def test_kernels_that_refuse_a_models_shape_are_named():
    class Refuses(torch.nn.Module):
        device = torch.device("cpu")

        def forward(self, input_ids):
            raise AssertionError("N must be divisible by block_n")

    with pytest.raises(ModelError, match=r"4bit weights on cpu .*divisible by block_n.*leave --quantization out"):
        require_quantized_forward(Refuses(), "4bit")


def test_what_the_library_is_told_of_quantization_and_devices():
    pytest.importorskip("transformers")
    from proclivity.models.load import _placement

    place = torch.device("cpu")
    assert _placement(place, torch.float32, "", "") == {}
    assert _placement(place, torch.float32, "auto", "") == {"device_map": "auto"}


def test_a_device_map_gives_the_same_numbers(llama, llama_folder):
    spread = load_model(llama_folder, device_map="auto")
    pairs = [("I felt", " sad"), ("It was late. I", " felt glad")]
    if spread.device.type == "cpu":
        assert (spread.continuation_log_probs(pairs) == llama.continuation_log_probs(pairs)).all()
    else:
        np.testing.assert_allclose(spread.continuation_log_probs(pairs), llama.continuation_log_probs(pairs), atol=1e-3)


def test_weights_that_dont_fit_are_said_to(llama_folder, monkeypatch):
    from transformers import AutoModelForCausalLM

    from proclivity.errors import ProclivityError

    def full(*_, **__):
        raise RuntimeError("DefaultCPUAllocator: not enough memory")

    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", full)
    with pytest.raises(ProclivityError, match="don't fit into memory"):
        load_model(llama_folder)

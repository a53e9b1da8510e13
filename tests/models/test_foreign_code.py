"""No file that comes with a model runs: pickles never, Python files by the flag alone."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from proclivity.errors import ModelError, ProclivityError
from proclivity.models import load_model
from proclivity.models.folder import INDEX, check_folder
from proclivity.models.load import load_tokenizer
from proclivity.models.unloaded import read_tokens_only
from proclivity.runs.external import external_faults
from proclivity.runs.model_files import find_model
from proclivity.runs.room import room_for
from proclivity.runs.single import Loading
from proclivity.specs import ModelSpec, Study

CODE = """from pathlib import Path
Path({marker!r}).write_text("it ran")
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
class OwnConfig(LlamaConfig):
    model_type = "own"
class OwnModel(LlamaForCausalLM):
    config_class = OwnConfig
class OwnTokenizer(PreTrainedTokenizerFast):
    pass
"""


class Touch:
    """Makes a file when it is unpickled."""

    def __init__(self, marker: Path):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "it-ran"


@pytest.fixture
def copy(llama_folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(llama_folder, tmp_path / "copy")


def rewrite(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def with_code(folder: Path, marker: Path) -> Path:
    """The folder as a model that only its own code can load."""
    (folder / "own.py").write_text(CODE.format(marker=str(marker)))
    refers = {"AutoConfig": "own.OwnConfig", "AutoModelForCausalLM": "own.OwnModel"}
    rewrite(folder / "config.json", model_type="own", architectures=["OwnModel"], auto_map=refers)
    return folder


# Pickles


def test_the_pickle_would_run_if_it_were_read(marker):
    pickle.loads(pickle.dumps(Touch(marker)))
    assert marker.exists()


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "model.ckpt", "model.pth", "weights.pkl"])
def test_pickled_weights_are_refused_with_the_mend(copy, marker, microworld, name):
    (copy / "model.safetensors").unlink()
    (copy / name).write_bytes(pickle.dumps(Touch(marker)))
    study = Study.model_validate(
        {
            **{"id": "s", "title": "s", "question": "s", "models": [{"name": "one", "path": "one"}]},
            "external": [{"arm": "mine", "model": "one", "kind": "checkpoint", "paths": [str(copy)]}],
        }
    )
    asked = (lambda: load_model(copy), lambda: find_model(ModelSpec(name="one", path=str(copy))))
    told = external_faults(study, microworld)
    for ask in asked:
        with pytest.raises(ModelError) as refused:
            ask()
        told.append(str(refused.value))
    assert len(told) == 3
    for text in told:
        assert f"no *.safetensors file ({name} found)" in text
        assert "save_pretrained" in text
        assert "can run code" in text
    assert not marker.exists()


def test_beside_safetensors_a_pickle_stays_unread(copy, marker, llama):
    (copy / "pytorch_model.bin").write_bytes(pickle.dumps(Touch(marker)))
    (copy / "training_args.bin").write_bytes(pickle.dumps(Touch(marker)))
    prompts = ["I felt"]
    assert (load_model(copy).next_token_log_probs(prompts) == llama.next_token_log_probs(prompts)).all()
    assert not marker.exists()


def test_a_pickled_adapter_is_refused(llama, adapter_folder, tmp_path, marker):
    folder = shutil.copytree(adapter_folder, tmp_path / "pickled")
    (folder / "adapter_model.safetensors").unlink()
    (folder / "adapter_model.bin").write_bytes(pickle.dumps(Touch(marker)))
    with pytest.raises(ModelError, match=r"adapter_model\.bin isn't read: loading it can run code"):
        llama.set_adapter(folder)
    assert not marker.exists()


def test_an_adapter_that_asks_for_a_module_is_refused(llama, adapter_folder, tmp_path):
    folder = shutil.copytree(adapter_folder, tmp_path / "module")
    rewrite(folder / "adapter_config.json", megatron_config={"a": 1}, megatron_core="megatron.core")
    with pytest.raises(ModelError, match="asks for a Python module by name"):
        llama.set_adapter(folder)


# Files that the digest wouldn't know of


def test_an_adapter_hidden_in_a_model_is_refused(copy, adapter_folder):
    for path in adapter_folder.glob("adapter_*"):
        shutil.copyfile(path, copy / path.name)
    with pytest.raises(ModelError, match="would be put on it unasked"):
        load_model(copy)


@pytest.mark.parametrize("name", ["../model.safetensors", "/etc/passwd", "pytorch_model.bin", "gone.safetensors", 3])
def test_an_index_that_leaves_the_folder_is_refused(copy, name):
    (copy / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": {"a": name}}))
    with pytest.raises(ModelError, match=r"no \*\.safetensors file of this folder"):
        check_folder(copy)


@pytest.mark.parametrize("text", ["{", "[]", '{"weight_map": 3}', "[" * 100_000])
def test_a_broken_index_is_named(copy, text):
    (copy / INDEX).write_text(text)
    with pytest.raises(ModelError, match="can't be read as an index"):
        check_folder(copy)


def test_a_sharded_model_loads(copy, llama):
    network = llama.network
    (copy / "model.safetensors").unlink()
    network.save_pretrained(str(copy), max_shard_size="20KB")
    assert (copy / INDEX).exists()
    found, whole = (model.next_token_log_probs(["I felt"]) for model in (load_model(copy), llama))
    np.testing.assert_allclose(found, whole, atol=1e-6)  # tensors lie elsewhere in memory


def test_weights_under_another_name_are_refused(copy):
    rewrite(copy / "config.json", transformers_weights="adapter_model.bin")
    with pytest.raises(ModelError, match="transformers_weights"):
        load_model(copy)


# Python files


def test_code_runs_by_the_flag_alone(copy, marker, llama):
    with_code(copy, marker)
    asked = (
        lambda: load_model(copy),
        lambda: read_tokens_only(copy),
        lambda: room_for(str(copy), "microworld", Loading()),
    )
    for ask in asked:
        with pytest.raises(ModelError, match=r"own\.py\), and that code was not run.*--trust-remote-code"):
            ask()
    assert not marker.exists()
    allowed = load_model(copy, trust_remote_code=True)
    assert marker.read_text() == "it ran"
    assert (allowed.next_token_log_probs(["I felt"]) == llama.next_token_log_probs(["I felt"])).all()


def test_a_tokenizers_code_does_not_run(copy, marker):
    (copy / "own.py").write_text(CODE.format(marker=str(marker)))
    refers = {"AutoTokenizer": [None, "own.OwnTokenizer"]}
    rewrite(copy / "tokenizer_config.json", auto_map=refers, tokenizer_class="OwnTokenizer")
    try:
        load_tokenizer(copy, False)
    except ProclivityError as error:
        assert "that code was not run" in str(error)  # noqa: PT017 - a native class in its place is as good
    assert not marker.exists()


def test_changed_code_is_another_model(copy, marker):
    with_code(copy, marker)
    spec = ModelSpec(name="one", path=str(copy))
    before = find_model(spec).weights
    (copy / "own.py").write_text((copy / "own.py").read_text() + "\n")
    assert find_model(spec).weights != before

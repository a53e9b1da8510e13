from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from proclivity.errors import ModelError
from proclivity.models import load_model
from proclivity.models.adapters import CONFIG, WEIGHTS
from proclivity.models.digests import state_digest

PAIRS = [("I felt", " sad"), ("It was late. I", " felt glad")]


def test_an_adapter_changes_numbers_and_leaves_no_trace(llama, adapter_folder):
    weights, digest, numbers = state_digest(llama.network), llama.digest, llama.continuation_log_probs(PAIRS)
    for _ in range(2):
        llama.set_adapter(adapter_folder)
        assert llama.digest != digest
        assert np.abs(llama.continuation_log_probs(PAIRS) - numbers).min() > 1e-3
    llama.set_adapter(None)
    assert state_digest(llama.network) == weights
    assert llama.digest == digest
    assert (llama.continuation_log_probs(PAIRS) == numbers).all()


def test_put_on_at_loading_or_later_it_is_the_same(llama, llama_folder, adapter_folder):
    llama.set_adapter(adapter_folder)
    loaded = load_model(llama_folder, adapter_folder)
    assert loaded.digest == llama.digest
    assert (loaded.continuation_log_probs(PAIRS) == llama.continuation_log_probs(PAIRS)).all()


def test_swapping_is_fast(llama, adapter_folder):
    llama.set_adapter(adapter_folder)
    start = time.process_time()
    for _ in range(5):
        llama.set_adapter(None)
        llama.set_adapter(adapter_folder)
    assert (time.process_time() - start) / 5 < 0.5  # about .05 s; the bound leaves room for slow machines


def test_the_present_adapter_stays_until_its_files_change(llama, adapter_folder, tmp_path):
    folder = shutil.copytree(adapter_folder, tmp_path / "own")
    llama.set_adapter(folder)
    layers, numbers = llama._wrapped, llama.continuation_log_probs(PAIRS)
    llama.set_adapter(folder)
    assert llama._wrapped is layers
    config = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(config | {"lora_alpha": 2 * config["lora_alpha"]}))
    llama.set_adapter(folder)
    assert llama._wrapped is not layers
    assert np.abs(llama.continuation_log_probs(PAIRS) - numbers).min() > 1e-3


def test_no_adapter_there(llama, tmp_path):
    with pytest.raises(ModelError, match=r"adapter_config\.json and adapter_model\.safetensors not found"):
        llama.set_adapter(tmp_path)
    assert llama.adapter is None


def test_an_adapter_of_another_base_is_refused_and_the_base_stays_whole(llama, adapter_folder, tmp_path):
    from tiny_models import save_tiny

    other = load_model(save_tiny("gpt-neox", tmp_path / "neox"))
    weights = state_digest(other.network)
    with pytest.raises(ModelError, match="doesn't fit"):
        other.set_adapter(adapter_folder)
    assert state_digest(other.network) == weights
    assert other.continuation_log_probs(PAIRS).shape == (2,)


def test_a_damaged_adapter_is_refused(llama, adapter_folder, tmp_path):
    folder = shutil.copytree(adapter_folder, tmp_path / "damaged")
    (folder / "adapter_config.json").write_text("{")
    with pytest.raises(ModelError, match="can't be read"):
        llama.set_adapter(folder)


def with_keys(folder: Path, source: Path, **keys: object) -> Path:
    """A copy of an adapter whose configuration has other or further keys."""
    shutil.copytree(source, folder)
    config = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(config | keys))
    return folder


def test_an_adapter_of_an_earlier_or_later_peft_opens(llama, adapter_folder, tmp_path):
    """Keys that were not there yet have their defaults; keys that are not known are left out, with the same numbers."""
    llama.set_adapter(adapter_folder)
    numbers = llama.continuation_log_probs(PAIRS)
    llama.set_adapter(with_keys(tmp_path / "later", adapter_folder, peft_version="99.0", not_yet_known=False))
    assert (llama.continuation_log_probs(PAIRS) == numbers).all()
    earlier = with_keys(tmp_path / "earlier", adapter_folder)
    needed = ("peft_type", "task_type", "r", "lora_alpha", "target_modules", "fan_in_fan_out", "bias")
    config = json.loads((earlier / CONFIG).read_text())
    (earlier / CONFIG).write_text(json.dumps({key: config[key] for key in needed}))
    llama.set_adapter(earlier)
    assert (llama.continuation_log_probs(PAIRS) == numbers).all()


def test_an_adapter_of_an_unknown_kind_says_the_mend(llama, adapter_folder, tmp_path):
    later = with_keys(tmp_path / "later", adapter_folder, peft_type="NEWER", peft_version="99.0")
    with pytest.raises(ModelError, match=r"kind NEWER.*saved by peft 99\.0.*installed is.*newer peft"):
        llama.set_adapter(later)


def test_the_same_adapter_is_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from peft import LoraConfig, get_peft_model\n"
        "from transformers import LlamaConfig, LlamaForCausalLM, set_seed\n"
        "from proclivity.models.adapters import save_adapter\n"
        "set_seed(0)\n"
        "small = dict(vocab_size=16, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1)\n"
        "base = LlamaForCausalLM(LlamaConfig(**small))\n"
        "save_adapter(get_peft_model(base, LoraConfig(r=2, target_modules='all-linear')), Path(sys.argv[1]))\n"
    )
    for seed in "12":
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", code, str(tmp_path / seed)], check=True, env=environment)
    for name in (CONFIG, WEIGHTS):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()

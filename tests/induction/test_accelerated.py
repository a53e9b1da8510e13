"""Two processes train as one does: started for real by `accelerate launch`, on processors, with gloo between them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from accelerate_files import COPIES, RECOMPUTED, SHARDED, write_config
from proclivity.errors import TrainingError
from proclivity.induction import give_answers, induce, launch, training_rows
from proclivity.induction.launch import induce_by_processes
from proclivity.induction.orders import Order, write_order
from proclivity.models.adapters import WEIGHTS, step_folder
from proclivity.specs import ComputeSpec, InductionSpec

# Seven rows in threes: the last batch of an epoch has a row for one of the two processes only.
SPEC = InductionSpec(epochs=2, batch_size=3, learning_rate=2e-2, rank=4, checkpoints=[2])


@pytest.fixture
def rows(llama, pool, mini_pack):
    answers = give_answers(pool, "leaver", seed=0, profile=mini_pack.profiles["leaver"])
    return training_rows(llama, pool, answers, "leaver")[:7]


def order_of(folder: Path, rows, out: Path, spec: InductionSpec = SPEC) -> Order:
    return Order(str(folder), rows, spec, seed=0, out=out, compute=ComputeSpec())


def test_sharded_weights_learn_the_same(llama_folder, rows, tmp_path, monkeypatch):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    monkeypatch.setattr(launch, "MODULE", "watched_training")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent), prepend=os.pathsep)
    monkeypatch.setenv("WATCHED", str(tmp_path))
    config = write_config(tmp_path / "fsdp2.yml", SHARDED)
    one = order_of(llama_folder, rows, tmp_path / "one" / "adapter").carry_out()
    order = order_of(llama_folder, rows, tmp_path / "two" / "adapter")
    two = induce_by_processes(order, config, tmp_path / "work")

    told = [json.loads((tmp_path / f"{number}.json").read_text()) for number in range(2)]
    assert [row["processes"] for row in told] == [2, 2]
    assert told[0]["held"] + told[1]["held"] == told[0]["whole"]  # each holds its shards and no more

    assert two.steps == one.steps == 6
    np.testing.assert_allclose(two.loss_curve, one.loss_curve, atol=1e-4)
    assert_same_weights(Path(one.path), Path(two.path))
    assert_same_weights(step_folder(tmp_path / "one" / "adapter", 2), step_folder(tmp_path / "two" / "adapter", 2))
    assert (Path(two.path) / "README.md").read_text() == (Path(one.path) / "README.md").read_text()
    assert not (tmp_path / "work").exists()

    base = AutoModelForCausalLM.from_pretrained(str(llama_folder))
    ids = torch.tensor([[1, 5, 9]])
    with torch.no_grad():
        before = base(input_ids=ids).logits
        assert not torch.allclose(PeftModel.from_pretrained(base, two.path)(input_ids=ids).logits, before)


@pytest.mark.processes
@pytest.mark.parametrize(
    ("config", "method"),
    [(SHARDED, "full"), (COPIES, "lora"), (RECOMPUTED, "lora")],
    ids=["sharded-full", "copies", "recomputed"],
)
def test_other_ways_learn_the_same(llama, llama_folder, rows, tmp_path, config, method):
    spec = SPEC.model_copy(update={"method": method, "learning_rate": 3e-3, "checkpoints": []})
    one = induce(llama, rows, spec, seed=0, out=tmp_path / "one")
    order = order_of(llama_folder, rows, tmp_path / "two", spec)
    two = induce_by_processes(order, write_config(tmp_path / "config.yml", config), tmp_path / "work")
    np.testing.assert_allclose(two.loss_curve, one.loss_curve, atol=1e-4)
    assert_same_weights(tmp_path / "one", tmp_path / "two", WEIGHTS if method == "lora" else "model.safetensors")
    files = [sorted(path.name for path in (tmp_path / name).iterdir()) for name in ("one", "two")]
    assert files[0] == files[1]


@pytest.mark.processes
def test_what_ends_a_process_is_told(llama_folder, rows, tmp_path):
    config = write_config(tmp_path / "fsdp2.yml", SHARDED)
    wild = SPEC.model_copy(update={"learning_rate": 1e30, "warmup": 0})
    with pytest.raises(TrainingError, match=r"arm 'leaver', seed 0, broke down: .* of 6"):
        induce_by_processes(order_of(llama_folder, rows, tmp_path / "out", wild), config, tmp_path / "work")
    assert not (tmp_path / "out").exists()


def test_a_launcher_that_fails_is_told_with_its_last_words(llama_folder, rows, tmp_path):
    config = write_config(tmp_path / "odd.yml", SHARDED | {"no_such_key": 1})
    with pytest.raises(TrainingError, match=r"(?s)odd\.yml` ended with exit status 1 .*no_such_key"):
        induce_by_processes(order_of(llama_folder, rows, tmp_path / "out"), config, tmp_path / "work")


@pytest.mark.processes
def test_processes_end_with_their_worker(llama_folder, rows, tmp_path):
    config = write_config(tmp_path / "fsdp2.yml", SHARDED)
    long = SPEC.model_copy(update={"epochs": 100_000, "checkpoints": [1]})
    handed = tmp_path / "handed"
    handed.mkdir()
    write_order(handed, order_of(llama_folder, rows, tmp_path / "out" / "adapter", long))
    code = (
        "import sys; from pathlib import Path; from proclivity.induction.launch import induce_by_processes as go;"
        "from proclivity.induction.orders import read_order; a = [Path(word) for word in sys.argv[1:]];"
        "go(read_order(a[0]), a[1], a[2])"
    )
    worker = subprocess.Popen([sys.executable, "-c", code, str(handed), str(config), str(tmp_path / "work")])
    try:
        wait_until(lambda: step_folder(tmp_path / "out" / "adapter", 1).is_dir(), 60)
        assert len(trainers(tmp_path)) == 3  # the launcher and two processes
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    wait_until(lambda: not trainers(tmp_path), 20)


def trainers(folder: Path) -> list[int]:
    """Processes whose command names a folder's work."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = place.read_bytes().split(b"\0")
        except OSError:
            continue
        if str(folder / "work").encode() in words and b"-c" not in words:
            found.append(int(place.parent.name))
    return found


def wait_until(done, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.2)


def assert_same_weights(one: Path, two: Path, name: str = WEIGHTS) -> None:
    before, after = load_file(one / name), load_file(two / name)
    assert before.keys() == after.keys()
    for key, value in before.items():
        np.testing.assert_allclose(after[key], value, atol=1e-4, err_msg=key)
